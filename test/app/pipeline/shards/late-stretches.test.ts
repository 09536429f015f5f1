import { expect, test } from 'vitest'
import { behindHorizon, deadLetters } from '../../../../src/app/operations/dead-letters.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import { ensureLive } from '../../../../src/app/pipeline/projector/projector-stage.js'
import { DAY_MS, HOUR_MS } from '../../../../src/domain/interval.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { allBuckets, deadLetterStream } from '../../../../src/domain/stream-name.js'
import type { LateStretch } from '../../../../src/ingress/dead-letter.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { eventsOf } from '../../../ingress/log-content.js'
import { memorySnapshots } from '../../../support/memory-snapshots.js'
import { projectOnce } from '../../../support/pipeline-life.js'
import { generationOf, take, tickTo } from '../../../support/pipeline.js'
import { findPointsOnce } from '../../../support/shards.js'

const FROM = Date.parse('2026-01-05T23:00:00Z')
const profile = { ...defaultProfile, lateHorizonMs: HOUR_MS }
const generation = generationOf(profile)
const history = [...simulate({ seed: 3, fromMs: FROM, hours: 2, queues: 2, agents: 60 })].map(({ line }) => line)
const half = Math.floor(history.length / 2)

/** A log whose clock is two days further when the history arrives. */
const lateLog = async (): Promise<EventLog> => {
  const log = memoryLog()
  await tickTo(log, 't', FROM + 2 * DAY_MS)
  await take(log, 't', history.slice(0, half))
  await ensureLive(singleLog(log), 't', profile, memoryLog(), () => 0)
  return log
}

const stretchesIn = async (log: EventLog): Promise<readonly LateStretch[]> => {
  const stretches: LateStretch[] = []
  for await (const { note } of deadLetters(singleLog(log), 't'))
    if (note.stretch !== undefined) stretches.push(note.stretch)
  return stretches.sort((a, b) => (a.day + a.topic < b.day + b.topic ? -1 : 1))
}

test('buckets tell what lies behind the late horizon by the stretch, as a projector tells it, whoever owns them', async () => {
  const [alone, shared] = [await lateLog(), await lateLog()]
  const kept = new Map(allBuckets.map((bucket) => [bucket, memorySnapshots()]))
  const snapshotsOf = (bucket: string) => kept.get(bucket) as ReturnType<typeof memorySnapshots>
  const shard = { tenant: 't', generation }
  const projected = (log: EventLog) =>
    projectOnce(log, log, { tenant: 't', generation, batchMax: 100, snapshots: memorySnapshots() })
  const wanted = async () => {
    await projected(alone)
    return stretchesIn(alone)
  }

  for (const [owner, buckets] of [allBuckets.slice(0, 20), allBuckets.slice(20)].entries())
    await findPointsOnce(shared, { ...shard, owner: `p${owner}`, buckets, snapshotsOf })
  const first = await wanted()
  expect(first.length).toBeGreaterThan(3)
  expect((await stretchesIn(shared)).map(({ day, topic, count }) => ({ day, topic, count }))).toEqual(
    first.map(({ day, topic, count }) => ({ day, topic, count })),
  )

  // Another owner without the snapshots folds all of it again, and one with them goes on: nothing is counted twice.
  for (const log of [alone, shared]) await take(log, 't', history.slice(half))
  await findPointsOnce(shared, { ...shard, owner: 'q', buckets: allBuckets.slice(0, 20) })
  await findPointsOnce(shared, { ...shard, owner: 'r', buckets: allBuckets.slice(20), snapshotsOf })
  const all = await wanted()
  expect((await stretchesIn(shared)).map(({ day, topic, count }) => ({ day, topic, count }))).toEqual(
    all.map(({ day, topic, count }) => ({ day, topic, count })),
  )
  const events = await behindHorizon(singleLog(shared), 't')
  expect(events).toBe(await behindHorizon(singleLog(alone), 't'))
  expect((await eventsOf(shared, deadLetterStream('t'))).length).toBeLessThan(events / 2)

  // A projector that goes on in its place counts the same events, and they are told once.
  await projected(shared)
  expect(await behindHorizon(singleLog(shared), 't')).toBe(events)
})
