import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { configCommand } from '../../src/cli/config/config.js'
import { importCommand } from '../../src/cli/import.js'
import { profileCommand } from '../../src/cli/profile.js'
import { rowsCommand } from '../../src/cli/rows.js'
import { runCommand } from '../../src/cli/run/run.js'
import { inProcess } from '../support/in-process.js'
import { jsonLines, scratchFolder, type Outcome } from '../support/streamvane.js'

const commands = {
  config: configCommand,
  import: importCommand,
  profile: profileCommand,
  rows: rowsCommand,
  run: runCommand,
}

const ranIn = async ([name = '', ...args]: readonly string[], data: string): Promise<Outcome> => {
  const make = commands[name as keyof typeof commands]
  const { cause, ...outcome } = await inProcess(make(), [...args, '--data', data, '--log-level', 'silent'])
  if (outcome.code === 1) throw cause
  return outcome
}

const queues = {
  entities: [
    {
      id: 'q1',
      name: 'Sales',
      dateModified: '2026-01-02T08:00:00Z',
      mediaSettings: { call: { serviceLevel: { percentage: 0.8, durationMs: 20_000 } } },
      acwSettings: { wrapupPrompt: 'MANDATORY_TIMEOUT', timeoutMs: 30_000 },
    },
  ],
}
const chat = join(import.meta.dirname, '../ingress/fixtures/conversation-details-chat.json')

const centre = async () => {
  const folder = await scratchFolder()
  const ran = (args: readonly string[]): Promise<Outcome> => ranIn(args, join(folder, 'data'))
  const file = async (name: string, content: unknown): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }
  return { ran, file }
}

test('config import stores queues, lists them, stores no repeat, and stores nothing of an invalid file', async () => {
  const { ran, file } = await centre()
  const good = await file('queues.json', queues)
  expect(await ran(['config', 'import', '--dry-run', good])).toMatchObject({
    code: 0,
    stderr: '1 would be stored, 0 as in force already\n',
  })
  const first = await ran(['config', 'import', good])
  expect(first).toMatchObject({ code: 0, stderr: '1 stored, 0 as in force already\n' })
  expect(first.stdout).toBe(
    'stored: queue Sales from 2026-01-02T08:00:00.000Z: voice 80 % within 20 s, after-call work MANDATORY_TIMEOUT 30 s\n',
  )
  expect(await ran(['config', 'import', good])).toMatchObject({ code: 0, stderr: '0 stored, 1 as in force already\n' })
  const wrong = await file('wrong.json', { entities: [{ id: 'q2', mediaSettings: { call: 7 } }, { id: 'q3' }] })
  const refused = await ran(['config', 'import', good, wrong])
  expect(refused).toMatchObject({ code: 2, stdout: '' })
  expect(refused.stderr).toMatch(
    /nothing was stored:\n.*entities\[0\] \(q2\): call is 7; expected an object\n.*entities\[1\] \(q3\): it is neither/,
  )
  const listed = jsonLines<{ type: string; at: string }>((await ran(['config', 'list', '--json'])).stdout)
  expect(listed).toMatchObject([{ type: 'QueueConfigured', queueId: 'q1', at: '2026-01-02T08:00:00.000Z' }])
})

test('imported conversations are counted by a profile for them; a profile is published, shown, and refused with its problems', async () => {
  const { ran, file } = await centre()
  const configuration = await file(
    'streamvane.yaml',
    'profile: { points: conversation-details, zone: Europe/Berlin }\negress: { sink: none }\n',
  )
  const imported = await ran(['import', 'details', '--config', configuration, chat])
  expect(imported).toMatchObject({ code: 0, stdout: '1 stored, 0 duplicate, 0 dead-lettered\n', stderr: '' })
  expect((await ran(['run', '--until-caught-up', '--config', configuration])).code).toBe(0)
  const rows = jsonLines<Readonly<Record<string, unknown>>>((await ran(['rows', '--family', 'queue', '--json'])).stdout)
  expect(rows.map(({ intervalStart }) => intervalStart)).toEqual([
    '2021-04-01T12:15:00.000Z',
    '2021-04-01T12:30:00.000Z',
  ])

  const profile = await file(
    'profile.yaml',
    'version: 2\npoints: conversation-details\nquantiles: [tAnswered]\nzone: Asia/Kathmandu\n',
  )
  const published = await ran(['profile', 'publish', '--effective-at', '2026-03-01', profile])
  expect(published.stderr).toBe('')
  expect(published.stdout).toMatch(
    /^default version 2 is in force from 2026-03-01T00:00:00.000Z\nchanged from then on: version, quantiles\nchanged in the next generation only: zone; `streamvane rebuild/,
  )
  expect((await ran(['profile', 'publish', '--effective-at', '2026-04-01', profile])).stdout).toContain(
    'in force from 2026-04-01T00:00:00.000Z already',
  )
  const shown = await ran(['profile', 'show', '--at', '2026-03-02', '--json'])
  expect(JSON.parse(shown.stdout)).toMatchObject({ version: 2, quantiles: ['tAnswered'], zone: 'Europe/Berlin' })
  expect(shown.stderr).toContain('generation g1; 1 published')

  const before = await ran([
    'profile',
    'publish',
    '--effective-at',
    '2026-03-01T00:10',
    await file('edge.yaml', 'version: 3\n'),
  ])
  expect(before).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('take 2026-03-01T00:00:00.000Z or 2026-03-01T00:15:00.000Z') as string,
  })
  const wrong = await file(
    'wrong.yaml',
    'zone: Asia/Katmandoo\nrollUps: [P1W]\nquantiles: [nOffered]\nkpis: [{ name: X, formula: tTalk.sum, families: [queue] }]\n',
  )
  const refused = await ran(['profile', 'publish', wrong])
  expect(refused).toMatchObject({ code: 2, stdout: '' })
  for (const problem of ['zone: "Asia/Katmandoo" is not a time zone', 'rollUps.0'])
    expect(refused.stderr).toContain(problem)
})

test('config check reports problems of a profile, and prints a zone by its name', async () => {
  const { ran, file } = await centre()
  const good = await ran([
    'config',
    'check',
    '--json',
    '--config',
    await file('good.yaml', 'profile: { zone: europe/berlin, rollUps: [P1D, PT1H] }\n'),
  ])
  expect((JSON.parse(good.stdout) as { profile: unknown }).profile).toMatchObject({
    zone: 'Europe/Berlin',
    rollUps: ['PT1H', 'P1D'],
  })
  const bad = await ran([
    'config',
    'check',
    '--config',
    await file('bad.yaml', 'profile: { zone: Asia/Kathmandu, intervalMs: 1800000, rollUps: [P1D] }\n'),
  ])
  expect(bad).toMatchObject({ code: 2, stdout: '' })
  expect(bad.stderr).toMatch(/days of Asia\/Kathmandu cannot be made of 30-minute intervals: its offset is \+05:45/)
})

test('a truncated file is reported and ends with code 5', async () => {
  const { ran, file } = await centre()
  const broken = await file('broken.json', `{"conversations":[${await readFile(chat, 'utf8')},{"conversationId":`)
  const { code, stdout, stderr } = await ran(['import', 'details', broken])
  expect({ code, stdout }).toEqual({ code: 5, stdout: '1 stored, 0 duplicate, 1 dead-lettered\n' })
  expect(stderr).toMatch(/broken\.json is incomplete: .*import it again when it is whole/)
})
