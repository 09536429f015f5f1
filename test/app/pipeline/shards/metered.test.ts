import { expect, test } from 'vitest'
import { runProjector } from '../../../../src/app/pipeline/projector/projector.js'
import { noSnapshots } from '../../../../src/app/pipeline/projector/snapshots.js'
import { HOUR_MS } from '../../../../src/domain/interval.js'
import { defaultProfile } from '../../../../src/domain/profile.js'
import { allBuckets, clockStream } from '../../../../src/domain/stream-name.js'
import { appendTick } from '../../../../src/ingress/clock.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { Meters } from '../../../../src/telemetry/metrics/meters.js'
import { stageMeters } from '../../../../src/telemetry/metrics/stage-meters.js'
import { bookOfLog } from '../../../support/pipeline-life.js'
import { generationOf, silent, take } from '../../../support/pipeline.js'
import { findPointsOnce, mergeOnce, passes, startShard } from '../../../support/shards.js'

const TENANT = 't'
const FROM = Date.parse('2026-01-05T08:00:00Z')
const generation = generationOf({ ...defaultProfile, lateHorizonMs: HOUR_MS })

/** The sum of a metric over its series with this label; of a histogram its observations. */
const sumOf = async (meters: Meters, name: string, label?: string): Promise<number> =>
  (await meters.read())
    .filter(({ metric, labels }) => metric.name === name && (label === undefined || labels.includes(label)))
    .reduce((sum, { value }) => sum + (typeof value === 'number' ? value : value.count), 0)

/** An hour of a centre, and behind it events that are too late. */
const hour = async () => {
  const log = memoryLog()
  const lines = [...simulate({ seed: 3, fromMs: FROM, hours: 1, queues: 2, agents: 20 })].map(({ line }) => line)
  await take(log, TENANT, lines.slice(0, -40))
  await appendTick(log, TENANT, FROM + 3 * HOUR_MS)
  await appendTick(log, TENANT, FROM + 6 * HOUR_MS)
  await take(log, TENANT, lines.slice(-40))
  return log
}

test('points and merge count what a projector counts: rows that they append, and events that are too late', async () => {
  const alone = { log: await hour(), meters: new Meters() }
  await runProjector({
    ...{ tenant: TENANT, generation, raw: alone.log, kpi: alone.log, snapshots: noSnapshots, batchMax: 1_000 },
    ...{ untilCaughtUp: true, signal: new AbortController().signal, logger: silent, now: () => 0 },
    meter: stageMeters(alone.meters).projector,
  })

  const shared = { log: await hour(), meters: new Meters() }
  const { points, merge } = stageMeters(shared.meters)
  for (const index of [0, 1]) {
    const buckets = allBuckets.filter((_, at) => at % 2 === index)
    await findPointsOnce(shared.log, { tenant: TENANT, generation, owner: `p${index}`, buckets, meter: points })
  }
  await mergeOnce(shared.log, { tenant: TENANT, generation, meter: merge })

  for (const { log, meters } of [alone, shared]) {
    const revisions = [...(await bookOfLog(log, TENANT, 'g1')).values()].reduce((sum, { size }) => sum + size, 0)
    expect(revisions).toBeGreaterThan(20)
    expect(await sumOf(meters, 'streamvane_rows_total')).toBe(revisions)
  }
  const tooLate = await sumOf(alone.meters, 'streamvane_dead_letters_total', 'too-late')
  expect(tooLate).toBeGreaterThan(0)
  expect(await sumOf(shared.meters, 'streamvane_dead_letters_total', 'too-late')).toBe(tooLate)

  for (const stage of ['points', 'merge']) {
    expect(await sumOf(shared.meters, 'streamvane_folded_events_total', stage)).toBeGreaterThan(0)
    expect(await sumOf(shared.meters, 'streamvane_fold_duration_seconds', stage)).toBeGreaterThan(0)
  }
  expect(await sumOf(shared.meters, 'streamvane_folded_events_total', 'projector')).toBe(0)
  expect(merge.view?.openIntervals?.()).toBe(0)
})

test('a bucket that another process took over counts as a fence of points', async () => {
  const log = memoryLog()
  const meters = new Meters()
  const [bucket = ''] = allBuckets
  let at = FROM
  const tick = async (): Promise<void> => {
    await appendTick(log, TENANT, (at += HOUR_MS))
    for await (const [event] of log.readStream(clockStream(TENANT), { backwards: true, max: 1 }))
      if (event !== undefined) return passes(log, TENANT, bucket, event.position)
  }
  const meter = stageMeters(meters).points
  const shards = ['one', 'two'].map((owner) =>
    startShard(log, { tenant: TENANT, generation, owner, buckets: [bucket], meter }),
  )
  // Both hold the bucket; whoever stores a tick as the second is fenced.
  while ((await sumOf(meters, 'streamvane_fences_total', 'points')) === 0) await tick()
  await Promise.all(shards.map((shard) => shard.stop()))
})
