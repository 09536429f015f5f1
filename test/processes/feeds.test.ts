import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { clockCommand } from '../../src/cli/clock.js'
import { configCommand } from '../../src/cli/config/config.js'
import { feedsCommand } from '../../src/cli/feeds/feeds.js'
import { importCommand } from '../../src/cli/import.js'
import { runCommand } from '../../src/cli/run/run.js'
import { newToken } from '../../src/http/admin/access/tokens.js'
import { simulate } from '../../src/simulator/simulate.js'
import { inProcess } from '../support/in-process.js'
import { misbehavingReceiver, type MisbehavingReceiver } from '../support/misbehaving-receiver.js'
import { describeSshd } from '../support/sshd.js'
import { jsonLines, running, type Outcome } from '../support/streamvane.js'

const DOCS = join(import.meta.dirname, '../../docs/feeds')
const SECRETS = { WFM_TOKEN: 'a-token-of-the-planner', PAYROLL_PASSWORD: 'a-password' }
const NAMES = {
  '4438f32d-0d69-4669-bdb2-46b0fa72dcb8': 'Sales',
  '9e08e935-bb05-4e16-bd84-e689bc5c3bbd': 'Service',
  '4b53fa3c-8939-43bc-b7d8-8fbe67023bc0': 'Orders',
}
/** Corrections of what was simulated years before this test runs. */
const ALWAYS = { days: 400, every: 'PT1S' }

type Settings = Readonly<Record<string, unknown>>
type Example = Readonly<{
  profile: Settings
  feeds: Readonly<{ list: readonly [Settings & Readonly<{ push: Settings; corrections?: Settings }>] }>
}>

let dir: string
let held: readonly string[]
beforeAll(async () => {
  Object.assign(process.env, SECRETS)
  dir = await mkdtemp(join(tmpdir(), 'streamvane-feeds-'))
  const lines = [
    ...simulate({
      seed: 4,
      fromMs: Date.parse('2026-01-05T08:00:00Z'),
      hours: 2,
      queues: 3,
      agents: 6,
      emit: 'metric-records',
    }),
  ].map(({ line }) => line)
  // Some conversations of the first hour come hours late.
  const isLate = (line: string, place: number): boolean =>
    place % 9 === 0 && /"metricDate":"2026-01-05T08:[0-4]/.test(line)
  // The log began the day before: without that nobody could say of the night that nothing happened.
  const early = lines
    .find((line) => line.includes('"metric":"nOffered"'))!
    .replaceAll(/2026-01-05T\d\d:\d\d/g, '2026-01-04T22:30')
    .replace(/"recordId":"[^"]{8}/, '"recordId":"00000000')
  held = lines.filter(isLate)
  await writeFile(
    join(dir, 'events.ndjson'),
    [early, ...lines.filter((line, place) => !isLate(line, place))].join('\n'),
  )
  await writeFile(join(dir, 'late.ndjson'), held.join('\n'))
  const queues = Object.entries(NAMES).map(([id, name]) => ({ id, name, mediaSettings: {} }))
  await writeFile(join(dir, 'queues.json'), JSON.stringify({ entities: queues }))
  await writeFile(
    join(dir, 'plain.yaml'),
    stringify({ data: join(dir, 'data'), profile: { families: ['queue', 'agent-state'] } }),
  )
  await ran(configCommand(), 'import', join(dir, 'queues.json'), '--effective-at', '2026-01-01', '--yes')
  await ran(importCommand(), join(dir, 'events.ndjson'))
  await ran(clockCommand(), 'tick', '--at', '2026-01-05T23:30:00Z')
  await ran(runCommand(), '--until-caught-up', '--only', 'projector')
}, 120_000)
afterAll(() => rm(dir, { recursive: true, force: true }))

const ran = async (command: Parameters<typeof inProcess>[0], ...args: readonly string[]): Promise<Outcome> => {
  const outcome = await inProcess(command, [...args, '--config', join(dir, 'plain.yaml'), '--log-level', 'silent'])
  expect([outcome.code, outcome.stderr]).toEqual([0, expect.any(String)])
  return outcome
}

