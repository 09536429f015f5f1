import type { Logger } from 'pino'
import type { EventLog, Position } from '../../../log/event-log.js'
import type { ProjectorTrace } from '../../../telemetry/traces/tracing.js'
import type { FoldMeter } from '../../../telemetry/metrics/stage-meters.js'
import type { Activity } from '../activity.js'
import type { FactMeans } from '../facts/open-feed.js'
import type { Generation } from '../generations.js'
import type { CheckpointMismatchCode } from './checkpoint-check.js'
import type { PauseGate } from '../pause-gate.js'
import type { SnapshotStore } from './snapshots.js'

export type ProjectorOptions = Readonly<{
  tenant: string
  generation: Generation
  raw: EventLog
  kpi: EventLog
  snapshots: SnapshotStore
  /** Where decoded facts are kept, and the threads that decode. */
  facts?: FactMeans
  /** Raw events folded between two appends, at most. */
  batchMax: number
  untilCaughtUp: boolean
  signal: AbortSignal
  /** Closed, it holds the projector between two batches. Absent: the projector cannot be paused. */
  gate?: PauseGate
  /** How long the log may be away before `GaveUp` is thrown. Absent: for as long as it lasts. */
  waitMs?: number | undefined
  activity?: Activity | undefined
  /** Mismatches between checkpoint and raw log that the operator accepts. */
  acceptCheckpoint?: readonly CheckpointMismatchCode[]
  logger: Logger
  /** Counts what is folded and appended. */
  meter?: FoldMeter | undefined
  now: () => number
  /** Called whenever the log has delivered or taken what it should: it is not lost. */
  onWorking?: () => void
  /** Follows sampled events; absent: none are. */
  trace?: ProjectorTrace | undefined
  /**
   * Called after every append: raw events folded since this attempt began (those behind the checkpoint included) and
   * where the projector is.
   */
  onProgress?: (progress: Readonly<{ events: number; rows: number; position: Position }>) => void
}>

/** The options of one attempt. */
export type ProjectorRun = ProjectorOptions & Readonly<{ gate: PauseGate }>
