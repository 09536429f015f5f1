import * as E from 'fp-ts/lib/Either.js'
import type { RawEventRef, RawMark } from '../../../contract/kpi-stream.js'
import type { Fact } from '../../../domain/fact.js'
import type { KpiEvent } from '../../../domain/kpi-event.js'
import type { PointOperation } from '../../../domain/point-operation.js'
import { decodeRaw } from '../../../ingress/decode/decoders.js'
import { deadLetter } from '../../../ingress/dead-letter.js'
import type { Position, RecordedEvent } from '../../../log/event-log.js'
import type { Due } from '../../../projections/cells/cell-store.js'
import type { KpiProjection } from '../../../projections/kpi-projection.js'
import { PointReplay } from '../../../projections/points/point-recorder.js'
import type { Generation } from '../generations.js'
import { historyThroughOf, type DeadLetter, type Folded } from '../projector/raw-fold.js'
import type { SnapshotStore } from '../projector/snapshots.js'
import type { MergedItem } from './merge-input.js'

export type MergeFoldOptions = Readonly<{
  tenant: string
  generation: Generation
  /** Through here everything is in `projection`; `undefined`: it is empty. */
  mark: RawMark | undefined
  logId: string | undefined
  now: () => number
}>

/**
 * The half of the projection that counts points, with the place in the raw log that it has reached. The points are what
 * the buckets found; clock and configuration it reads itself.
 */
export class MergeFold {
  position: Position | undefined
  /** Items folded by this object, and since the last save. */
  events = 0
  eventsSinceSave = 0
  private lastEvent: RawEventRef | undefined
  private readonly projection: KpiProjection
  private readonly replay: PointReplay
  private readonly options: MergeFoldOptions
  private readonly historyThrough: Position | undefined

  constructor(projection: KpiProjection, options: MergeFoldOptions) {
    this.projection = projection
    this.replay = new PointReplay(projection.target)
    this.options = options
    this.position = options.mark?.position
    this.lastEvent = options.mark?.origin?.event
    this.historyThrough = historyThroughOf(options.generation)
  }

  /** Closed cells that wait in memory for the next save. */
  get closedInMemory(): number {
    return this.projection.closedInMemory
  }

  /** Where the fold is, as a checkpoint stores it. The event is the last of clock or configuration. */
  get mark(): RawMark | undefined {
    const { logId } = this.options
    if (this.position === undefined) return undefined
    const event = this.lastEvent === undefined ? {} : { event: this.lastEvent }
    return { position: this.position, origin: logId === undefined ? undefined : { logId, ...event } }
  }

  /** Folds what happened through a position. */
  fold(items: readonly MergedItem[], through: Position): Folded {
    const deadLetters = items.flatMap((item) => this.apply(item))
    this.position = through
    this.events += items.length
    this.eventsSinceSave += items.length
    return { deadLetters, fed: items.length, tooLate: 0 }
  }

  /** The rows that are due, which count as published from now on. */
  drain(due: Due): readonly KpiEvent[] {
    return this.projection.drainEvents(due)
  }

  /** Notes which rows the KPI stream holds: the last revision of each by row key. */
  wasPublished(revisions: ReadonlyMap<string, number>): void {
    this.projection.wasPublished(revisions)
  }

  /** Saves the state; only once the KPI stream holds a checkpoint at `position` or behind it, and all drained rows. */
  async saveTo(snapshots: SnapshotStore): Promise<void> {
    const { mark } = this
    if (mark === undefined) return
    await snapshots.save({ ...mark, state: this.projection.save() })
    if (snapshots.keepsColdStore) this.projection.saved()
    this.eventsSinceSave = 0
  }

  private apply({ position, event, operations }: MergedItem): readonly DeadLetter[] {
    if (this.historyThrough !== undefined && position > this.historyThrough) this.projection.endHistory()
    if (event === undefined) {
      this.count(operations)
      return []
    }
    this.lastEvent = { stream: event.stream, revision: event.revision, id: event.id }
    const facts = decodeRaw(event.type, event.data)
    if (E.isLeft(facts)) return [this.letterOf(event, facts.left)]
    for (const fact of facts.right) this.applyShared(fact, operations)
    return []
  }

  /** What buckets found at a place of clock or configuration, they found because the clock moved. */
  private applyShared(fact: Fact, operations: readonly PointOperation[]): void {
    if (fact.type === 'ClockTicked' || fact.type === 'ClockTakenBack')
      this.projection.applyClock(fact, () => this.count(operations))
    else this.projection.apply(fact)
  }

  private count(operations: readonly PointOperation[]): void {
    for (const operation of operations) this.replay.apply(operation)
  }

  private letterOf(
    { type, stream, revision, data }: RecordedEvent,
    unusable: Parameters<typeof deadLetter>[1],
  ): DeadLetter {
    const { tenant, now } = this.options
    const origin = { tenant, source: `${stream}@${revision}`, receivedAt: now() }
    return deadLetter(data, { topic: type, ...unusable }, origin, 'projector')
  }
}
