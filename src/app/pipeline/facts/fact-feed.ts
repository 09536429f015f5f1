import type { PointSource } from '../../../domain/profile.js'
import { rawPrefixes } from '../../../domain/stream-name.js'
import type { EventLog, Position, RecordedEvent } from '../../../log/event-log.js'
import { decodeRun, type RawStretch } from './decode-run.js'
import { wholeRun, type FactBatch } from './fact-batch.js'

export type FactLive =
  | Readonly<{ kind: 'facts'; batch: FactBatch }>
  /** Everything through `position` has been delivered. */
  | Readonly<{ kind: 'checkpoint'; position: Position }>
  | Readonly<{ kind: 'caught-up' }>

export type FactFeedOptions = Readonly<{
  raw: EventLog
  tenant: string
  points: PointSource
  /** Streams that were erased. A server that has not scavenged still delivers their events. */
  erased: ReadonlySet<string>
  /** Events in a batch, at most. */
  batchMax: number
}>

/** The facts of the raw log, in order. */
export class FactFeed {
  private readonly options: FactFeedOptions

  constructor(options: FactFeedOptions) {
    this.options = options
  }

  /** Delivers what is behind a position, says `caught-up`, then delivers what comes, until the signal aborts. */
  async *follow(after: Position | undefined, signal: AbortSignal): AsyncGenerator<FactLive> {
    const { raw, tenant, batchMax } = this.options
    let reached = after
    for await (const message of raw.subscribe({ after, prefixes: rawPrefixes(tenant), batchMax, signal })) {
      if (signal.aborted) return // events may have been left out just now: nothing behind them may count
      if (message.kind === 'caught-up') yield { kind: 'caught-up' }
      else if (message.kind === 'checkpoint') yield { kind: 'checkpoint', position: (reached = message.position) }
      else {
        const batch = this.decoded(reached, message.events)
        reached = batch.through
        yield { kind: 'facts', batch }
      }
    }
  }

  /** Delivers what is behind a position and through another. */
  async *through(after: Position | undefined, through: Position): AsyncGenerator<FactBatch> {
    const { raw, tenant, batchMax } = this.options
    let reached = after
    for await (const events of raw.readAll({ after, through, prefixes: rawPrefixes(tenant), batchMax })) {
      const batch = this.decoded(reached, events)
      reached = batch.through
      yield batch
    }
  }

  /** Everything behind a position and through another as one batch. */
  async allThrough(after: Position | undefined, through: Position): Promise<FactBatch> {
    const { raw, tenant } = this.options
    const events: RecordedEvent[] = []
    for await (const batch of raw.readAll({ after, through, prefixes: rawPrefixes(tenant) })) events.push(...batch)
    return this.batchOf({ after, through, events })
  }

  private decoded(after: Position | undefined, events: readonly RecordedEvent[]): FactBatch {
    return this.batchOf({ after, through: (events.at(-1) as RecordedEvent).position, events })
  }

  private batchOf(stretch: RawStretch): FactBatch {
    const { erased, points } = this.options
    const events = erased.size === 0 ? stretch.events : stretch.events.filter(({ stream }) => !erased.has(stream))
    const run = decodeRun({ ...stretch, events }, points)
    const asked = (indices: readonly number[]): readonly RecordedEvent[] => {
      const positions = new Set(indices.map((index) => run.position(index)))
      return events.filter(({ position }) => positions.has(position))
    }
    return wholeRun(run, (indices) => Promise.resolve(asked(indices)))
  }
}
