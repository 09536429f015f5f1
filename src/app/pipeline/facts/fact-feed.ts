import * as E from 'fp-ts/lib/Either.js'
import type { PointSource } from '../../../domain/profile.js'
import { rawPrefixes } from '../../../domain/stream-name.js'
import type { SegmentOrigin } from '../../../facts/codec/segment.js'
import type { DecodedRun } from '../../../facts/decoded-run.js'
import { holdsStream, type FactStore } from '../../../facts/fact-store.js'
import { streamHash, type RunSummary } from '../../../facts/run-summary.js'
import { decodeRaw } from '../../../ingress/decode/decoders.js'
import type { EventLog, Position, RecordedEvent } from '../../../log/event-log.js'
import type { ProjectorTrace } from '../../../telemetry/traces/tracing.js'
import { decodeRun, isErasureNote } from './decode-run.js'
import { DecodingQueue } from './decoding-queue.js'
import { batchesOf, type FactBatch, type RawOf } from './fact-batch.js'
import { readAhead } from './read-ahead.js'
import type { FreshRun, RunDecoder } from './run-decoder.js'
import { SegmentWriter } from './segment-writer.js'

export type FactLive =
  | Readonly<{ kind: 'facts'; batch: FactBatch }>
  /** Everything through `position` has been delivered. */
  | Readonly<{ kind: 'checkpoint'; position: Position }>
  | Readonly<{ kind: 'caught-up' }>

/** Where the events of an erased stream stood in the log. */
export type ErasedRange = Readonly<{ from: Position; through: Position }>

export type FactFeedOptions = Readonly<{
  raw: EventLog
  origin: SegmentOrigin
  store: FactStore
  decoder: RunDecoder
  /** Erased streams by name. A server that has not scavenged still delivers their events. */
  erased: ReadonlyMap<string, ErasedRange>
  /** Events in a batch, at most. */
  batchMax: number
  /**
   * Is told the raw events that are read here as they come. Those behind facts that are stored, and those that a thread
   * reads, are not at hand: a trace follows an event near the head, not through a rebuild.
   */
  trace?: Pick<ProjectorTrace, 'received' | 'decoded'> | undefined
}>

/**
 * The facts of the raw log, in order: from the store where it has them, else decoded, and stored for the next time. The
 * facts are the same either way; batches may be cut elsewhere.
 */
export class FactFeed {
  private readonly options: FactFeedOptions
  private readonly prefixes: readonly string[]
  private readonly erased: Map<string, ErasedRange>
  private readonly writer: SegmentWriter

  constructor(options: FactFeedOptions) {
    this.options = options
    this.prefixes = rawPrefixes(options.origin.tenant)
    this.erased = new Map(options.erased)
    this.writer = new SegmentWriter(options.store, this.points)
  }

  /** Delivers what is behind a position, says `caught-up`, then delivers what comes, until the signal aborts. */
  async *follow(after: Position | undefined, signal: AbortSignal): AsyncGenerator<FactLive> {
    try {
      let at = after
      for await (const batch of this.known(after, undefined)) {
        if (signal.aborted) return
        yield { kind: 'facts', batch }
        at = batch.through
      }
      for await (const batch of this.ahead(at)) {
        if (signal.aborted) return
        yield { kind: 'facts', batch }
        at = batch.through
      }
      yield* this.tail(at, signal)
    } finally {
      await this.writer.flush()
    }
  }

  /**
   * Delivers what is behind a position and through another. Of a stored run of which `needs` says no, only the clock and
   * the configuration: the rest of it is not read.
   */
  async *through(
    after: Position | undefined,
    through: Position,
    needs?: (summary: RunSummary) => boolean,
  ): AsyncGenerator<FactBatch> {
    try {
      yield* this.known(after, through, needs)
    } finally {
      await this.writer.flushIfWorth() // what is less is gathered on: a recovery goes on to follow from here
    }
  }

  /** Everything behind a position and through another as one batch. */
  async allThrough(after: Position | undefined, through: Position): Promise<FactBatch> {
    await this.writer.flush() // what comes next does not follow what is gathered
    const { raw } = this.options
    const events: RecordedEvent[] = []
    for await (const batch of raw.readAll({ after, through, prefixes: this.prefixes }))
      events.push(...batch.filter(({ stream }) => !this.erased.has(stream)))
    const stretch = { after, through, events }
    const run = decodeRun(stretch, this.points)
    for await (const batch of batchesOf(run, rawAtHand({ run, stretch, encoded: undefined }), { eventsMax: Infinity }))
      return batch
    throw new Error('a run has no batch')
  }

  /** What the store knows and what lies between, through `end`; without it, through the last that the store knows. */
  private async *known(
    after: Position | undefined,
    end: Position | undefined,
    needs?: (summary: RunSummary) => boolean,
  ): AsyncGenerator<FactBatch> {
    const { store, batchMax } = this.options
    const find = (from: Position | undefined): Promise<DecodedRun | undefined> => {
      const shared = needs === undefined ? undefined : this.sharedAlone(from, end, needs)
      return shared === undefined ? store.find(from) : Promise.resolve(shared)
    }
    let at = after
    let found = find(at)
    while (end === undefined || at === undefined || at < end) {
      const run = await found
      const erased = run === undefined ? undefined : this.erasedIn(run)
      if (erased !== undefined) {
        await store.erase(erased) // it was stored while the stream was erased
        found = find(at)
      } else if (run !== undefined) {
        await this.writer.flush(true)
        found = find(run.through)
        const part = { after: at, ...(end === undefined ? {} : { through: end }), eventsMax: batchMax }
        yield* batchesOf(run, this.rawOf(run), part)
        at = run.through
      } else {
        const next = store.nextAfter(at)
        const gapEnd = end === undefined || (next !== undefined && next < end) ? next : end
        if (gapEnd === undefined) return
        yield* this.gap(at, gapEnd)
        at = gapEnd
        found = find(at)
      }
    }
  }

