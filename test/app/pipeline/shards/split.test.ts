import { beforeAll, describe, expect, test } from 'vitest'
import { HOUR_MS } from '../../../../src/domain/interval.js'
import { defaultProfile, type Profile } from '../../../../src/domain/profile.js'
import { allBuckets } from '../../../../src/domain/stream-name.js'
import { appendTick } from '../../../../src/ingress/clock.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { memorySnapshots } from '../../../support/memory-snapshots.js'
import { bookOfLog, everyRevision, expectSameRows } from '../../../support/pipeline-life.js'
import { generationOf, project, take } from '../../../support/pipeline.js'
import { findPointsOnce, mergeOnce, passes, startShard } from '../../../support/shards.js'

const TENANT = 't'
const MINUTE = 60_000

/** A morning of a centre, with a clock that ticks as its events arrive. */
const morning = async (): Promise<EventLog> => {
  const log = memoryLog()
  const simulation = simulate({
    ...{ seed: 3, fromMs: Date.parse('2026-01-05T08:00:00Z'), hours: 1, queues: 2, agents: 40, callsPerHour: 60 },
    ...{ reorder: 0.1, lateness: { share: 0.05, maxMs: HOUR_MS } },
  })
  let lines: string[] = []
  let tick = 0
  for (const { line, deliverAtMs } of simulation) {
    lines.push(line)
    if (deliverAtMs < tick + 5 * MINUTE) continue
    tick = deliverAtMs
    await take(log, TENANT, lines)
    lines = []
    await appendTick(log, TENANT, tick)
  }
  await take(log, TENANT, lines)
  await appendTick(log, TENANT, Date.parse(simulation.truth().through) + HOUR_MS)
  return log
}

describe.each(['metric-records', 'detail-events'] as const)('points from %s', (points) => {
  const profile: Profile = { ...defaultProfile, points }
  const generation = generationOf(profile)
  const half = (index: number) => allBuckets.filter((_, at) => at % 2 === index)
  let log: EventLog
  beforeAll(async () => {
    log = await morning()
  })

  test('two shards and a merger give the rows of one projector', async () => {
    for (const index of [0, 1])
      await findPointsOnce(log, { tenant: TENANT, generation, owner: `p${index}`, buckets: half(index) })
    expect(await mergeOnce(log, { tenant: TENANT, generation })).toMatchObject({ kind: 'caught-up' })
    expectSameRows(await bookOfLog(log, TENANT, 'g1'), await everyRevision(log, TENANT, profile))
  })

  test('a merger goes on where a projector ended, and a projector where a merger did', async () => {
    const own = await morning()
    const snapshots = memorySnapshots()
    await project({ log: own, tenant: TENANT, profile, snapshots })
    const more = simulate({
      ...{ seed: 4, fromMs: Date.parse('2026-01-05T10:00:00Z'), hours: 1, queues: 2, agents: 40, callsPerHour: 30 },
    })
    await take(
      own,
      TENANT,
      [...more].map(({ line }) => line),
    )
    await appendTick(own, TENANT, Date.parse('2026-01-05T10:40:00Z'))
    await findPointsOnce(own, { tenant: TENANT, generation, owner: 'p', buckets: allBuckets })
    await mergeOnce(own, { tenant: TENANT, generation })
    await appendTick(own, TENANT, Date.parse(more.truth().through) + HOUR_MS)
    await project({ log: own, tenant: TENANT, profile, snapshots })
    expectSameRows(await bookOfLog(own, TENANT, 'g1'), await everyRevision(own, TENANT, profile))
  })
})

test('buckets that change hands while events come are given up and gone on with, and a slow owner is fenced', async () => {
  const profile = defaultProfile
  const generation = generationOf(profile)
  const log = memoryLog()
  const simulation = simulate({
    ...{ seed: 5, fromMs: Date.parse('2026-01-05T08:00:00Z'), hours: 1, queues: 2, agents: 30, callsPerHour: 40 },
  })
  const lines = [...simulation].map(({ line }) => line)
  const feed = async (from: number, to: number, tick: string) => {
    await take(log, TENANT, lines.slice(from, to))
    await appendTick(log, TENANT, Date.parse(tick))
    const head = await log.head()
    if (head === undefined) throw new Error('nothing was stored')
    return head
  }
  const third = Math.ceil(lines.length / 3)
  const slow = startShard(log, { tenant: TENANT, generation, owner: 'slow', buckets: allBuckets })
  const first = await feed(0, third, '2026-01-05T08:20:00Z')
  for (const bucket of allBuckets) await passes(log, TENANT, bucket, first)

  // It owns half of them now, and the other does not know yet.
  const [stays, moves] = [allBuckets.slice(0, 32), allBuckets.slice(32)]
  const quick = startShard(log, { tenant: TENANT, generation, owner: 'quick', buckets: moves })
  const second = await feed(third, 2 * third, '2026-01-05T08:40:00Z')
  for (const bucket of allBuckets) await passes(log, TENANT, bucket, second)
  slow.assign(stays)
  const last = await feed(2 * third, lines.length, simulation.truth().through)
  for (const bucket of allBuckets) await passes(log, TENANT, bucket, last)
  await Promise.all([slow.stop(), quick.stop()])

  await appendTick(log, TENANT, Date.parse(simulation.truth().through) + HOUR_MS)
  await findPointsOnce(log, { tenant: TENANT, generation, owner: 'end', buckets: allBuckets })
  await mergeOnce(log, { tenant: TENANT, generation })
  expectSameRows(await bookOfLog(log, TENANT, 'g1'), await everyRevision(log, TENANT, profile))
})
