import { randomUUID } from 'node:crypto'
import { AppendFailed } from '../projector/kpi-writer.js'
import { LateCount } from '../projector/late-share.js'
import { endOf, type ProjectorEnd } from '../projector/projector.js'
import {
  followLive,
  openKpi,
  openWhenFree,
  snapshotsOf,
  withRowIndex,
  type LiveOptions,
  type LiveProjectorOptions,
  type OnGeneration,
} from '../projector/projector-stage.js'
import { retrying, type Lost } from '../retry.js'
import type { FoldMeter } from '../../../telemetry/metrics/stage-meters.js'
import type { Activity } from '../activity.js'
import type { Generation } from '../generations.js'
import type { CheckpointMismatchCode } from '../projector/checkpoint-check.js'
import type { PauseGate } from '../pause-gate.js'
import { BucketGroup, MembershipRefused, type MembershipOptions } from './membership.js'
import { mergeSnapshot, runMerger } from './merger.js'
import { runPointsWorker } from './points-worker.js'

export type LivePointsOptions = Omit<LiveOptions, 'what' | 'untilCaughtUp' | 'gate' | 'activity'> &
  Readonly<{
    data: string | undefined
    batchMax: number
    acceptCheckpoint: readonly CheckpointMismatchCode[]
    gate: PauseGate
    activity: Activity
    membership: Omit<MembershipOptions, 'logger'>
    /** Counts what is folded. */
    meter?: FoldMeter | undefined
  }>

const RETRY = { firstMs: 100, maxMs: 10_000 }

/**
 * Finds the points of the buckets that the group assigns to this process, in the live generation. When it ends it leaves
 * the group, after everything that was found is stored.
 */
export const runLivePoints = async (options: LivePointsOptions): Promise<ProjectorEnd> => {
  const { activity, logger, now } = options
  const group = new BucketGroup({ ...options.membership, logger })
  const late = new LateCount(now)
  activity.watch('events-too-late', () => late.share().isAlarming)
  try {
    return await followLive(
      { ...options, what: 'points', untilCaughtUp: false },
      async (on) =>
        scopedRefusal(on.generation) ??
        retrying<ProjectorEnd>({ ...options, what: 'points', signal: on.signal, backoff: RETRY }, (works) =>
          attempt(options, { ...on, onWorking: () => (works(), on.onWorking()) }, group, late),
        ),
    )
  } finally {
    await group.leave()
  }
}

const attempt = async (
  options: LivePointsOptions,
  { generation, waitMaxMs, signal, onWorking }: Parameters<OnGeneration>[0],
  group: BucketGroup,
  late: LateCount,
): Promise<ProjectorEnd | Lost> => {
  const { tenant, logs, data } = options
  const points = await openWhenFree(() => logs.points(generation.name), waitMaxMs, signal)
  try {
    await runPointsWorker({
      ...options,
      ...{ generation, points, onWorking, owner: randomUUID(), assignments: group.assignments(signal) },
      snapshotsOf: (bucket) => snapshotsOf(data, tenant, `${generation.name}.points-${bucket}`, logs),
      onStored: ({ fed, tooLate }) => late.add(fed, tooLate),
    })
    return { kind: 'stopped' }
  } catch (cause) {
    if (cause instanceof AppendFailed) return endOf(cause.failure)
    if (cause instanceof MembershipRefused) return { kind: 'refused', reason: cause.message }
    throw cause
  }
}

/** Merges the points of all buckets into rows of the live generation. */
export const runLiveMerge = (options: LiveProjectorOptions): Promise<ProjectorEnd> =>
  followLive({ ...options, what: 'merge' }, async ({ generation, waitMaxMs, signal, onWorking }) => {
    const refused = scopedRefusal(generation)
    if (refused !== undefined) return refused
    const { logs, data, tenant, logger } = options
    const kpi = await openKpi(logs, generation, waitMaxMs, signal)
    const snapshots = snapshotsOf(data, tenant, mergeSnapshot(generation), logs)
    try {
      logger.info({ generation: generation.name }, 'merge: merging')
      return await withRowIndex(options, generation, kpi, (onProgress) =>
        runMerger({ ...options, generation, kpi, snapshots, signal, onWorking, onProgress }),
      )
    } finally {
      await snapshots.close()
      await logs.releaseKpi(generation.name)
    }
  })

/** What buckets find is found by one profile; a generation that was rebuilt in part has two. */
const scopedRefusal = ({ name, scoped }: Generation): Extract<ProjectorEnd, { kind: 'refused' }> | undefined =>
  scoped === undefined
    ? undefined
    : {
        kind: 'refused',
        reason: `generation ${name} was rebuilt in part, which points and merge cannot go on with: run the stage projector, or \`streamvane projections rebuild --promote\` without a scope`,
      }
