import { readdir, readFile, readlink } from 'node:fs/promises'
import { endOf, type Socket } from './listening.js'

/** A process as Linux shows it. Nothing of the values of its variables is kept but what `Variable` says. */
export type ProcessSeen = Readonly<{
  pid: number
  /** Effective user. */
  userId: number
  /** Effective capabilities, as a bit set. */
  capabilities: bigint
  args: readonly string[]
  variables: readonly Variable[]
  listening: readonly Socket[]
}>

/** A variable of the environment. `value` of those alone that are none of secrets: flags of Node.js. */
export type Variable = Readonly<{ name: string; isEmpty: boolean; hasCredentials: boolean; value?: string }>

const SHOWN: ReadonlySet<string> = new Set(['NODE_OPTIONS', 'NODE_TLS_REJECT_UNAUTHORIZED', 'NODE_DEBUG'])

/**
 * Looks at a process of this machine, or of this container. Rejects where the system has no `/proc`, the process is gone,
 * or belongs to another user.
 */
export const seeProcess = async (pid: number): Promise<ProcessSeen> => {
  const at = (name: string): string => `/proc/${pid}/${name}`
  const status = await readFile(at('status'), 'utf8')
  const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? ''
  return {
    pid,
    userId: Number(field('Uid').split(/\s+/)[1]),
    capabilities: BigInt(`0x${field('CapEff') || '0'}`),
    args: parts(await readFile(at('cmdline'), 'utf8')),
    variables: parts(await readFile(at('environ'), 'utf8')).map(variableOf),
    listening: await listeningOf(pid),
  }
}

const parts = (text: string): readonly string[] => text.split('\0').filter((part) => part !== '')

const variableOf = (text: string): Variable => {
  const [, name = text, value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? []
  return {
    name,
    isEmpty: value === '',
    hasCredentials: /^[a-z][\w+.-]*:\/\/[^/\s]+@/i.test(value),
    ...(SHOWN.has(name) && { value }),
  }
}

/** The TCP sockets by which a process listens. */
const listeningOf = async (pid: number): Promise<readonly Socket[]> => {
  const folder = `/proc/${pid}/fd`
  const links = await Promise.all(
    (await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => '')), // closed meanwhile
  )
  const own = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []))
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => '')),
  )
  return tables.flatMap((table) =>
    table.split('\n').flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
      return state === LISTEN && own.has(inode) ? [endOf(local)] : []
    }),
  )
}

const LISTEN = '0A'
