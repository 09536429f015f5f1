import type { Either } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { unreachable } from '../domain/unreachable.js'
import type { GenerationComplete } from '../contract/completeness-codec.js'
import type { RowHeader } from '../contract/row-header.js'
import type { FamilyName } from '../domain/family.js'
import type { Granularity } from '../domain/granularity.js'
import type { Publication } from '../contract/schema/published-schema.js'
import type { IntervalComplete } from '../domain/interval-complete.js'
import type { Left } from '../domain/kpi-event.js'

/**
 * How far the egress has come: everything through `revision` of the KPI stream of `generation` is at the destination.
 * Every log names its first generation `g1`, so `logId` (`EventLog.id()`) says which log that stream is in, and
 * `eventId` which event stands at `revision` there. Both are absent from what earlier versions wrote, and so is
 * `promotion`, the promotion under which the generation is published. `filter` is the one in force when `revision` was
 * passed; absent: everything was published. `lacks`: the destination does not hold all that this filter lets pass
 * through `revision`: an earlier one let less pass, or a period is written in part. `cutOver` is there until the cut-over
 * to this generation is done.
 */
export type Progress = Readonly<{
  generation: string
  revision: number
  logId?: string
  eventId?: string
  promotion?: number
  filter?: RowFilter
  lacks?: 'rows-left-out' | 'rest-of-period'
  cutOver?: CutOver
}>

/**
 * A cut-over to a promoted generation that is not finished. `before` are the generations whose rows may be at the
 * destination, each with the last revision of its stream that was published. `done` counts the rows of these streams,
 * one stream after the other, that are dealt with: what only they have of them is withdrawn. `differencesThrough`: of
 * the promoted generation's stream only what differs from that before is published, through this revision; absent: all.
 */
export type CutOver = Readonly<{
  before: readonly Readonly<{ generation: string; revision: number; logId?: string }>[]
  done: number
  differencesThrough?: number
}>

/**
 * Which rows a destination is to get; what is absent lets all pass. `only: 'final'`: no rows of open intervals, so of
 * each row what it was when its interval closed, and its corrections.
 */
export type RowFilter = Readonly<{
  families?: readonly FamilyName[]
  granularities?: readonly Granularity[]
  only?: 'final'
}>

/** What is on its way out, and as what it is published. A sink has to say what becomes of each kind. */
export type SinkRecord = ValuedRecord | LeftRecord

/** A record with a value. */
export type ValuedRecord = RowRecord | MarkerRecord | GenerationRecord

/** A row: the bare Avro datum as the KPI log holds it, and the header read from its front. */
export type RowRecord = Publication &
  Readonly<{
    kind: 'row'
    header: RowHeader
    avro: Uint8Array
    /** Fingerprint of the schema that `avro` was written with. */
    schema: string
    /**
     * Whether no row of a later interval was published before: of the same series, and of the same queue, agent and so
     * on. Absent where that is not known; the record then goes to no topic of latest state by series or entity.
     */
    newest?: Newest
    /**
     * Only a generation before had the row: it holds nothing now. Topics of latest state get a tombstone. Of a
     * withdrawn row, `newest` says that no row of its series, or entity, is left.
     */
    withdrawn?: true
    /** Published again on request; consumers that deduplicate by (generation, key, revision) may drop it. */
    replay: boolean
  }>

/** All but tombstones: those are for what keeps a latest state. */
export const hasValue = (record: SinkRecord): record is ValuedRecord => record.kind !== 'left'

export const isRow = (record: SinkRecord): record is RowRecord => record.kind === 'row'

/** An interval is complete: comes after its rows. `avro` and `schema` as those of a row. */
export type MarkerRecord = Publication &
  Readonly<{ kind: 'interval-complete'; marker: IntervalComplete; avro: Uint8Array; schema: string }>

/** Everything that a generation held when it was promoted has come before. */
export type GenerationRecord = Publication & Readonly<{ kind: 'generation-complete'; statement: GenerationComplete }>

/** A queue or an agent was deleted. `series`: keys of all series that name it, for topics of latest state. */
export type LeftRecord = Publication & Readonly<{ kind: 'left'; left: Left; series: readonly string[] }>

export type Newest = Readonly<{ series: boolean; entity: boolean }>

/**
 * Records in KPI-log order and the progress that their arrival means; `progress` is absent where progress must not move
 * (a replay).
 */
export type SinkBatch = Readonly<{ records: readonly SinkRecord[]; progress?: Progress }>

/**
 * Where a batch lies now, as far as the destination tells: the offsets of its records, or the number of the commit by
 * which they count. `transaction`: the one by which it came there.
 */
export type Written = Readonly<{
  offsets?: readonly OffsetRange[]
  commit?: number
  transaction?: TransactionTimes
}>

