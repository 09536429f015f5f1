import type { Logger } from 'pino'
import type { ProgressMismatchCode } from '../../../egress/progress-mismatch.js'
import type { CutOver, Progress, RowFilter, Sink, SinkFailure, SinkRecord } from '../../../egress/sink.js'
import type { EventLog, RecordedEvent } from '../../../log/event-log.js'
import type { EgressTrace } from '../../../telemetry/traces/tracing.js'
import type { Activity } from '../activity.js'
import type { Live } from '../generations.js'
import type { Logs } from '../logs/logs.js'
import type { PauseGate } from '../pause-gate.js'
import type { Lost, RetryOptions } from '../retry.js'
import type { StageEnd } from '../stage.js'
import type { Lag } from './lag.js'
import type { Periods } from './periods.js'

export type EgressEnd = Exclude<StageEnd, { kind: 'failed' }>

/** What holds where nothing is configured. */
export const egressDefaults = { retry: { firstMs: 200, maxMs: 30_000 } } as const

export type EgressOptions = Readonly<{
  tenant: string
  logs: Logs
  sink: Sink
  /** Whether publications are recorded in the log. Default: not. */
  recordsPublications?: boolean
  /** What is published. Default everything. */
  filter?: RowFilter | undefined
  /** When it is published. Default as rows come. */
  periods?: Periods | undefined
  /** Events of a period that are looked at together. Default 250,000. */
  windowMax?: number
  /** Records in one write, at most. */
  batchMax: number
  untilCaughtUp: boolean
  /** Mismatches of the progress at the destination that the operator accepts. Default none. */
  acceptProgress?: readonly ProgressMismatchCode[]
  /** How often an idle egress asks whether another has taken over. Default ten seconds. */
  ownerCheckMs?: number
  /** How often the end of the log is looked at, for the lag that health tells. Default five seconds. */
  lagCheckMs?: number
  /** Pauses between attempts while log or destination are away. Default: that of `egressDefaults`. */
  retry?: RetryOptions['backoff']
  random?: RetryOptions['random']
  signal: AbortSignal
  /** Closed, it holds the egress between two writes, connected as it is. Absent: the egress cannot be paused. */
  gate?: PauseGate
  activity?: Activity | undefined
  /** Follows sampled events; called for each connection and generation. Absent: none are. */
  trace?: (() => EgressTrace) | undefined
  logger: Logger
  now: () => number
  /** Called after every write: records written since the start of the call, and how far the egress is. */
  onProgress?: (written: number, progress: Progress) => void
}>

/** One connection of the egress. */
export type Publishing = Omit<EgressOptions, 'filter'> &
  Readonly<{
    gate: PauseGate
    filter: RowFilter
    lag: Lag
    /** What the sink told when it connected. */
    progress: Progress | undefined
    /** Called whenever log and destination have done what they should. */
    onWorking: () => void
    onWritten: (records: number, progress: Progress) => void
  }>

/**
 * Writes batches to the sink, one after the other. While one is written the next is prepared, and no more than that
 * one. After a failure nothing more is written: what was prepared is dropped, and the sink tells where to go on.
 */
export type Writer = Readonly<{
  /**
   * Writes records together with the progress that everything through the event `through` is dealt with. Resolves when
   * the batch before is written and this one has begun, with the failure of the one before.
   *
   * Where nothing passed the filter the progress is written only every so many revisions: an egress that starts again
   * before reads these events again, finds nothing to publish in them, and nothing is lost.
   *
   * `isWhole` (default true): nothing before `through` was passed over for a later revision that is still to come.
   */
  write: (records: readonly SinkRecord[], through: RecordedEvent, isWhole?: boolean) => Promise<SinkFailure | undefined>
  /**
   * Writes records of a cut-over, and that this is left to do of it; `undefined`: nothing is. Resolves as `write` does.
   */
  writeCutOver: (records: readonly SinkRecord[], left: CutOver | undefined) => Promise<SinkFailure | undefined>
  /** The progress through the last event that was given to `write`, whether it was written or left out. */
  place: () => Promise<Progress>
  /** Resolves when the last batch is written, with its failure. */
  written: () => Promise<SinkFailure | undefined>
}>

/** One generation that is published. */
export type Generation = Readonly<{
  live: Live
  kpi: EventLog
  stream: string
  /** The first revision that is still to be dealt with. */
  from: number
  /** What is to be done once everything that the stream holds is published. */
  cutOver: CutOver | undefined
  writer: Writer
  trace: EgressTrace | undefined
  /** Aborts when nothing more is to be published of it: a stop, a promotion, another owner, a write that failed. */
  until: AbortSignal
}>

/** What a failure of the sink means for the egress. */
export const endOf = (failure: SinkFailure): EgressEnd | Lost => {
  switch (failure.tag) {
    case 'NotConnected': {
      const { cause, retryAfterMs } = failure
      return { kind: 'lost', cause, isDestination: true, ...(retryAfterMs !== undefined && { retryAfterMs }) }
    }
    case 'Fenced':
      return { kind: 'superseded', by: failure.by }
    case 'Refused':
      return { kind: 'refused', reason: failure.reason }
  }
}
