import type { PlacedOperation } from '../../../contract/points/operation-codec.js'
import { pointsEvents, type PointsBatch, type PointsTail } from '../../../contract/points/points-stream.js'
import type { RawEventRef, RawMark } from '../../../contract/kpi-stream/marks.js'
import type { Fact } from '../../../domain/fact.js'
import type { EpochMs } from '../../../domain/interval.js'
import type { PointOperation } from '../../../domain/point-operation.js'
import { pointsStream } from '../../../domain/stream-name.js'
import { contentId } from '../../../log/content-id.js'
import type { Position, RecordedEvent, StreamAppend } from '../../../log/event-log.js'
import { KpiProjection } from '../../../projections/kpi-projection.js'
import type { ProjectionOptions } from '../../../projections/projection-options.js'
import type { Refusal } from '../../../projections/lateness.js'
import { pointRecorder } from '../../../projections/points/point-recorder.js'
import type { Generation } from '../generations.js'
import { historyThroughOf } from '../projector/projection-fold.js'
import { LateStretches } from '../projector/late-stretches.js'
import type { Snapshot, SnapshotStore } from '../projector/snapshots.js'

/** A raw event with what it says, decoded once for all buckets that it concerns. */
export type Decoded = Readonly<{ event: RecordedEvent; facts: readonly Fact[]; receivedAt: EpochMs | undefined }>

export type BucketFoldOptions = Readonly<{
  tenant: string
  bucket: string
  generation: Generation
  logId: string | undefined
  /** Through here everything is in the points stream; `undefined`: nothing is. */
  stored: PointsTail
  /** Where the projection's state is from; `undefined`: it is empty. */
  snapshot: (RawMark & Pick<Snapshot, 'late'>) | undefined
}>

/**
 * The half of the projection that finds points, for the entities of one bucket. It writes down what is to be done to
 * cells. What lies before the last stored batch is folded without being written down again.
 */
export class BucketFold {
  readonly bucket: string
  /** What lay behind the late horizon so far. */
  readonly late: LateStretches
  /** Folded through here. */
  position: Position | undefined
  eventsSinceSave = 0
  /** The mark of the last batch that is stored. */
  private stored: RawMark | undefined
  /** The last revision of the points stream; `undefined` before the first. */
  private revision: number | undefined
  private lastEvent: RawEventRef | undefined
  private recorded: PlacedOperation[] = []
  private hasTicked = false
  private at: Position = 0n
  private readonly projection: KpiProjection
  private readonly options: BucketFoldOptions
  private readonly historyThrough: Position | undefined

  constructor(options: BucketFoldOptions, projection: Omit<ProjectionOptions, 'target'>) {
    const { tenant, bucket, generation, snapshot, stored } = options
    this.options = options
    this.bucket = bucket
    this.late = new LateStretches({ generation: generation.name, bucket }, snapshot?.late)
    this.stored = stored.mark
    this.revision = stored.revision
    this.position = snapshot?.position
    this.lastEvent = snapshot?.origin?.event
    this.historyThrough = historyThroughOf(generation)
    const target = pointRecorder(generation.profile.intervalMs, (operation) => this.record(operation))
    this.projection = new KpiProjection(tenant, generation.profile, { ...projection, target })
  }

  /** Is there something that the merger waits for: operations, or a tick that nothing came of? */
  get isDue(): boolean {
    return this.isAhead && (this.recorded.length > 0 || this.hasTicked)
  }

  /** Does the fold reach further than the points stream? Not while it folds again what is stored. */
  get isAhead(): boolean {
    return this.position !== undefined && (this.stored === undefined || this.position > this.stored.position)
  }

  /** Is this event folded already? */
  has({ position }: RecordedEvent): boolean {
    return this.position !== undefined && position <= this.position
  }

  /** Is what comes of this event stored already, its dead letter too? */
  hasStored({ position }: RecordedEvent): boolean {
    return this.stored !== undefined && position <= this.stored.position
  }

  /** Folds the next event. Answers why if it, or a part of it, cannot be counted. */
  apply({ event, facts, receivedAt }: Decoded): Refusal | undefined {
    this.at = event.position
    if (this.historyThrough !== undefined && event.position > this.historyThrough) this.projection.endHistory()
    let first: Refusal | undefined
    for (const fact of facts) {
      const refusal = this.projection.apply(fact, receivedAt)
      first ??= refusal
      if (fact.type === 'ClockTicked' || fact.type === 'ClockTakenBack') this.hasTicked = true
    }
    this.position = event.position
    this.lastEvent = { stream: event.stream, revision: event.revision, id: event.id }
    this.eventsSinceSave += 1
    return first
  }

  /** Nothing more of this bucket, nor of the clock and the configuration, lies before `position`. */
  passed(position: Position): void {
    if (this.position === undefined || position > this.position) this.position = position
  }

  /**
   * The appends that store what was found. `wasStored` is called once they are durable; until then the same ones are
   * answered again, unless more was folded.
   */
  appendsOf(owner: string): readonly StreamAppend[] {
    const { tenant, generation, bucket } = this.options
    const mark = this.mark()
    if (mark === undefined) return []
    const stream = pointsStream(tenant, generation.name, bucket)
    const batch: PointsBatch = { after: this.stored?.position, mark, operations: this.recorded }
    const first = this.revision ?? -1
    return pointsEvents(owner, stream, batch).map((event, index) => ({
      ...{ stream, events: [event] },
      expected: first + index < 0 ? 'no-stream' : first + index,
    }))
  }

  /** The appends are durable; the stream's last revision is `revision`. */
  wasStored(revision: number): void {
    this.stored = this.mark()
    this.revision = revision
    this.recorded = []
    this.hasTicked = false
  }

  /** Saves the state; only when everything is stored. */
  async saveTo(snapshots: SnapshotStore): Promise<void> {
    const mark = this.mark()
    if (mark === undefined || this.isAhead) return
    await snapshots.save({ ...mark, state: this.projection.save(), late: this.late.save() })
    if (snapshots.keepsColdStore) this.projection.saved()
    this.eventsSinceSave = 0
  }

  private mark(): RawMark | undefined {
    const { logId } = this.options
    if (this.position === undefined) return undefined
    const event = this.lastEvent === undefined ? {} : { event: this.lastEvent }
    return { position: this.position, origin: logId === undefined ? undefined : { logId, ...event } }
  }

  private record(operation: PointOperation): void {
    if (this.stored !== undefined && this.at <= this.stored.position) return
    // The id of a pending point names a conversation, which can be erased; what is recorded stays.
    const recorded =
      'id' in operation && operation.id !== '' ? { ...operation, id: contentId(operation.id) } : operation
    this.recorded.push({ position: this.at, operation: recorded })
  }
}
