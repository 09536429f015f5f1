import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { confirm, NotConfirmed } from '../../../src/cli/command/confirm.js'
import { EXIT, exitCodeOf, UsageError, wordsOf } from '../../../src/cli/command/exit.js'

const asking = (isTTY: boolean, answer?: string) => {
  const input = Object.assign(new PassThrough(), { isTTY })
  const output = Object.assign(new PassThrough(), { isTTY })
  if (answer !== undefined) input.end(answer)
  return { input, output, args: ['erase', '--user', "O'Brien", '--why', 'a request'] }
}

test.each(['y\n', 'YES\n', ' yes \n'])(
  'on a terminal %j goes on, after it was said what will happen',
  async (answer) => {
    const terminal = asking(true, answer)
    let shown = ''
    terminal.output.on('data', (chunk: Buffer) => (shown += chunk.toString()))
    await confirm(['3 events will be erased for ever'], false, terminal)
    expect(shown).toMatch(/^3 events will be erased for ever\n.*Go on\? \[y\/N\]/)
  },
)

test.each(['n\n', '\n', 'yep\n', ''])('on a terminal %j changes nothing, and ends with code 5', async (answer) => {
  const cause: unknown = await confirm(['it goes'], undefined, asking(true, answer)).catch((error: unknown) => error)
  expect(cause).toBeInstanceOf(NotConfirmed)
  expect([exitCodeOf(cause), wordsOf(cause)]).toEqual([EXIT.differences, 'nothing was changed'])
})

test('in a pipe it is wrong usage, with the line to write', async () => {
  const cause: unknown = await confirm(['it goes'], undefined, asking(false, 'y\n')).catch((error: unknown) => error)
  expect(cause).toBeInstanceOf(UsageError)
  expect(wordsOf(cause)).toBe(
    String.raw`it goes
nothing was changed: this asks for confirmation. Write: streamvane erase --user 'O'\''Brien' --why 'a request' --yes`,
  )
})

test('with --yes nothing is asked', async () => {
  const pipe = asking(false)
  await confirm(['it goes'], true, pipe)
  expect(pipe.output.read()).toBeNull()
})
