import { Activity } from '../../src/app/pipeline/activity.js'
import type { Generation } from '../../src/app/pipeline/generations.js'
import { PauseGate } from '../../src/app/pipeline/pause-gate.js'
import type { ProjectorEnd } from '../../src/app/pipeline/projector/projector.js'
import { noSnapshots, type SnapshotStore } from '../../src/app/pipeline/projector/snapshots.js'
import { runMerger } from '../../src/app/pipeline/shards/merger.js'
import {
  runPointsWorker,
  type Assignments,
  type PointsWorkerOptions,
} from '../../src/app/pipeline/shards/points-worker.js'
import { pointsTail } from '../../src/contract/points/points-stream.js'
import { pointsStream } from '../../src/domain/stream-name.js'
import type { FoldMeter } from '../../src/telemetry/metrics/stage-meters.js'
import type { EventLog, Position } from '../../src/log/event-log.js'
import { silent } from './pipeline.js'

export type Shard = Readonly<{
  tenant: string
  generation: Generation
  owner: string
  buckets: readonly string[]
  batchMax?: number
  snapshotsOf?: (bucket: string) => SnapshotStore
  meter?: FoldMeter
}>

const optionsOf = (log: EventLog, shard: Shard): Omit<PointsWorkerOptions, 'assignments'> => ({
  tenant: shard.tenant,
  generation: shard.generation,
  owner: shard.owner,
  batchMax: shard.batchMax ?? 1_000,
  snapshotsOf: shard.snapshotsOf ?? (() => noSnapshots),
  raw: log,
  points: log,
  meter: shard.meter,
  acceptCheckpoint: [],
  gate: new PauseGate(),
  activity: new Activity(() => 0),
  logger: silent,
  now: () => 0,
})

/** Finds the points of some buckets through the head of the log, and ends. */
export const findPointsOnce = (log: EventLog, shard: Shard): Promise<void> => {
  let caughtUp = (): void => undefined
  const done = new Promise<void>((resolve) => (caughtUp = resolve))
  async function* untilCaughtUp(): Assignments {
    yield shard.buckets
    await done
  }
  return runPointsWorker({ ...optionsOf(log, shard), assignments: untilCaughtUp(), onCaughtUp: caughtUp })
}

/** A shard that runs until it is stopped, and whose buckets change as the test says. */
export const startShard = (log: EventLog, shard: Shard, more: Partial<PointsWorkerOptions> = {}) => {
  const queue: (readonly string[])[] = [shard.buckets]
  let [wake, isStopped] = [(): void => undefined, false]
  async function* assignments(): Assignments {
    for (;;) {
      for (const next of queue.splice(0)) yield next
      if (isStopped) return
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  const ended = runPointsWorker({ ...optionsOf(log, shard), assignments: assignments(), ...more })
  ended.catch(() => undefined)
  return {
    ended,
    assign: (buckets: readonly string[]): void => {
      queue.push(buckets)
      wake()
    },
    stop: (): Promise<void> => {
      isStopped = true
      wake()
      return ended
    },
  }
}

/** Merges what the buckets have stored, and ends. */
export const mergeOnce = (
  log: EventLog,
  {
    tenant,
    generation,
    snapshots = noSnapshots,
    meter,
  }: Readonly<{ tenant: string; generation: Generation; snapshots?: SnapshotStore; meter?: FoldMeter }>,
): Promise<ProjectorEnd> =>
  runMerger({
    ...{ tenant, generation, snapshots, raw: log, kpi: log, batchMax: 1_000, untilCaughtUp: true },
    ...{ signal: new AbortController().signal, logger: silent, now: () => 0, meter },
  })

/** Resolves once a stream's events show what is awaited. */
export const comes = async (log: EventLog, stream: string, isThere: () => Promise<boolean>): Promise<void> => {
  const stop = new AbortController()
  for await (const _ of log.subscribeStream(stream, { signal: stop.signal })) if (await isThere()) return stop.abort()
}

/** Resolves once a bucket of generation g1 has passed a raw position. */
export const passes = (log: EventLog, tenant: string, bucket: string, position: Position): Promise<void> =>
  comes(log, pointsStream(tenant, 'g1', bucket), async () => {
    const { mark } = await pointsTail(log, tenant, 'g1', bucket)
    return mark !== undefined && mark.position >= position
  })
