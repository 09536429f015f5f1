import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import type { Promotion } from '../../../src/app/operations/promotion/promotion.js'
import { auditCommand } from '../../../src/cli/audit/audit.js'
import { configCommand } from '../../../src/cli/config/config.js'
import { importCommand } from '../../../src/cli/import.js'
import { profileCommand } from '../../../src/cli/profile.js'
import { runCommand } from '../../../src/cli/run/run.js'
import { simulate } from '../../../src/simulator/simulate.js'
import { inProcess } from '../../support/in-process.js'
import { jsonLines, scratchFolder, type Outcome } from '../../support/streamvane.js'

const commands = {
  audit: auditCommand,
  config: configCommand,
  import: importCommand,
  profile: profileCommand,
  run: runCommand,
}

const PROFILE = 'id: contract\nversion: 2\nserviceLevel: { durationMs: 30000 }\n'
const TESTS = `
profile: profile.yaml
tests:
  - name: an answer is counted
    given: [{ metric: tAnswered, at: 2026-01-05T08:01:00Z, value: 12s, queue: sales, agent: anna }]
    expect: [{ family: queue, queue: sales, interval: 2026-01-05T08:00:00Z, measures: { tAnswered: { count: COUNT } } }]
`
const SHIFT = { seed: 5, fromMs: Date.parse('2026-01-05T06:00:00Z'), hours: 1, queues: 2, agents: 6 }
const EARLIER = ['--effective-at', '2026-01-01T00:00:00Z']

/** Two environments with a log each; in the first a profile is in force, in the second that of the configuration. */
const environments = async () => {
  const folder = await scratchFolder()
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }
  const ranIn =
    (data: string) =>
    async ([name = '', ...args]: readonly string[]): Promise<Outcome> => {
      const make = commands[name as keyof typeof commands]
      const { cause, ...outcome } = await inProcess(make(), [
        ...[...args, '--data', join(folder, data), '--log-level', 'silent'],
      ])
      if (outcome.code === 1) throw cause
      return outcome
    }
  const [dev, prod] = [ranIn('dev'), ranIn('prod')]
  const profile = await file('profile.yaml', PROFILE)
  const tests = await file('passing.test.yaml', TESTS.replace('COUNT', '1'))
  const failing = await file('failing.test.yaml', TESTS.replace('COUNT', '2'))
  expect((await dev(['profile', 'publish', profile, ...EARLIER])).code).toBe(0)
  const against = await file('prod.yaml', (await prod(['profile', 'show'])).stdout)
  const out = join(folder, 'promotion.json')
  const promote = (...more: readonly string[]): Promise<Outcome> =>
    dev(['config', 'promote', ...more, '--against', against, '--out', out])
  const apply = (...more: readonly string[]): Promise<Outcome> =>
    prod(['profile', 'publish', '--promotion', out, ...EARLIER, ...more])
  return { dev, prod, file, profile, tests, failing, against, out, promote, apply }
}

test('a profile whose tests passed is promoted: it is in force in the target, whose journal says what was promoted', async () => {
  const { prod, tests, promote, apply, out } = await environments()
  const made = await promote(tests, '--by', 'anna')
  expect(made).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^contract version 2 \(\w{12}\) passed 1 test; /) as string,
  })
  expect(JSON.parse(await readFile(out, 'utf8'))).toMatchObject({
    promotion: 1,
    profile: { id: 'contract', version: 2, zone: 'UTC' },
    against: { id: 'default', version: 1 },
    made: { by: 'anna' },
    tests: [{ results: [{ name: 'an answer is counted', passed: true }] }],
    whatIf: null,
  })
  const dry = await apply('--dry-run')
  expect(dry.stdout).toContain('contract version 2 would be in force from 2026-01-01T00:00:00.000Z')
  const applied = await apply('--by', 'bert')
  expect(applied).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('contract version 2 is in force') as string,
  })
  expect(JSON.parse((await prod(['profile', 'show', '--json'])).stdout)).toMatchObject({
    id: 'contract',
    serviceLevel: { durationMs: 30_000 },
  })
  const [operation, ...others] = jsonLines((await prod(['audit', 'log', '--json'])).stdout)
  expect(others).toEqual([])
  expect(operation).toMatchObject({
    ...{ operation: 'profile publish', by: 'bert', result: 'done' },
    details: { promotion: { against: { id: 'default' }, made: { by: 'anna' }, tests: [{ passed: 1 }] } },
  })
  expect((await apply()).stdout).toContain('is in force from 2026-01-01T00:00:00.000Z already')
})

