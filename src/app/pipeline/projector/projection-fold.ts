import type { RawEventRef, RawMark } from '../../../contract/kpi-stream/marks.js'
import type { KpiEvent } from '../../../domain/kpi-event.js'
import type { Published } from '../../../domain/published.js'
import type { Position } from '../../../log/event-log.js'
import type { Due } from '../../../projections/cells/unpublished-cells.js'
import type { Projection } from '../../../projections/layers/layered-projection.js'
import type { Generation } from '../generations.js'
import type { Snapshot, SnapshotStore } from './snapshots.js'

export type FoldOptions = Readonly<{
  tenant: string
  generation: Generation
  /** Through here everything is in `projection`; `undefined`: it is empty. */
  mark: RawMark | undefined
  /** Id of the raw log; `undefined` where it has none yet. */
  logId: string | undefined
  now: () => number
}>

/** A projection together with the place in the raw log that it has reached. What is folded is the matter of a subclass. */
export abstract class ProjectionFold<P extends Projection> {
  position: Position | undefined
  /** What was folded by this object, and since the last save. */
  events = 0
  eventsSinceSave = 0
  /** The last event that was folded. */
  protected lastEvent: RawEventRef | undefined
  protected readonly projection: P
  protected readonly options: FoldOptions
  protected readonly historyThrough: Position | undefined

  constructor(projection: P, options: FoldOptions) {
    this.projection = projection
    this.options = options
    this.position = options.mark?.position
    this.lastEvent = options.mark?.origin?.event
    this.historyThrough = historyThroughOf(options.generation)
  }

  /** Closed cells that wait in memory for the next save. */
  get closedInMemory(): number {
    return this.projection.closedInMemory
  }

  /** Base intervals that hold cells and are not closed. */
  get openIntervals(): number {
    return this.projection.openIntervals
  }

  /** Where the fold is, as a checkpoint stores it; `undefined` at the beginning. */
  get mark(): RawMark | undefined {
    const { logId } = this.options
    if (this.position === undefined) return undefined
    const event = this.lastEvent === undefined ? {} : { event: this.lastEvent }
    return { position: this.position, origin: logId === undefined ? undefined : { logId, ...event } }
  }

  /** The rows and markers that are due, which count as published once they are taken; all of them are to be taken. */
  drain(due: Due): Iterable<KpiEvent> {
    return this.projection.drain(due)
  }

  /** Notes what the KPI stream holds. */
  wasPublished(published: Published): void {
    this.projection.wasPublished(published)
  }

  /** Saves the state; only once the KPI stream holds a checkpoint at `position` or behind it, and all drained rows. */
  async saveTo(snapshots: SnapshotStore): Promise<void> {
    const { mark } = this
    if (mark === undefined) return
    await snapshots.save({ ...mark, ...this.savedBeside(), state: this.projection.save() })
    if (snapshots.keepsColdStore) this.projection.saved()
    this.eventsSinceSave = 0
  }

  /** So much was folded through a position. */
  protected moved(through: Position, events: number): void {
    this.position = through
    this.events += events
    this.eventsSinceSave += events
  }

  /** What is saved beside the state. */
  protected savedBeside(): Pick<Snapshot, 'late'> {
    return {}
  }
}

/** Where history ends for a generation: `undefined` where the raw log was empty when it began. */
export const historyThroughOf = ({ historyThrough }: Generation): Position | undefined =>
  historyThrough === null ? undefined : BigInt(historyThrough)
