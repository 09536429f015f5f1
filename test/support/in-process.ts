import { format } from 'node:util'
import type { Command } from 'commander'
import { vi } from 'vitest'
import { exitCodeOf, wordsOf } from '../../src/cli/command/exit.js'
import type { Outcome } from './streamvane.js'

const signals = ['SIGINT', 'SIGTERM'] as const

const allOf = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(allOf)]

/**
 * Runs a command in this process: a process of its own costs a second or more. `width`: as if stdout were a terminal of
 * so many columns. What it throws becomes its exit code and words, as `main.ts` does; `cause` is kept.
 */
export const inProcess = async (
  command: Command,
  args: readonly string[],
  width?: number,
): Promise<Outcome & Readonly<{ cause?: unknown }>> => {
  const [stdout, stderr]: [string[], string[]] = [[], []]
  const told = (lines: string[]) => (line?: unknown) => void lines.push(`${line === undefined ? '' : format(line)}\n`)
  const before = signals.map((signal) => process.listeners(signal))
  const spies = [
    vi.spyOn(console, 'log').mockImplementation(told(stdout)),
    vi.spyOn(console, 'error').mockImplementation(told(stderr)),
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => stdout.push(String(text)) > 0),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => stderr.push(String(text)) > 0),
  ]
  const { isTTY, columns } = process.stdout
  Object.assign(process.stdout, { isTTY: width !== undefined, columns: width ?? columns })
  for (const each of allOf(command))
    each.exitOverride().configureOutput({
      writeOut: (text) => void stdout.push(text),
      writeErr: (text) => void stderr.push(text),
    })
  const outcome = (code: number) => ({ code, stdout: stdout.join(''), stderr: stderr.join('') })
  try {
    await command.parseAsync([...args], { from: 'user' })
    return outcome(Number(process.exitCode ?? 0))
  } catch (cause) {
    const words = wordsOf(cause)
    if (words !== undefined) stderr.push(`${format(words)}\n`)
    return { ...outcome(exitCodeOf(cause)), cause }
  } finally {
    process.exitCode = 0
    signals.forEach((signal, place) => {
      for (const listener of process.listeners(signal))
        if (before[place]?.includes(listener) !== true) process.off(signal, listener)
    })
    Object.assign(process.stdout, { isTTY, columns })
    for (const spy of spies) spy.mockRestore()
  }
}