test('no promotion is made where a test fails, or tests another profile than the one in force', async () => {
  const { file, tests, failing, promote, out } = await environments()
  const failed = await promote(tests, failing)
  expect(failed).toMatchObject({ code: 5, stderr: 'a test failed: no promotion was written\n' })
  await file('profile.yaml', PROFILE.replace('30000', '40000'))
  const other = await promote(tests)
  expect(other).toMatchObject({ code: 4, stderr: expect.stringContaining('they differ in serviceLevel') as string })
  expect(existsSync(out)).toBe(false)
})

test('a promotion that was edited, or has no test, is refused whatever the reason, and nothing is stored', async () => {
  const { prod, tests, promote, apply, out } = await environments()
  await promote(tests)
  const text = await readFile(out, 'utf8')
  const content = JSON.parse(text) as Record<string, unknown>
  for (const edited of [
    text.replace('"durationMs": 30000', '"durationMs": 90000'),
    text.replace('"passed": true', '"passed": false'),
    JSON.stringify({ ...content, tests: [] }),
  ]) {
    expect(edited).not.toBe(text)
    await writeFile(out, edited)
    expect(await apply('--why', 'we want it')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('its seal does not fit') as string,
    })
  }
  await writeFile(out, '{}')
  expect(await apply()).toMatchObject({ code: 4, stderr: expect.stringContaining('this is no promotion') as string })
  expect(JSON.parse((await prod(['profile', 'show', '--json'])).stdout)).toMatchObject({ id: 'default', version: 1 })
})

test('where the target has another profile by now, a promotion is refused without a reason, and recorded with one', async () => {
  const { prod, file, tests, promote, apply } = await environments()
  await promote(tests)
  const hotfix = await file('hotfix.yaml', 'id: hotfix\nversion: 1\nshortAbandonMs: 5000\n')
  await prod(['profile', 'publish', hotfix, '--effective-at', '2025-12-01T00:00:00Z'])
  expect(await apply()).toMatchObject({
    code: 4,
    stderr: expect.stringMatching(/made against default version 1 \(\w{12}\), and hotfix version 1/) as string,
  })
  expect((await apply('--why', 'the hotfix is in it')).code).toBe(0)
  const last = jsonLines((await prod(['audit', 'log', '--json'])).stdout).at(-1)
  expect(last).toMatchObject({ operation: 'profile publish', why: 'the hotfix is in it', result: 'done' })
})

test('with a range the promotion says what the profile changes in the rows of the source, against that of the target', async () => {
  const { prod, file, out } = await environments()
  const events = [...simulate({ ...SHIFT, emit: 'detail-events' })].map(({ line }) => line).join('\n')
  const profile = (durationMs: number, version: number): string =>
    `id: c\nversion: ${version}\npoints: detail-events\nfamilies: [queue]\nserviceLevel: { durationMs: ${durationMs} }\n`
  const own = await file('own.yaml', profile(1_000, 2))
  const config = await file(
    'dev-config.yaml',
    JSON.stringify({ egress: { sink: 'none' }, profile: parse(profile(1_000, 2)) as unknown }),
  )
  const against = await file('against.yaml', profile(3_600_000, 1))
  const tests = await file(
    'own.test.yaml',
    `
profile: ${basename(own)}
tests:
  - name: an answer is counted
    given:
      - { event: acd.start, at: 2026-01-05T08:00:00Z, conversation: c1, queue: sales }
      - { event: acd.end, at: 2026-01-05T08:00:12Z, conversation: c1, queue: sales, agent: anna, body: { acdOutcome: ANSWERED, connectedDurationMs: 12s } }
    expect: [{ family: queue, queue: sales, interval: 2026-01-05T08:00:00Z, measures: { nOverSla: 1 } }]
`,
  )
  expect((await prod(['import', await file('events.ndjson', events), '--config', config])).code).toBe(0)
  expect((await prod(['run', '--until-caught-up', '--config', config])).code).toBe(0)
  const range = ['--from', '2026-01-05T06:00:00Z', '--to', '2026-01-05T07:00:00Z']
  const made = await prod([
    'config',
    'promote',
    tests,
    '--against',
    against,
    '--out',
    out,
    ...range,
    '--config',
    config,
  ])
  expect(made).toMatchObject({ code: 0 })
  const { whatIf } = JSON.parse(await readFile(out, 'utf8')) as Promotion
  const level = whatIf?.totals
    .find(({ family }) => family === 'queue')
    ?.kpis.find(({ name }) => name === 'serviceLevel')
  expect(whatIf).toMatchObject({ generation: 'g1', from: '2026-01-05T06:00:00.000Z', to: '2026-01-05T07:00:00.000Z' })
  expect(level?.rows).toBeGreaterThan(0)
  // Everything is answered within an hour, and not within a second.
  expect(level?.against?.numerator).toBeGreaterThan(level?.promoted?.numerator ?? NaN)
})