/** The configuration of an example with another receiver, for the morning that was simulated; the file that holds it. */
const configured = async (name: string, push: Settings, more: Settings = {}): Promise<string> => {
  const { profile, feeds } = parse(await readFile(join(DOCS, `${name}.yaml`), 'utf8')) as Example
  const [feed] = feeds.list
  const period = { start: '2026-01-05T08:00:00Z', end: '2026-01-05T10:00:00Z' }
  const list = [
    { ...feed, corrections: { ...feed.corrections, ...ALWAYS }, push: { ...feed.push, ...period, ...push } },
  ]
  const file = join(dir, `${name}.yaml`)
  const retry = { firstMs: 5, maxMs: 20 }
  await writeFile(file, stringify({ data: join(dir, 'data'), profile, feeds: { list, retry, everyMs: 50, ...more } }))
  return file
}

const deliver = async (config: string): Promise<void> => {
  const args = ['--until-caught-up', '--only', 'feeds', '--config', config, '--log-level', 'silent']
  expect(await inProcess(runCommand(), args)).toMatchObject({ code: 0 })
}

const feeds = (config: string, ...args: readonly string[]): Promise<Outcome> =>
  inProcess(feedsCommand(), [...args, '--config', config, '--log-level', 'silent'])

const receiver = async (): Promise<MisbehavingReceiver> => {
  const server = await misbehavingReceiver()
  onTestFinished(() => server.close())
  return server
}

