import { pointsTail, type PointsTail } from '../../../contract/points/points-stream.js'
import { bucketOfStream } from '../../../domain/stream-name.js'
import type { EventLog } from '../../../log/event-log.js'
import type { Generation } from '../generations.js'
import { checkpointRefusal, rawLogIdOf, type CheckpointMismatchCode } from '../projector/checkpoint-check.js'
import { AppendFailed } from '../projector/kpi-writer.js'
import { knownAtStart } from '../projector/known-at-start.js'
import { erasures, usableSnapshot } from '../projector/recovery.js'
import type { SnapshotStore } from '../projector/snapshots.js'
import { BucketFold } from './bucket-fold.js'

export type BucketsOf = Readonly<{
  tenant: string
  generation: Generation
  raw: EventLog
  /** The log that holds the points streams. */
  points: EventLog
  /** Opens the snapshots of a bucket. */
  snapshotsOf: (bucket: string) => SnapshotStore
  acceptCheckpoint: readonly CheckpointMismatchCode[]
}>

/** A bucket that this process works on. */
export type HeldBucket = Readonly<{ fold: BucketFold; snapshots: SnapshotStore }>

/** Buckets as they were left, and the streams of theirs that were erased. */
export type Opened = Readonly<{ buckets: readonly HeldBucket[]; erased: ReadonlySet<string> }>

/**
 * Opens buckets where their points streams end, from the snapshot if this process has a usable one, else from the
 * beginning of the raw log; what is stored already is then folded again without being stored again. Erasing does not
 * stop that: of what was erased nothing more is found, and what had been found of it stays in the points stream. Throws
 * `AppendFailed` where a bucket cannot go on from this raw log.
 */
export const openBuckets = async (options: BucketsOf, names: readonly string[]): Promise<Opened> => {
  const { tenant, generation, raw, points, acceptCheckpoint } = options
  const logId = await rawLogIdOf(raw)
  const known = await knownAtStart(options)
  const { erased } = await erasures(options, undefined, -1n)
  const isErased = (stream: string): boolean => erased.has(stream)
  const tails = new Map<string, PointsTail>()
  for (const bucket of names) tails.set(bucket, await pointsTail(points, tenant, generation.name, bucket))
  const marks = [...tails.values()].map(({ mark }) => mark).filter((mark) => mark !== undefined)
  const refused = await checkpointRefusal({ raw, generation, isErased, accepted: acceptCheckpoint, marks })
  if (refused !== undefined) throw new AppendFailed({ tag: 'Refused', reason: refused })

  const buckets: HeldBucket[] = []
  for (const [bucket, stored] of tails) {
    const snapshots = options.snapshotsOf(bucket)
    const snapshot = usableSnapshot(snapshots.load(), logId, stored.mark)
    if (snapshot === undefined) await snapshots.clear()
    const { coldStore } = snapshots
    const fold = new BucketFold(
      { tenant, bucket, generation, logId, stored, snapshot },
      snapshot === undefined ? { coldStore, ...known } : { coldStore, state: snapshot.state },
    )
    buckets.push({ fold, snapshots })
  }
  return { buckets, erased: inBuckets(erased.keys(), tenant) }
}

const inBuckets = (streams: Iterable<string>, tenant: string): ReadonlySet<string> =>
  new Set([...streams].filter((stream) => bucketOfStream(tenant, stream) !== undefined))
