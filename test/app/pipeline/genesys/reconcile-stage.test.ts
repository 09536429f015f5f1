import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { zoneOf } from '../../../../src/app/config/profile/zones.js'
import { contractSchema, defineContract } from '../../../../src/app/operations/acceptance/contract.js'
import { judgeContract } from '../../../../src/app/operations/acceptance/evaluate.js'
import { readReconciliations } from '../../../../src/app/operations/acceptance/reconciliation.js'
import { readOperations } from '../../../../src/app/operations/journal/read-operations.js'
import { promote, readGenerations, startGeneration } from '../../../../src/app/pipeline/generations.js'
import { runReconcile } from '../../../../src/app/pipeline/genesys/reconcile-stage.js'
import { embeddedLogs } from '../../../../src/app/pipeline/logs/logs.js'
import { startStage, type StageHandle } from '../../../../src/app/pipeline/stage.js'
import { appendsOf } from '../../../../src/contract/kpi-stream/marks.js'
import { Secret } from '../../../../src/credentials/secret.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { kpiStream } from '../../../../src/domain/stream-name.js'
import { genesysClient } from '../../../../src/genesys/client.js'
import { appendTick } from '../../../../src/ingress/clock.js'
import { TestClock } from '../../../support/genesys/clock.js'
import { CLIENT } from '../../../support/genesys/organisation.js'
import type { Route } from '../../../support/genesys/route.js'
import { standInGenesys } from '../../../support/genesys/server.js'
import { rowEvents } from '../../../support/kpi-events.js'
import { right } from '../../../support/right.js'
import { QUARTER, sales, salesSaid, said } from '../../reconcile/fixtures.js'

const HOUR = 3_600_000
const START = Date.parse('2026-03-04T08:00:00Z')
const QUERY = /aggregates\/query/
/** Local days of Berlin: each has one quarter of an hour in which two conversations were answered. */
const days = ['2026-03-01', '2026-03-02', '2026-03-03', '2026-03-04']
const quarters = days.map((day) => Date.parse(`${day}T09:00:00Z`))
const ofDay = (day: string): string => new Date(Date.parse(`${day}T00:00:00+01:00`)).toISOString()

/** An organisation whose rows are there through today; the stage compares yesterday and the day three days ago. */
const setup = async () => {
  const data = await mkdtemp(join(tmpdir(), 'streamvane-reconcile-'))
  const clock = new TestClock(START)
  /** Of each query the interval that it asks for. */
  const asked: string[] = []
  /** What Genesys says was answered in a quarter of an hour. */
  const answers = new Map(quarters.map((quarter) => [quarter, [5_000, 9_000]]))
  const route: Route = {
    ...{ method: 'POST', path: '/api/v2/analytics/conversations/aggregates/query' },
    handle: ({ json }) => {
      const { interval } = json as Readonly<{ interval: string }>
      asked.push(interval)
      const [from = NaN, to = NaN] = interval.split('/').map((text) => Date.parse(text))
      const found = [...answers].filter(([quarter]) => quarter >= from && quarter < to)
      const results = found.map(([quarter, tAnswered]) =>
        salesSaid(said([quarter, quarter + QUARTER], { nOffered: 2, tAnswered })),
      )
      return { status: 200, body: { results } }
    },
  }
  const platform = await standInGenesys({ clock, routes: [route] })
  const logs = embeddedLogs(data, 'test')
  const raw = await logs.raw('writer')
  await appendTick(raw, 't', Date.parse('2026-03-06T00:00:00Z'))
  const position = (await raw.head()) as bigint
  const profile = { ...defaultProfile, families: ['queue' as const], zone: zoneOf('Europe/Berlin') }
  const kpi = await logs.kpi('g1', 'writer')
  const rows = quarters.map((start) => sales(start, { nOffered: 2, tAnswered: [5_000, 9_000] }))
  for (const events of appendsOf('t', 'g1', rowEvents('t', 'g1', rows, position), position))
    right((await kpi.append([{ stream: kpiStream('t', 'g1'), expected: 'any', events }]))[0])
  await kpi.close()
  /** There are rows, and `g1` is live. */
  const goesLive = (): Promise<unknown> =>
    logs.changingControl(async (control) => {
      const none = await readGenerations(control, 't')
      const started = await startGeneration(control, 't', none, profile, undefined, new Date(START))
      await promote(control, 't', started.state, started.generation.name, new Date(START))
    })
  const client = genesysClient({
    ...{ hosts: { api: platform.url, login: platform.url }, clientId: CLIENT.id },
    clientSecret: Secret.literal(CLIENT.secret),
    timing: new TestClock(START).runByItself(),
  })
  const handles: StageHandle[] = []
  /** The stage of a process that begins now. */
  const start = (): StageHandle => {
    const handle = startStage({
      ...{ name: 'genesys.reconcile', signal: new AbortController().signal, now: clock.now, onState: () => undefined },
      work: (control) =>
        runReconcile(
          {
            ...{ tenant: 't', data, logs, client, days: [1, 3], delayMs: 4 * HOUR },
            logger: pino({ level: 'silent' }),
            timing: clock,
          },
          control,
        ),
    })
    handles.push(handle)
    return handle
  }
  onTestFinished(async () => {
    for (const handle of handles) await handle.stop()
    await client.close()
    await platform.close()
    await logs.close()
    await rm(data, { recursive: true, force: true })
  })
  /** Until the stage waits for its next look. */
  const rests = async (): Promise<void> => {
    while (!clock.isAwaited) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    ...{ clock, platform, logs, asked, answers, goesLive, start, rests },
    /** The next look, an hour later. */
    nextLook: async (): Promise<void> => {
      clock.advance(HOUR)
      await rests()
    },
    kept: async () => {
      const kept: string[] = []
      for await (const { by, source, counts } of readReconciliations(await logs.control('reader'), 't'))
        kept.push(`${by}: ${source.file}, ${counts.different} of ${counts.compared} differ`)
      return kept
    },
    operations: async () =>
      (await readOperations(await logs.control('reader'), 't')).map(
        ({ operation, by, via, result }) => `${operation} by ${by} via ${via}: ${result}`,
      ),
  }
}

