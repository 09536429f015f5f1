import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { nodeArguments } from './command/arguments.js'

export type Outcome = Readonly<{ code: number | null; stdout: string; stderr: string }>
type Env = Readonly<Record<string, string>>

/** Nothing of the machine's own configuration reaches the command. */
const environment = (env: Env): NodeJS.ProcessEnv => {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !name.startsWith('STREAMVANE_') &&
      !['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'NODE_ENV', 'NODE_OPTIONS'].includes(name),
  )
  return { ...Object.fromEntries(kept), ...env }
}

const start = (args: readonly string[], env: Env, main?: string): ChildProcess =>
  spawn(process.execPath, [...nodeArguments(main), ...args], {
    env: environment(env),
    stdio: ['pipe', 'pipe', 'pipe'],
  })

/** Runs a command to its end. `main` is the program of another version. */
export const streamvane = async (
  args: readonly string[],
  { env = {}, stdin = '', main }: { env?: Env; stdin?: string | Buffer; main?: string | undefined } = {},
): Promise<Outcome> => {
  const child = start(args, env, main)
  onTestFinished(() => void child.kill('SIGKILL'))
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin?.on('error', () => undefined) // it may end without having read
  child.stdin?.end(stdin)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }
}

export type Running = Readonly<{
  pid: number
  /** The next line of its log that holds `text`; fails if it ends first. */
  said: (text: string) => Promise<string>
  stderr: () => string
  kill: (signal: NodeJS.Signals) => void
  ended: Promise<Readonly<{ code: number | null; signal: NodeJS.Signals | null }>>
}>

/** Starts a command that runs until it is told to stop; it is killed when the test ends. */
export const running = (args: readonly string[], env: Env = {}, main?: string): Running => {
  const started = launched(args, env, main)
  onTestFinished(() => started.kill('SIGKILL'))
  return started
}

/** As `running`, for more than one test: the caller ends it. */
export const launched = (args: readonly string[], env: Env = {}, main?: string): Running => {
  const child = start(args, env, main)
  const lines: string[] = []
  let isOver = false
  let waiting: (() => void)[] = []
  const wake = (): void => waiting.splice(0).forEach((each) => each())
  createInterface({ input: child.stderr as NonNullable<ChildProcess['stderr']> }).on('line', (line) => {
    lines.push(line)
    wake()
  })
  child.stdout?.resume()
  const ended = once(child, 'close').then(([code, signal]) => {
    isOver = true
    wake()
    return { code: code as number | null, signal: signal as NodeJS.Signals | null }
  })
  let read = 0
  return {
    pid: child.pid as number,
    said: async (text) => {
      for (;;) {
        for (; read < lines.length; read++) if (lines[read]?.includes(text)) return lines[read++] as string
        if (isOver) throw new Error(`it ended without saying "${text}":\n${lines.join('\n')}`)
        await new Promise<void>((resolve) => (waiting = [...waiting, resolve]))
      }
    },
    stderr: () => lines.join('\n'),
    kill: (signal) => void child.kill(signal),
    ended,
  }
}

/** Where the ingress of a running process listens. */
export const ingressOf = async (process: Running): Promise<string> =>
  (JSON.parse(await process.said('ingress: listening')) as { url: string }).url

/** Posts lines; resolves once they were acknowledged. */
export const post = async (url: string, lines: readonly string[]): Promise<void> => {
  const response = await fetch(new URL('/v1/events', url), {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  })
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
}

/** A folder that goes when the test ends. */
export const scratchFolder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'streamvane-cli-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }))
  return dir
}

/** Each line of JSON. */
export const jsonLines = <T>(text: string): readonly T[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
