import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { exitCodeOf, wordsOf } from '../../src/cli/command/exit.js'
import { logCommand } from '../../src/cli/log.js'
import { answers } from '../support/answers.js'
import { startEventStoreDbServer } from '../support/eventstoredb/server.js'
import { jsonLines, scratchFolder, streamvane } from '../support/streamvane.js'

type Outcome = Readonly<{
  outcome: string
  streams: number
  events: number
  before: { events: number }
  digests: object[]
  sourceGrew: boolean
}>

const done = async (args: readonly string[], env: Readonly<Record<string, string>>, stdin = ''): Promise<string> => {
  const { code, stdout, stderr } = await streamvane(args, { env, stdin })
  if (code !== 0) throw new Error(`streamvane ${args.join(' ')} ended with ${code}:\n${stderr}`)
  return stdout
}

test('a log goes to a server and back: the rows are the same, and what was there is not copied again', async () => {
  const server = await startEventStoreDbServer()
  onTestFinished(() => server.stop())
  const dir = await scratchFolder()
  const [here, there] = [join(dir, 'here'), join(dir, 'there')]
  await done(['import', '-'], { STREAMVANE_DATA: here }, `${answers(30).join('\n')}\nnot json\n`)
  await done(['run', '--until-caught-up'], { STREAMVANE_DATA: here })
  const rows = await done(['rows', '--family', 'queue', '--json'], { STREAMVANE_DATA: here })
  expect(jsonLines(rows).length).toBeGreaterThan(0)

  const copy = (from: string, to: string, ...more: readonly string[]) =>
    streamvane(['log', 'copy', '--from', from, '--to', to, ...more], { env: { STREAMVANE_DATA: here } })
  const dry = await copy(`embedded:${here}`, server.connectionString, '--dry-run', '--json')
  expect(dry.code, dry.stderr).toBe(0)
  expect(JSON.parse(dry.stdout)).toMatchObject({ outcome: 'would copy' })
  const out = await copy(`embedded:${here}`, server.connectionString, '--json')
  expect(out.code, out.stderr).toBe(0)
  const first = JSON.parse(out.stdout) as Outcome
  expect(first).toMatchObject({ outcome: 'copied', before: { events: 0 }, sourceGrew: false, differences: [] })
  expect(first.events).toBeGreaterThan(30)
  // The fold's snapshot speaks of positions here.
  expect(out.stderr).toContain(`remove ${join(here, 'state', 'default.g1')} before a projector runs`)

  const back = await copy(server.connectionString, `embedded:${there}`)
  expect(back.code, back.stderr).toBe(0)
  expect(await done(['rows', '--family', 'queue', '--json'], { STREAMVANE_DATA: there })).toBe(rows)

  // Where it goes on it is another log than the one it came from.
  await done(['import', '-'], { STREAMVANE_DATA: there }, answers(5, 30).join('\n'))
  const again = await copy(`embedded:${here}`, server.connectionString)
  expect(again).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/copied: 0 streams, 0 events, 0 bytes .*; \d+ events were there/) as string,
  })
  const refused = await copy(server.connectionString, `embedded:${there}`)
  expect(refused).toMatchObject({
    code: 4,
    stdout: '',
    stderr: expect.stringMatching(/^the target holds something else of tenant default/m) as string,
  })
}, 300_000)

describe('wrong usage ends with code 2 and says in a line what is wrong', () => {
  test.each([
    [['copy', '--from', 'embedded:a'], /--to <place>/],
    [['copy', '--from', 'data', '--to', 'embedded:b'], /--from data is no place of a log/],
    [['copy', '--from', 'embedded:a', '--to', 'http://b'], /--to http:\/\/b is no place of a log/],
    [['copy', '--from', 'embedded:a', '--to', 'embedded:./a'], /are both embedded:/],
    [['copy', '--from', 'embedded:a', '--to', 'embedded:b', '--in-flight', '0'], /--in-flight 0 is not a whole number/],
  ])('%j', async (args, message) => {
    const group = logCommand()
    const written: string[] = []
    for (const each of [group, ...group.commands]) each.configureOutput({ writeErr: (text) => void written.push(text) })
    const cause: unknown = await group.parseAsync([...args], { from: 'user' }).then(
      () => expect.fail('it went through'),
      (error: unknown) => error,
    )
    expect(written.join('') + inspect(wordsOf(cause) ?? '')).toMatch(message)
    expect(exitCodeOf(cause)).toBe(2)
  })
})

test('a place without a log is named', async () => {
  const dir = await scratchFolder()
  const { code, stderr } = await streamvane(
    ['log', 'copy', '--from', `embedded:${dir}/a`, '--to', `embedded:${dir}/b`],
    {
      env: { STREAMVANE_DATA: dir },
    },
  )
  expect(stderr).toContain(`there is no log in ${join(dir, 'a', 'log', 'raw')}`)
  expect(stderr).not.toMatch(/^ +at /m)
  expect(code).toBe(1)
})
