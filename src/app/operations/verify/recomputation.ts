import type { Logger } from 'pino'
import type { RawMark } from '../../../contract/kpi-stream/marks.js'
import type { StreamErased } from '../../../domain/fact.js'
import type { KpiEvent } from '../../../domain/kpi-event.js'
import type { EventLog, Position } from '../../../log/event-log.js'
import type { Projection } from '../../../projections/layers/layered-projection.js'
import type { Cell } from '../../../projections/cells/cell.js'
import { firstEventAfter, firstFactFrom, type FactBatch } from '../../pipeline/facts/fact-batch.js'
import type { FactFeed, FactLive } from '../../pipeline/facts/fact-feed.js'
import { openFactFeed, type FactMeans } from '../../pipeline/facts/open-feed.js'
import type { Generation } from '../../pipeline/generations.js'
import { applyBatch } from '../../pipeline/projector/apply-batch.js'
import { rawLogIdOf } from '../../pipeline/projector/checkpoint-check.js'
import { projectionOf } from '../../pipeline/projector/generation-projection.js'
import { erasures } from '../../pipeline/projector/recovery.js'
import { ScratchColdStore, type Scratch } from './scratch.js'

/**
 * Folded events, or closed cells, after which what is closed leaves memory. While it leaves, it takes memory three times:
 * as cells, as plain data and as the bytes of the scratch file.
 */
const SPILL_EVENTS = 50_000
const SPILL_CELLS = 10_000

/** Rows that are rendered together. A batch of the projector may have many times as many, after a quiet night. */
const SLICE_ROWS = 1_000

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
  /** Rows that are rendered together; only tests choose it. */
  sliceRows?: number | undefined
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
  private readonly sliceRows: number

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
    { generation, signal, spillEvents = SPILL_EVENTS, sliceRows = SLICE_ROWS }: RecomputationOptions,
    made: Readonly<{
      gone: readonly StreamErased[]
      cold: ScratchColdStore
      projection: Projection
      feed: FactFeed
    }>,
  ) {
    this.spillEvents = spillEvents
    this.sliceRows = sliceRows
    this.gone = made.gone
    this.projection = made.projection
    this.cold = made.cold
    this.messages = made.feed.follow(undefined, signal)
    this.generation = generation
  }

  /** Folds through a position, or through the end of the log if that comes first. */
  async foldThrough(position: Position): Promise<void> {
    // Before and not after it: a cell that is still to be given out stays in memory.
    if (this.isSpillDue) await this.spill()
    while (this.folded === undefined || this.folded < position) {
      const batch = this.pending ?? (await this.next())
      if (batch === undefined) return
      this.pending = this.foldPart(batch, position)
    }
  }

  /**
   * The rows and markers that are due, slice by slice. What was taken counts as published from now on; fold on when all
   * was taken.
   */
  *drain(isDue: (cell: Cell) => boolean): Generator<readonly KpiEvent[]> {
    for (let room = 0; room === 0;) {
      room = this.sliceRows
      const slice = this.projection.drainEvents((cell) => {
        if (room === 0 || !isDue(cell)) return false
        room -= 1
        return true
      })
      yield slice
    }
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

  private get isSpillDue(): boolean {
    const events = this.events - this.eventsAtSpill
    return events >= this.spillEvents || (events > 0 && this.projection.closedInMemory >= SPILL_CELLS)
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