test('acceptance is judged by what the stage has compared', async () => {
  const { logs, answers, goesLive, start, rests } = await setup()
  await goesLive()
  answers.set(quarters[0] as number, [5_000, 9_500])
  start()
  await rests()
  const period = { from: ofDay('2026-03-01'), to: ofDay('2026-03-04') }
  const contract = contractSchema.parse({ name: 'go-live', granularity: 'PT15M', period })
  await defineContract(logs, 't', contract, { by: 'ana', at: period.to })
  const { groups } = await judgeContract(await logs.control('reader'), { tenant: 't', name: 'go-live' })
  const [sold] = groups.filter(({ group }) => group['queueId'] === 'sales')
  const verdictAt = (quarter = NaN): string | undefined =>
    sold?.intervals.find((each) => Date.parse(each.start) === quarter)?.verdict
  expect(quarters.slice(0, 3).map(verdictAt)).toEqual(['failed', 'not-reconciled', 'held'])
})

const span = (from: string, to: string): string => `${ofDay(from)}/${ofDay(to)}`
const yesterday = span('2026-03-03', '2026-03-04')
const threeDaysAgo = span('2026-03-01', '2026-03-02')

test('the stage compares the days that it is told, in the zone of the live generation, and keeps each outcome', async () => {
  const { asked, goesLive, start, rests, kept, operations } = await setup()
  await goesLive()
  const handle = start()
  await rests()
  expect(asked).toEqual([yesterday, threeDaysAgo])
  expect(handle.activity()).toMatchObject({ alarms: [], details: { lastReconciled: ofDay('2026-03-03') } })
  expect(handle.activity().details).not.toHaveProperty('problem')
  expect(await kept()).toEqual([
    expect.stringMatching(`^run: Genesys, aggregates of ${yesterday}, 0 of [1-9]\\d* differ$`),
    expect.stringMatching(`^run: Genesys, aggregates of ${threeDaysAgo}, 0 of [1-9]\\d* differ$`),
  ])
  expect(await operations()).toEqual([
    'genesys reconcile by run via schedule: done',
    'genesys reconcile by run via schedule: done',
  ])
})

test('each day is compared once a day, also after a restart, and the next ones when the local day is over', async () => {
  const { clock, asked, goesLive, start, rests, nextLook } = await setup()
  await goesLive()
  const first = start()
  await rests()
  await nextLook()
  expect(asked).toHaveLength(2)
  expect((await first.stop()).kind).toBe('stopped')
  start()
  await rests()
  await nextLook()
  expect(asked).toHaveLength(2)
  // 22:00 in UTC is 23:00 in Berlin, an hour later it is tomorrow there.
  clock.advance(Date.parse('2026-03-04T22:30:00Z') - clock.now())
  await rests()
  expect(asked).toHaveLength(2)
  await nextLook()
  expect(asked.slice(2)).toEqual([span('2026-03-02', '2026-03-03')])
  // Yesterday is compared four hours after its end: until then its figures may still come.
  for (let hours = 0; hours < 4; hours++) await nextLook()
  expect(asked.slice(3)).toEqual([span('2026-03-04', '2026-03-05')])
})

