import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename } from 'node:path'

/**
 * Identifies a process, so that another process can later find out whether it still lives. A pid is not enough: pids
 * are used again, and each container counts its own from 1. `boot` and `pidSpace` say whose pids these are, `started`
 * which of the processes with this pid it was. Empty if the operating system does not say. `command` is the name of the
 * program: its arguments may hold secrets.
 */
export type ProcessIdentity = Readonly<{
  pid: number
  started: string
  boot: string
  pidSpace: string
  host: string
  command: string
}>

export type Liveness = 'alive' | 'gone' | 'unknown'

export const thisProcess = (): ProcessIdentity => ({
  pid: process.pid,
  started: startOf(process.pid) ?? '',
  boot: told(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
  pidSpace: told(() => readlinkSync('/proc/self/ns/pid')),
  host: hostname(),
  command: basename(process.argv[1] ?? process.argv0),
})

/**
 * Whether that process lives, as far as this one can see: `unknown` across a reboot, from another container, or without
 * /proc.
 */
export const livenessOf = (other: ProcessIdentity, self: ProcessIdentity = thisProcess()): Liveness => {
  if (other.boot === '' || other.started === '' || other.boot !== self.boot || other.pidSpace !== self.pidSpace)
    return 'unknown'
  return startOf(other.pid) === other.started ? 'alive' : 'gone'
}

/**
 * When a process started, in the kernel's ticks since boot; `undefined` if there is no such process, or only its
 * remains (a zombie).
 */
const startOf = (pid: number): string | undefined => {
  const stat = told(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  // The second field is the program's name in brackets and may hold blanks and brackets itself: count from the last
  // bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, started] = [fields[0], fields[19]]
  return state === 'Z' || state === 'X' ? undefined : started
}

const told = (read: () => string): string => {
  try {
    return read()
  } catch {
    return ''
  }
}
