import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

const PROGRAM = join(import.meta.dirname, 'python', 'consumer.py')

/** What consumer.py answers: which intervals of its range are not complete, and its rows of the range. */
export type Answer = Readonly<{
  incomplete: readonly Readonly<{ family: string; intervalStart: string; lacks: string }>[]
  rows: readonly Readonly<Record<string, unknown>>[]
}>

/** Reads until every interval of the range is complete (`wait`), or to the present end of the topics (`read`). */
export type TableConsumer = Readonly<{ ask: (request: 'wait' | 'read') => Promise<Answer> }>

/** Starts the consumer in Python with these options of consumer.py; it is killed when the test ends. */
export const tableConsumer = (python: string, options: Readonly<Record<string, string>>): TableConsumer => {
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
  const child = spawn(python, [PROGRAM, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await closed
  })
  child.stdin.on('error', () => undefined) // it may have ended
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    ask: async (request) => {
      child.stdin.write(`${request}\n`)
      const { value, done } = await lines.next()
      if (done === true) throw new Error(`the consumer in Python ended with code ${child.exitCode}`)
      return JSON.parse(value) as Answer
    },
  }
}