  /** The clock and configuration of the run behind a position, where the rest of it is not needed. */
  private sharedAlone(
    after: Position | undefined,
    end: Position | undefined,
    needs: (summary: RunSummary) => boolean,
  ): DecodedRun | undefined {
    const summary = this.options.store.summary(after)
    if (summary === undefined || (end !== undefined && summary.shared.through > end)) return undefined
    const erased = new Set(Array.from(this.erased.keys(), streamHash))
    if (summary.others.holdsAny(erased) || summary.statesOnly.holdsAny(erased)) return undefined // it is to be removed
    return needs(summary) ? undefined : summary.shared
  }

  /** Decodes the raw log behind a position and through another. */
  private async *gap(after: Position | undefined, through: Position): AsyncGenerator<FactBatch> {
    const { raw, batchMax } = this.options
    const queue = this.queueFrom(after)
    for await (const events of raw.readAll({ after, through, prefixes: this.prefixes, batchMax })) {
      queue.add(events)
      for await (const fresh of queue.ready()) yield* this.deliver(fresh)
    }
    queue.reach(through)
    queue.decode()
    for await (const fresh of queue.ready(0)) yield* this.deliver(fresh)
  }

  /** What threads can read by themselves of what the log holds now, but for the last stretch. */
  private async *ahead(after: Position | undefined): AsyncGenerator<FactBatch> {
    const { raw, decoder, store, batchMax } = this.options
    const end = await raw.head()
    if (raw.folder === undefined || end === undefined) return
    let at = after
    for await (const { through, found } of readAhead(decoder, raw, { after, end })) {
      if (found !== undefined && this.erasedIn(found.run) === undefined) {
        const { run, encoded } = found
        await this.writer.flush(true)
        const stored = store.putEncoded(run, encoded)
        yield* batchesOf(run, this.rawOf(run), { eventsMax: batchMax })
        await stored
        at = run.through
      }
      if (at === undefined || at < through) yield* this.gap(at, through)
      at = through
    }
  }

  /** Decodes the raw log behind a position as it grows. Until it has caught up, events are gathered to long runs. */
  private async *tail(after: Position | undefined, signal: AbortSignal): AsyncGenerator<FactLive> {
    const { raw, batchMax, trace } = this.options
    const queue = this.queueFrom(after)
    const drained = async function* (this: FactFeed, left?: number): AsyncGenerator<FactLive> {
      for await (const fresh of queue.ready(left))
        for await (const batch of this.deliver(fresh)) yield { kind: 'facts', batch }
    }.bind(this)
    let isLive = false
    for await (const message of raw.subscribe({ after, prefixes: this.prefixes, batchMax, signal })) {
      if (signal.aborted) return // events may have been left out just now: nothing behind them may count
      switch (message.kind) {
        case 'events':
          trace?.received(message.events)
          queue.add(message.events)
          if (isLive) queue.decode()
          yield* drained(isLive ? 0 : undefined)
          break
        case 'checkpoint':
          queue.reach(message.position)
          if (queue.isEmpty) yield message
          break
        case 'caught-up':
          queue.decode()
          yield* drained(0)
          isLive = true
          yield { kind: 'caught-up' }
      }
    }
  }

  private queueFrom(after: Position | undefined): DecodingQueue {
    const isErased = (stream: string): boolean => this.erased.has(stream)
    return new DecodingQueue(after, this.options.decoder, { isErased, eventsMax: this.options.batchMax })
  }

  private async *deliver(fresh: FreshRun): AsyncGenerator<FactBatch> {
    const { events, through } = fresh.stretch
    this.options.trace?.decoded(through)
    const stored = events.some(isErasureNote) ? this.forget(events) : this.writer.add(fresh)
    yield* batchesOf(fresh.run, rawAtHand(fresh), { eventsMax: this.options.batchMax })
    await stored
  }

  /** A stream was erased: its facts are forgotten, also those that were stored while it was erased. */
  private async forget([note]: readonly RecordedEvent[]): Promise<void> {
    await this.writer.flush()
    const facts = note === undefined ? E.right([]) : decodeRaw(note.type, note.data)
    for (const fact of E.isRight(facts) ? facts.right : []) {
      if (fact.type !== 'StreamErased' || this.erased.has(fact.stream)) continue
      this.erased.set(fact.stream, { from: BigInt(fact.from), through: BigInt(fact.through) })
      await this.options.store.erase(fact.stream)
    }
  }

  /** An erased stream of which a run holds events. */
  private erasedIn(run: DecodedRun): string | undefined {
    for (const [stream, { from, through }] of this.erased)
      if (from <= run.through && (run.after === undefined || through > run.after) && holdsStream(run, stream))
        return stream
    return undefined
  }

  /** Asks the raw log for events of a stored run. */
  private rawOf(run: DecodedRun): RawOf {
    const { raw, batchMax } = this.options
    return async (indices) => {
      const found: RecordedEvent[] = []
      for (const index of indices) {
        const after = index === 0 ? run.after : run.position(index - 1)
        const through = run.position(index)
        for await (const events of raw.readAll({ after, through, prefixes: this.prefixes, batchMax }))
          found.push(...events.filter(({ position }) => position === through))
      }
      return found
    }
  }

  private get points(): PointSource {
    return this.options.origin.points as PointSource
  }
}

const rawAtHand = ({ run, stretch }: FreshRun): RawOf => {
  return (indices) => {
    const positions = new Set(indices.map((index) => run.position(index)))
    return Promise.resolve(stretch.events.filter(({ position }) => positions.has(position)))
  }
}
