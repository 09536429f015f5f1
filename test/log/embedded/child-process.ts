import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** A folder that is removed when the test ends. */
export const scratchDirectory = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'streamvane-log-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

export type Child = Readonly<{
  pid: number
  /**
   * The next line it prints that begins so, without the beginning; what comes between is kept in `lines`. Fails if it
   * ends first.
   */
  said: (beginning: string) => Promise<string>
  lines: readonly string[]
  /** What it has printed to stderr so far. */
  stderr: () => string
  /** The signal that ended it, if one did; known once `ended` resolves. */
  signal: () => NodeJS.Signals | null
  tell: (line: string) => void
  kill9: () => Promise<void>
  ended: Promise<number | null>
}>

/**
 * Runs one of test/log/children/ in a process of its own; it is killed when the test ends. `under` is a shell prefix
 * such as a limit.
 */
export const runChild = (name: string, args: readonly string[], under = ''): Child => {
  const script = fileURLToPath(new URL(`children/${name}.ts`, import.meta.url))
  const command = [process.execPath, '--import', 'tsx', script, ...args]
  const child: ChildProcess = spawn('bash', ['-c', `${under}exec "$@"`, 'bash', ...command], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  let stderr = ''
  child.stderr!.on('data', (text: Buffer) => (stderr += text.toString()))
  let over = false
  let waiting: (() => void)[] = []
  const wake = (): void => {
    const woken = waiting
    waiting = []
    woken.forEach((each) => each())
  }
  createInterface(child.stdout!).on('line', (line) => {
    lines.push(line)
    wake()
  })
  let signal: NodeJS.Signals | null = null
  const ended = once(child, 'close').then(([code, by]) => {
    signal = by as NodeJS.Signals | null
    over = true
    wake()
    return code as number | null
  })
  let read = 0
  return {
    pid: child.pid!,
    lines,
    stderr: () => stderr,
    signal: () => signal,
    said: async (beginning) => {
      for (;;) {
        for (; read < lines.length; read++)
          if (lines[read]!.startsWith(beginning)) return lines[read++]!.slice(beginning.length)
        if (over) throw new Error(`${name} ended without saying "${beginning}": ${stderr}`)
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
    tell: (line) => void child.stdin!.write(`${line}\n`),
    kill9: async () => {
      child.kill('SIGKILL')
      await ended
    },
    ended,
  }
}