test('a day without traffic on both sides is equal and no alarm, also after a restart; rows that Genesys lacks are one', async () => {
  const { clock, goesLive, start, rests } = await setup()
  await goesLive()
  clock.advance(Date.parse('2026-03-06T04:00:00Z') - clock.now())
  for (let life = 0; life < 2; life++) {
    const handle = start()
    await rests()
    expect(handle.activity()).toMatchObject({ alarms: [], details: { lastReconciled: ofDay('2026-03-05') } })
    expect(handle.activity().details).not.toHaveProperty('problem')
    await handle.stop()
  }
  const other = await setup()
  await other.goesLive()
  other.answers.clear()
  const handle = other.start()
  await other.rests()
  expect(handle.activity().details?.['problem']).toContain(ofDay('2026-03-03'))
})

test('nothing is asked before there are rows', async () => {
  const { asked, goesLive, start, rests, nextLook } = await setup()
  const handle = start()
  await rests()
  expect(asked).toEqual([])
  expect(handle.activity().alarms).toEqual([])
  await goesLive()
  await nextLook()
  expect(asked).toEqual([yesterday, threeDaysAgo])
})

test('differences of one day are an alarm, although the other day is equal, and after a restart until the next day', async () => {
  const { clock, answers, goesLive, start, rests, kept } = await setup()
  await goesLive()
  answers.set(quarters[2] as number, [5_000, 9_500])
  const first = start()
  await rests()
  const differs = {
    alarms: [{ alarm: 'genesys-reconcile-failed' }],
    details: { problem: expect.stringMatching(`^[1-9]\\d* figures of ${ofDay('2026-03-03')} differ$`) as string },
  }
  expect(first.activity()).toMatchObject(differs)
  expect(await kept()).toHaveLength(2)
  await first.stop()
  const second = start()
  await rests()
  expect(second.activity()).toMatchObject(differs)
  clock.advance(24 * HOUR)
  await rests()
  expect(second.activity().alarms).toEqual([])
  expect(second.activity().details).toMatchObject({ lastReconciled: ofDay('2026-03-04') })
})

test('a day of which nothing can be compared is an alarm', async () => {
  const { answers, goesLive, start, rests } = await setup()
  await goesLive()
  answers.delete(quarters[0] as number)
  const handle = start()
  await rests()
  expect(handle.activity()).toMatchObject({
    alarms: [{ alarm: 'genesys-reconcile-failed' }],
    details: { problem: `nothing of ${ofDay('2026-03-01')} could be compared` },
  })
})

test('a comparison that fails is an alarm and is tried again in an hour; what was compared before is not', async () => {
  const { platform, asked, goesLive, start, rests, nextLook, kept, operations } = await setup()
  await goesLive()
  const refused = { kind: 'answer', status: 400, body: { message: 'too much', code: 'bad.request' } } as const
  let queries = 0
  platform.misbehaviours.plan((what) => QUERY.test(what) && ++queries === 2, refused)
  const handle = start()
  await rests()
  expect(handle.activity()).toMatchObject({
    alarms: [{ alarm: 'genesys-reconcile-failed' }],
    troubles: [],
    details: { problem: 'GenesysRefused', lastReconciled: ofDay('2026-03-03') },
  })
  expect(await kept()).toHaveLength(1)
  await nextLook()
  expect(asked).toEqual([yesterday, threeDaysAgo])
  expect(await kept()).toHaveLength(2)
  expect(handle.activity().alarms).toEqual([])
  expect((await operations()).map((line) => line.split(': ')[1])).toEqual(['done', 'refused', 'done'])
})

test('a stage that is paused compares nothing until it goes on', async () => {
  const { clock, asked, goesLive, start, rests } = await setup()
  await goesLive()
  const handle = start()
  await rests()
  await handle.pause()
  expect(handle.state()).toEqual({ kind: 'paused' })
  clock.advance(24 * HOUR)
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(asked).toHaveLength(2)
  handle.resume()
  await rests()
  expect(asked).toHaveLength(4)
})

test('a stage that is stopped in the middle of a query ends at once, keeps nothing of it, and begins anew', async () => {
  const { platform, goesLive, start, rests, kept, operations } = await setup()
  await goesLive()
  let release: () => void = () => undefined
  let isHeld = false
  const held = new Promise<void>((resolve) => (release = resolve))
  platform.misbehaviours.plan((what) => QUERY.test(what) && (isHeld = true), { kind: 'hold', release: held })
  onTestFinished(() => release())
  const handle = start()
  while (!isHeld) await new Promise((resolve) => setImmediate(resolve))
  expect(await handle.stop()).toEqual({ kind: 'stopped' })
  expect(await kept()).toEqual([])
  expect(await operations()).toEqual(['genesys reconcile by run via schedule: stopped'])
  start()
  await rests()
  expect(await kept()).toHaveLength(2)
})
