import * as E from 'fp-ts/lib/Either.js'
import type { RawEventRef, RawMark } from '../../../contract/kpi-stream.js'
import type { Fact } from '../../../domain/fact.js'
import type { EpochMs } from '../../../domain/interval.js'
import type { KpiEvent } from '../../../domain/kpi-event.js'
import { decodeRaw, feeds } from '../../../ingress/decode/decoders.js'
import { deadLetter } from '../../../ingress/dead-letter.js'
import { receivedAtOf } from '../../../ingress/raw-event.js'
import type { NewEvent, Position, RecordedEvent } from '../../../log/event-log.js'
import type { KpiProjection } from '../../../projections/kpi-projection.js'
import type { Refusal } from '../../../projections/lateness.js'
import type { Generation } from '../generations.js'
import type { SnapshotStore } from './snapshots.js'

export type DeadLetter = Readonly<{ stream: string; event: NewEvent }>

/** What a batch of raw events gives. */
export type Folded = Readonly<{
  output: readonly KpiEvent[]
  deadLetters: readonly DeadLetter[]
  /** Events that could change a figure, and how many of them were refused as too late. */
  fed: number
  tooLate: number
}>

export type RawFoldOptions = Readonly<{
  tenant: string
  generation: Generation
  /** Through here everything is in `projection`; `undefined`: it is empty. */
  mark: RawMark | undefined
  /** Id of the raw log; `undefined` where it has none yet. */
  logId: string | undefined
  /** Streams erased before the generation began. A server that has not scavenged still delivers their events. */
  erased: ReadonlySet<string>
  now: () => number
}>

/** The projection of a generation together with the place in the raw log that it has reached. */
export class RawFold {
  position: Position | undefined
  /** Events folded by this object. */
  events = 0
  eventsSinceSave = 0
  /** Of the batch at hand. */
  private fed = 0
  private tooLate = 0
  /** The last event that was folded. */
  private lastEvent: RawEventRef | undefined
  private readonly projection: KpiProjection
  private readonly options: RawFoldOptions
  private readonly historyThrough: Position | undefined

  constructor(projection: KpiProjection, options: RawFoldOptions) {
    this.projection = projection
    this.options = options
    this.position = options.mark?.position
    this.lastEvent = options.mark?.origin?.event
    this.historyThrough = historyThroughOf(options.generation)
  }

  /** Where the fold is, as a checkpoint stores it; `undefined` at the beginning. */
  get mark(): RawMark | undefined {
    const { logId } = this.options
    if (this.position === undefined) return undefined
    const event = this.lastEvent === undefined ? {} : { event: this.lastEvent }
    return { position: this.position, origin: logId === undefined ? undefined : { logId, ...event } }
  }

  /** Folds a batch of which `through` is the last position. */
  fold(batch: readonly RecordedEvent[], through: Position): Folded {
    this.fed = 0
    this.tooLate = 0
    const deadLetters = batch.flatMap((event) => this.apply(event))
    this.position = through
    const last = batch.at(-1)
    if (last !== undefined) this.lastEvent = { stream: last.stream, revision: last.revision, id: last.id }
    this.events += batch.length
    this.eventsSinceSave += batch.length
    return { output: this.projection.drainEvents(), deadLetters, fed: this.fed, tooLate: this.tooLate }
  }

  /** Saves the state; only between batches, and only once everything through `position` is in the KPI stream. */
  async saveTo(snapshots: SnapshotStore): Promise<void> {
    const { mark } = this
    if (mark === undefined) return
    await snapshots.save({ ...mark, state: this.projection.save() })
    if (snapshots.keepsColdStore) this.projection.saved()
    this.eventsSinceSave = 0
  }

  private apply(event: RecordedEvent): readonly DeadLetter[] {
    const { tenant, generation, erased, now } = this.options
    if (erased.has(event.stream)) return []
    if (this.historyThrough !== undefined && event.position > this.historyThrough) this.projection.endHistory()
    if (!feeds(event.type, generation.profile.points)) return []
    this.fed += 1
    const facts = decodeRaw(event.type, event.data)
    const unusable = E.isLeft(facts) ? facts.left : this.refusalOf(facts.right, receivedAtOf(event.metadata))
    if (unusable === undefined) return []
    if (unusable.reason === 'too-late') this.tooLate += 1
    const origin = { tenant, source: `${event.stream}@${event.revision}`, receivedAt: now() }
    return [deadLetter(event.data, { topic: event.type, ...unusable }, origin, 'projector')]
  }

  /** Folds all facts of one event. Returns the first refusal, if any. */
  private refusalOf(facts: readonly Fact[], receivedAt: EpochMs | undefined): Refusal | undefined {
    let first: Refusal | undefined
    for (const fact of facts) {
      const refusal = this.projection.apply(fact, receivedAt)
      first ??= refusal
    }
    return first
  }
}

/** Where history ends for a generation: `undefined` where the raw log was empty when it began. */
export const historyThroughOf = ({ historyThrough }: Generation): Position | undefined =>
  historyThrough === null ? undefined : BigInt(historyThrough)
