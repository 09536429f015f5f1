import { expect, onTestFinished, test } from 'vitest'
import { intervalDigests } from '../../src/app/operations/generations/digest.js'
import { runProjector } from '../../src/app/pipeline/projector/projector.js'
import { HOUR_MS, MINUTE_MS } from '../../src/domain/interval.js'
import { defaultProfile, type Profile } from '../../src/domain/profile.js'
import { appendTick } from '../../src/ingress/clock.js'
import { NotIngested } from '../../src/ingress/not-ingested.js'
import { simulate } from '../../src/simulator/simulate.js'
import type { EventLog } from '../../src/log/event-log.js'
import { openEventStoreDbLog } from '../../src/log/eventstoredb/log.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { chance, type Chance } from '../support/chance.js'
import { noFaults } from '../support/eventstoredb/faults.js'
import { startEventStoreDbServer, type EventStoreDbServer } from '../support/eventstoredb/server.js'
import { dataToTest } from '../support/eventstoredb/upstream.js'
import { memorySnapshots } from '../support/memory-snapshots.js'
import { bookOfLog, everyRevision, expectSameRows } from '../support/pipeline-life.js'
import { generationOf, project, rowsOf, silent, take } from '../support/pipeline.js'
import { comparedRows } from '../support/compared-rows.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const TENANT = 't'

const simulation = simulate({
  ...{ seed: 11, fromMs: FROM, hours: 1, queues: 2, agents: 30, callsPerHour: 10, envelope: 'mixed' },
  ...{ duplicates: 0.05, reorder: 0.1, lateness: { share: 0.05, maxMs: HOUR_MS } },
})
const deliveries = [...simulation]
const through = Date.parse(simulation.truth().through) + HOUR_MS

/** Short of patience, so that what never answers is found out soon. */
const patience = { deadlineMs: 500, headPollMs: 10, backoffMs: 5, backoffMaxMs: 20, giveUpMs: 1_000, stallMs: 300 }

/** Heals the server, and most often lets something else go wrong. */
const disturb = (server: EventStoreDbServer, random: Chance): void => {
  Object.assign(server.faults, noFaults())
  const faults: readonly (() => unknown)[] = [
    () => undefined,
    () => (server.faults.loseAnswers = 1 + random.below(3)),
    () => (server.faults.swallow = 1),
    () => (server.faults.lateMs = 1 + random.below(20)),
    () => (server.faults.reorder = 2 + random.below(4)),
    () => (server.faults.readOnly = true),
    () => (server.faults.leader = 'nobody'),
    () => ((server.faults.breakReads = 1 + random.below(4)), (server.faults.breakAfter = random.below(30))),
    () => (server.faults.silent = true),
    () => server.drop(),
  ]
  random.oneOf(faults)()
}

/**
 * An ingress process: sends everything in its order, each batch until it is acknowledged, and now and then an
 * acknowledged one again.
 */
const ingress = async (log: EventLog, random: Chance, step: () => void): Promise<number> => {
  let attempts = 0
  for (let sent = 0; sent < deliveries.length;) {
    const from = Math.max(0, sent - random.oneOf([0, 0, 30]))
    const size = random.oneOf([10, 30, 80])
    step()
    attempts++
    try {
      await take(
        log,
        TENANT,
        deliveries.slice(from, from + size).map(({ line }) => line),
      )
      const last = deliveries[Math.min(from + size, deliveries.length) - 1]
      await appendTick(log, TENANT, Math.floor((last?.deliverAtMs ?? 0) / MINUTE_MS) * MINUTE_MS)
      sent = from + size
    } catch (cause) {
      if (!(cause instanceof NotIngested)) throw cause
    }
  }
  return attempts
}

const expectCalmOutcome = async (seed: number): Promise<void> => {
  const random = chance(seed)
  const profile: Profile = { ...defaultProfile, points: seed % 2 === 0 ? 'metric-records' : 'detail-events' }
  const data = dataToTest()
  onTestFinished(() => data.close())
  const server = await startEventStoreDbServer({ data })
  onTestFinished(() => server.stop())
  const [one, two, projecting] = Array.from({ length: 3 }, () => {
    const log = openEventStoreDbLog({ connectionString: server.connectionString, ...patience })
    onTestFinished(() => log.close())
    return log
  }) as [EventLog, EventLog, EventLog]

  const stop = new AbortController()
  const projector = runProjector({
    ...{
      tenant: TENANT,
      generation: generationOf(profile),
      raw: projecting,
      kpi: projecting,
      snapshots: memorySnapshots(),
      batchMax: 700,
    },
    ...{ untilCaughtUp: false, signal: stop.signal, logger: silent, now: () => 0 },
  })
  const step = () => disturb(server, random)
  const attempts = await Promise.all([ingress(one, random, step), ingress(two, random, step)])
  Object.assign(server.faults, noFaults())
  stop.abort()
  expect(await projector).toEqual({ kind: 'stopped' })
  expect(Math.min(...attempts)).toBeGreaterThan(5)

  await appendTick(one, TENANT, through)
  expect(await project({ log: one, tenant: TENANT, profile, snapshots: memorySnapshots() })).toMatchObject({
    kind: 'caught-up',
  })

  const calm = memoryLog()
  await take(
    calm,
    TENANT,
    deliveries.map(({ line }) => line),
  )
  let stored = 0
  for await (const batch of calm.readAll()) stored += batch.length
  let there = 0
  for await (const batch of one.readAll({ prefixes: ['0', '1', '2', '3'].map((digit) => `${TENANT}.${digit}`) }))
    there += batch.length
  expect(there, 'raw events, each stored once').toBe(stored)

  await appendTick(calm, TENANT, through)
  await project({ log: calm, tenant: TENANT, profile })
  expectSameRows(await bookOfLog(one, TENANT, 'g1'), await everyRevision(one, TENANT, profile))
  const digests = intervalDigests(comparedRows(await rowsOf(calm, TENANT)))
  expect(digests.length).toBeGreaterThan(3)
  expect(intervalDigests(comparedRows(await rowsOf(one, TENANT)))).toEqual(digests)
}

test.each([1, 2, 3, 4])(
  'two ingress processes and a projector on an EventStoreDB that misbehaves: each fact is stored once, and the rows are those of a calm run (seed %i)',
  (seed) => expectCalmOutcome(seed),
)
