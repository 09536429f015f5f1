import type { Logger } from 'pino'
import type { RawMark } from '../../../contract/kpi-stream.js'
import type { StreamErased } from '../../../domain/fact.js'
import type { KpiEvent } from '../../../domain/kpi-event.js'
import type { EventLog, Position } from '../../../log/event-log.js'
import type { Projection } from '../../../projections/layers/layered-projection.js'
import type { Due } from '../../../projections/cells/cell-store.js'
import { firstEventAfter, firstFactFrom, type FactBatch } from '../../pipeline/facts/fact-batch.js'
import type { FactFeed, FactLive } from '../../pipeline/facts/fact-feed.js'
import { openFactFeed, type FactMeans } from '../../pipeline/facts/open-feed.js'
import type { Generation } from '../../pipeline/generations.js'
import { applyBatch } from '../../pipeline/projector/apply-batch.js'
import { rawLogIdOf } from '../../pipeline/projector/checkpoint-check.js'
import { projectionOf } from '../../pipeline/projector/generation-projection.js'
import { erasures } from '../../pipeline/projector/recovery.js'
import { ScratchColdStore, type Scratch } from './scratch.js'

/** Folded events, or closed cells, after which what is closed leaves memory. */
const SPILL_EVENTS = 200_000
const SPILL_CELLS = 50_000

/** Raw events that are decoded together. */
const BATCH = 5_000

export type RecomputationOptions = Readonly<{
  raw: EventLog
  tenant: string
  generation: Generation
  /** Where decoded facts are taken from, and the threads that decode. Without a store all is read from raw events. */
  facts: FactMeans
  scratch: Scratch
  /** Folded events after which what is closed leaves memory; only tests choose it. */
  spillEvents?: number | undefined
  signal: AbortSignal
  logger: Logger
}>

/**
 * The fold of a generation, computed again from the raw log, position by position, beside the generation and without a
 * write. Nothing of its state is taken from that generation, but for the start that both have in common.
 */
export class Recomputation {
  /** Raw events that were folded. */
  events = 0
  /** What was erased since the generation folded it, so that it cannot be folded again. */
  readonly gone: readonly StreamErased[]
  readonly projection: Projection
  private readonly cold: ScratchColdStore
  private readonly messages: AsyncGenerator<FactLive>
  private readonly generation: Generation
  /** What was delivered and is not folded as a whole: `from` and `fromFact` move. */
  private pending: FactBatch | undefined
  private folded: Position | undefined
  private isAtEnd = false
  private eventsAtSpill = 0
  private readonly spillEvents: number

  /** `through` is how far the generation has come. */
  static async open(options: RecomputationOptions, through: Position): Promise<Recomputation> {
    const { raw, tenant, generation, facts, logger } = options
    const { erased, gone } = await erasures(options, undefined, through)
    const cold = new ScratchColdStore(options.scratch)
    const projection = await projectionOf(options, { state: undefined, coldStore: cold.store })
    const feed = await openFactFeed({
      ...{ raw, logId: await rawLogIdOf(raw), tenant, points: generation.profile.points },
      ...{ erased, batchMax: BATCH, facts, logger },
    })
    return new Recomputation(options, { gone, cold, projection, feed })
  }

  private constructor(
    { generation, signal, spillEvents = SPILL_EVENTS }: RecomputationOptions,
    made: Readonly<{
      gone: readonly StreamErased[]
      cold: ScratchColdStore
      projection: Projection
      feed: FactFeed
    }>,
  ) {
    this.spillEvents = spillEvents
    this.gone = made.gone
    this.projection = made.projection
    this.cold = made.cold
    this.messages = made.feed.follow(undefined, signal)
    this.generation = generation
  }

  /** Folds through a position, or through the end of the log if that comes first. */
  async foldThrough(position: Position): Promise<void> {
    while (this.folded === undefined || this.folded < position) {
      const batch = this.pending ?? (await this.next())
      if (batch === undefined) return
      this.pending = this.foldPart(batch, position)
    }
    if (
      this.events - this.eventsAtSpill >= this.spillEvents ||
      (this.projection.closedInMemory >= SPILL_CELLS && this.events > this.eventsAtSpill)
    )
      await this.spill()
  }

  /** The rows and markers that are due, which count as published from now on. */
  drain(due: Due): readonly KpiEvent[] {
    return this.projection.drainEvents(due)
  }

  async close(): Promise<void> {
    await this.messages.return(undefined)
  }

  private async next(): Promise<FactBatch | undefined> {
    while (!this.isAtEnd) {
      const next = await this.messages.next()
      if (next.done === true || next.value.kind === 'caught-up') this.isAtEnd = true
      else if (next.value.kind === 'facts') return next.value.batch
      else this.folded = next.value.position
    }
    return undefined
  }

  /** Folds what a batch has through a position. Answers what is left of it. */
  private foldPart(batch: FactBatch, position: Position): FactBatch | undefined {
    const { run, from, to, fromFact, toFact, through, rawEvents } = batch
    if (through <= position) {
      applyBatch(this.projection, batch, this.generation)
      this.events += rawEvents
      this.folded = through
      return undefined
    }
    const cut = Math.max(from, Math.min(to, firstEventAfter(run, position)))
    const cutFact = cut === to ? toFact : firstFactFrom(run.facts, cut)
    const first = { run, from, to: cut, fromFact, toFact: cutFact, through: position }
    applyBatch(this.projection, first, this.generation)
    this.events += cut - from
    this.folded = position
    return { ...batch, from: cut, fromFact: cutFact, rawEvents: rawEvents - (cut - from) }
  }

  /** What is closed goes to the scratch file, and leaves memory. */
  private async spill(): Promise<void> {
    this.eventsAtSpill = this.events
    await this.cold.put(this.projection.save().spilled)
    this.projection.saved()
  }
}

/** The place of a checkpoint for a reader. */
export type RawPlace = Readonly<{ after: string | null; through: string }>

export const rawPlace = (after: Position | undefined, { position }: RawMark): RawPlace => ({
  after: after === undefined ? null : String(after),
  through: String(position),
})