test('an intraday feed for WFM brings each quarter once and in order to a receiver that is busy, drops connections and forgets to answer', async () => {
  const wfm = await receiver()
  wfm.next.push(
    { status: 503, headers: { 'retry-after': '0' } },
    'drop before',
    'drop after',
    { status: 429 },
    { status: 500 },
  )
  const config = await configured('intraday-wfm', { url: `${wfm.url}/intraday/{file}`, allowPlainHttp: true })
  await deliver(config)
  const numbers = wfm.arrived.map(({ headers }) => Number(headers['streamvane-delivery']))
  expect([...new Set(numbers)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  const files = new Map(wfm.arrived.map(({ path, body }) => [path, body.toString()]))
  // The same number is the same bytes, however often it came.
  expect(new Set(wfm.arrived.map(({ path, body }) => `${path} ${body.toString()}`)).size).toBe(8)
  expect(wfm.arrived[0]?.headers).toMatchObject({ authorization: `Bearer ${SECRETS.WFM_TOKEN}` })
  const [[path = '', first = ''] = []] = files
  expect(path).toBe('/intraday/wfm-intraday_20260105T0900%2B0100_000001.csv')
  await expect(first).toMatchFileSnapshot(join(DOCS, 'intraday-wfm/wfm-intraday_20260105T0900+0100_000001.csv'))
  expect(await feeds(config, 'check', '--from', '2026-01-05', '--to', '2026-01-06')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('files: 8 can be made again byte for byte'),
  })
}, 60_000)

test('an agent-state feed for payroll brings the presence of each agent by half hours, an hour in a file', async () => {
  const payroll = await receiver()
  const config = await configured('agent-hours', { url: `${payroll.url}/hours`, allowPlainHttp: true })
  await deliver(config)
  expect(payroll.arrived.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /hours', 'POST /hours'])
  expect(payroll.arrived[0]?.headers).toMatchObject({ authorization: `Basic ${btoa('streamvane:a-password')}` })
  const file = JSON.parse(payroll.arrived[0]!.body.toString()) as { records: Record<string, number>[] }
  expect(file.records.length).toBeGreaterThan(6)
  for (const { logged_in: whole = 0, available = 0, break: pause = 0 } of file.records) {
    expect(whole).toBeLessThanOrEqual(1_800)
    expect(available + pause).toBeLessThanOrEqual(whole)
  }
  await expect(`${JSON.stringify(file, null, 2)}\n`).toMatchFileSnapshot(
    join(DOCS, 'agent-hours/agent-hours_000001.json'),
  )
}, 60_000)

describeSshd('a daily feed for a BPO', (sshd) => {
  test('lies on its SFTP server as one file a day, and what comes late as a correction with the intervals that changed', async () => {
    const { port, username, privateKeyFile, hostKey, dir: incoming } = sshd()
    const config = await configured('bpo-daily', {
      ...{
        host: '127.0.0.1',
        port,
        username,
        privateKey: { file: privateKeyFile },
        hostKeys: [hostKey],
        dir: incoming,
      },
      ...{ start: '2026-01-04T23:00:00Z', end: '2026-01-05T23:00:00Z' },
    })
    await deliver(config)
    expect((await readdir(incoming)).sort()).toEqual([
      'bpo-daily_20260105_regular_000001.csv',
      'bpo-daily_20260105_regular_000001.csv.manifest.json',
    ])
    const regular = await readFile(join(incoming, 'bpo-daily_20260105_regular_000001.csv'), 'utf8')
    expect(regular.trimEnd().split('\r\n')).toHaveLength(1 + 2 * 48)
    await expect(regular).toMatchFileSnapshot(join(DOCS, 'bpo-daily/bpo-daily_20260105_regular_000001.csv'))

    expect(held.length).toBeGreaterThan(0)
    await ran(importCommand(), join(dir, 'late.ndjson'))
    await ran(runCommand(), '--until-caught-up', '--only', 'projector')
    expect(await feeds(config, 'check', '--from', '2026-01-05', '--to', '2026-01-06')).toMatchObject({
      code: 5,
      stdout: expect.stringMatching(
        /2026-01-05T08:00:00Z differs, delivery 1\n +\S+ Angeboten: delivered \d+, now \d+/,
      ),
    })
    await deliver(config)
    const name = 'bpo-daily_20260105_correction_000002.csv'
    const corrected = await readFile(join(incoming, name), 'utf8')
    await expect(corrected).toMatchFileSnapshot(join(DOCS, `bpo-daily/${name}`))
    const manifest = await readFile(join(incoming, `${name}.manifest.json`), 'utf8')
    expect(JSON.parse(manifest)).toMatchObject({
      kind: 'correction',
      complete: true,
      reasons: expect.arrayContaining(['late']) as unknown,
    })
    await expect(manifest).toMatchFileSnapshot(join(DOCS, `bpo-daily/${name}.manifest.json`))
    expect((await feeds(config, 'check', '--from', '2026-01-05', '--to', '2026-01-06')).code).toBe(0)
    const log = jsonLines<Settings>((await feeds(config, 'log', 'bpo-daily', '--json')).stdout)
    expect(log).toMatchObject([
      { number: 1, kind: 'regular', result: 'accepted', answer: { status: 'renamed' }, records: 96 },
      { number: 2, kind: 'correction', result: 'accepted' },
    ])
  }, 90_000)
})

describe('a process that is killed while it delivers', () => {
  test('is followed by one that sends the same bytes under the same number, and serves what it delivers', async () => {
    const wfm = await receiver()
    const { token, sha256 } = newToken()
    const server = { port: 0, tokens: [{ name: 'planner', feeds: ['wfm-killed'], sha256 }] }
    const file = await configured(
      'intraday-wfm',
      { url: `${wfm.url}/{file}`, allowPlainHttp: true, gzip: false },
      { server },
    )
    const text = (await readFile(file, 'utf8')).replace('name: wfm-intraday', 'name: wfm-killed')
    const config = join(dir, 'killed.yaml')
    await writeFile(config, text)
    const start = () => running(['run', '--only', 'feeds', '--config', config], SECRETS)
    wfm.next.push({ status: 200 }, 'silence')
    const first = start()
    await expect.poll(() => wfm.arrived.length, { timeout: 60_000 }).toBe(2)
    first.kill('SIGKILL')
    await first.ended
    const second = start()
    const { url } = JSON.parse(await second.said('feeds: listening')) as { url: string }
    await expect.poll(() => wfm.arrived.length, { timeout: 60_000 }).toBe(9)
    const [, before, again] = wfm.arrived
    expect(again).toMatchObject({ path: before!.path, body: before!.body })
    expect(again?.headers['idempotency-key']).toBe('wfm-killed/2')
    const fetched = await fetch(`${url}/feeds/wfm-killed?from=2026-01-05T08:15:00Z&to=2026-01-05T08:30:00Z`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(await fetched.text()).toBe(before!.body.toString())
    second.kill('SIGTERM')
    expect(await second.ended).toMatchObject({ code: 0 })
  }, 120_000)
})
