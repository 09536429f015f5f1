import * as E from 'fp-ts/lib/Either.js'
import type { RawEventRef, RawMark } from '../../../contract/kpi-stream.js'
import type { KpiEvent } from '../../../domain/kpi-event.js'
import { decodeRaw } from '../../../ingress/decode/decoders.js'
import { deadLetter, lateLetter, type LateStretch } from '../../../ingress/dead-letter.js'
import type { Unusable } from '../../../ingress/unusable.js'
import type { NewEvent, Position, RecordedEvent } from '../../../log/event-log.js'
import type { Due } from '../../../projections/cells/cell-store.js'
import type { KpiProjection } from '../../../projections/kpi-projection.js'
import type { Refusal } from '../../../projections/lateness.js'
import { firstEventAfter, firstFactFrom, type FactBatch } from '../facts/fact-batch.js'
import type { Generation } from '../generations.js'
import { LateStretches } from './late-stretches.js'
import type { SnapshotStore } from './snapshots.js'

export type DeadLetter = Readonly<{ stream: string; event: NewEvent }>

/** What a batch of facts gives. */
export type Folded = Readonly<{
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
  /** What lay behind the late horizon up to `mark`. */
  late?: readonly LateStretch[] | undefined
  now: () => number
}>

/** The projection of a generation together with the place in the raw log that it has reached. */
export class RawFold {
  position: Position | undefined
  /** Events folded by this object. */
  events = 0
  eventsSinceSave = 0
  /** The last event that was folded. */
  private lastEvent: RawEventRef | undefined
  private readonly projection: KpiProjection
  private readonly options: RawFoldOptions
  private readonly historyThrough: Position | undefined
  private readonly late: LateStretches

  constructor(projection: KpiProjection, options: RawFoldOptions) {
    this.projection = projection
    this.options = options
    this.position = options.mark?.position
    this.lastEvent = options.mark?.origin?.event
    this.historyThrough = historyThroughOf(options.generation)
    this.late = new LateStretches({ generation: options.generation.name }, options.late)
  }

  /** Closed cells that wait in memory for the next save. */
  get closedInMemory(): number {
    return this.projection.closedInMemory
  }

  /** Where the fold is, as a checkpoint stores it; `undefined` at the beginning. */
  get mark(): RawMark | undefined {
    const { logId } = this.options
    if (this.position === undefined) return undefined
    const event = this.lastEvent === undefined ? {} : { event: this.lastEvent }
    return { position: this.position, origin: logId === undefined ? undefined : { logId, ...event } }
  }

  /** Folds a batch, which begins where the last one ended. */
  async fold(batch: FactBatch): Promise<Folded> {
    const refusals = this.apply(batch)
    this.position = batch.through
    this.lastEvent = batch.last ?? this.lastEvent
    this.events += batch.rawEvents
    this.eventsSinceSave += batch.rawEvents
    let tooLate = 0
    for (const { reason } of refusals.values()) if (reason === 'too-late') tooLate++
    return { deadLetters: await this.deadLettersOf(batch, refusals), fed: batch.to - batch.from, tooLate }
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
    await snapshots.save({ ...mark, state: this.projection.save(), late: this.late.save() })
    if (snapshots.keepsColdStore) this.projection.saved()
    this.eventsSinceSave = 0
  }

  /** Folds the facts of a batch. Returns the first refusal of each event that has one, by its index in the run. */
  private apply({ run, from, to, fromFact, toFact, through }: FactBatch): ReadonlyMap<number, Refusal> {
    const refusals = new Map<number, Refusal>()
    const { facts } = run
    const applyFacts = (first: number, end: number): void => {
      for (const { entry, refusal } of this.projection.applyRun(facts, first, end)) {
        const event = facts.event[entry] as number
        if (!refusals.has(event)) refusals.set(event, refusal)
      }
    }
    const { historyThrough } = this
    if (historyThrough === undefined || through <= historyThrough) applyFacts(fromFact, toFact)
    else {
      const end = Math.max(from, Math.min(to, firstEventAfter(run, historyThrough)))
      const firstBehind = end === to ? toFact : Math.max(fromFact, firstFactFrom(facts, end))
      applyFacts(fromFact, firstBehind)
      this.projection.endHistory()
      applyFacts(firstBehind, toFact)
    }
    return refusals
  }

  /**
   * The dead letters of a batch: events that were refused, and those that cannot be decoded. Those behind the late
   * horizon are told by the stretch.
   */
  private async deadLettersOf(
    { run, from, to, raw }: FactBatch,
    refusals: ReadonlyMap<number, Refusal>,
  ): Promise<readonly DeadLetter[]> {
    const undecodable = run.undecodable.filter((event) => event >= from && event < to)
    if (refusals.size + undecodable.length === 0) return []
    const byPosition = new Map([...refusals].map(([event, refusal]) => [run.position(event), refusal]))
    const indices = [...refusals.keys(), ...undecodable].sort((a, b) => a - b)
    const single = (await raw(indices)).flatMap((event) => {
      const unusable = byPosition.get(event.position) ?? undecodableReason(event)
      if (unusable === undefined) return []
      if ('at' in unusable) this.late.add(unusable.at, event.type, event.position)
      return 'at' in unusable ? [] : [this.deadLetterOf(event, unusable)]
    })
    const { tenant, now } = this.options
    return [...single, ...this.late.take().map((stretch) => lateLetter(stretch, { tenant, receivedAt: now() }))]
  }

  private deadLetterOf(event: RecordedEvent, unusable: Unusable | Refusal): DeadLetter {
    const { tenant, now } = this.options
    const origin = { tenant, source: `${event.stream}@${event.revision}`, receivedAt: now() }
    return deadLetter(event.data, { topic: event.type, ...unusable }, origin, 'projector')
  }
}

const undecodableReason = (event: RecordedEvent): Unusable | undefined => {
  const decoded = decodeRaw(event.type, event.data)
  return E.isLeft(decoded) ? decoded.left : undefined
}

/** Where history ends for a generation: `undefined` where the raw log was empty when it began. */
export const historyThroughOf = ({ historyThrough }: Generation): Position | undefined =>
  historyThrough === null ? undefined : BigInt(historyThrough)