/** When a transaction began, when all its records were acknowledged, and when it was committed: epoch milliseconds. */
export type TransactionTimes = Readonly<{ beganAt: number; sentAt: number; committedAt: number }>

/**
 * Records on a partition, from offset `first` through `last`; both absent where the broker did not tell them. Between
 * them lie the markers of transactions, and records of others that write to the topic.
 */
export type OffsetRange = Readonly<{
  topic: string
  partition: number
  /** How many partitions the keys of the topic were spread over. */
  partitions?: number
  first?: number
  last?: number
  records: number
}>

/** Records that were looked for: how many were found, and where. */
export type Located = Readonly<{ records: number; offsets: readonly OffsetRange[] }>

export type SinkFailure =
  /**
   * The destination cannot be reached or does not answer; the outcome of a write is unknown. Connect again, read the
   * progress, go on from there. `retryAfterMs`: not before so many milliseconds, as the destination asks for.
   */
  | Readonly<{ tag: 'NotConnected'; cause: unknown; retryAfterMs?: number }>
  /** Another instance has taken over. This one must stop. */
  | Readonly<{ tag: 'Fenced'; by: string }>
  /**
   * The destination refuses this batch and always will (schema incompatible, record too large, not authorised, topic
   * missing). The message says how to mend it.
   */
  | Readonly<{ tag: 'Refused'; reason: string }>

/** A failure in words. */
export const failureText = (failure: SinkFailure): string => {
  switch (failure.tag) {
    case 'NotConnected':
      return failure.cause instanceof Error ? failure.cause.message : String(failure.cause)
    case 'Fenced':
      return `another instance has taken over: ${failure.by}`
    case 'Refused':
      return failure.reason
    default:
      return unreachable(failure)
  }
}

/**
 * Decides whether this instance may publish behind `progress`; the reason, and what to do, if it may not. `undefined`:
 * nothing was ever written. Throws `LogUnavailable` where the log that it compares with is out of reach.
 */
export type ProgressCheck = (progress: Progress | undefined) => Promise<Either<string, void>>

/**
 * `exactly-once`: rows and progress become visible together or not at all. `at-least-once`: a failure between the two
 * lets rows come again, with the same identity; within a key a revision first appears after all smaller ones.
 */
export type Delivery = 'exactly-once' | 'at-least-once'

/**
 * Somewhere rows go.
 *
 * - `connect` reads the progress and asks `check` about it before it fences anybody out: a progress that is not ours is
 *   answered `Refused` with the reason, and the other writer goes on. Then it fences out any other writer of the same
 *   name, reads the progress again and asks `check` again, so what it returns stays true. `undefined`: nothing was ever
 *   written. A sink that was connected before, and finds that another instance has taken over since, is `Fenced` and
 *   disturbs nobody; after `close` it takes over like a new one.
 *   A sink may also answer `Refused` where another writer of the same name is seen to publish, unless it is configured
 *   to take over from it.
 * - `write` makes the records and the progress visible together or not at all (unless `delivery` says otherwise), and
 *   resolves once that is durable. After
 *   a failure other than `Refused` it is not called again until `connect` has succeeded; whether the failed batch
 *   arrived is told by the progress that `connect` then returns. Right: where the records lie.
 * - `prepare` is told a batch that will be written next, while the one before is written: what needs no destination can
 *   be done meanwhile. It changes nothing that anybody sees; a batch that was prepared need not be written, and one that
 *   was not prepared can be.
 * - `stillOwner` asks, without writing rows, whether this instance still owns the destination: `Fenced` if another has taken
 *   over. The egress calls it at intervals while it has nothing to write.
 * - `close` ends cleanly and may be called at any time, more than once.
 */
export type Sink = Readonly<{
  name: string
  connect: (signal: AbortSignal, check?: ProgressCheck) => TaskEither<SinkFailure, Progress | undefined>
  write: (batch: SinkBatch, signal: AbortSignal) => TaskEither<SinkFailure, Written | undefined>
  /**
   * Looks for records of the last batches at the destination, after a process died before it told where they lie.
   * Absent where the destination tells no places.
   */
  locate?: (records: readonly SinkRecord[], signal: AbortSignal) => TaskEither<SinkFailure, Located>
  /** Absent where nothing can be done ahead. */
  prepare?: (batch: SinkBatch) => void
  /** What the destination allows, known once it is connected. Absent: always exactly-once. */
  delivery?: () => Delivery | undefined
  /**
   * Whether the destination keeps the latest state by series or entity. It is then told of each row whether it is the
   * newest, and which series leave with a queue or an agent.
   */
  keepsLatest?: boolean
  /** Rows that the destination refused for ever and that were set aside, since the sink was made. Absent: never any. */
  deadLettered?: () => number
  /** Absent where a superseded writer is told at its next write only, which does no harm. */
  stillOwner?: (signal: AbortSignal) => TaskEither<SinkFailure, void>
  close: () => Promise<void>
}>
