import type { EventLog, Position, RecordedEvent } from '../../log/event-log.js'

/** Batches taken event by event, with a look at the next. */
export class Walk {
  readonly #batches: AsyncGenerator<readonly RecordedEvent[]>
  #batch: readonly RecordedEvent[] = []
  #at = 0

  constructor(batches: AsyncGenerator<readonly RecordedEvent[]>) {
    this.#batches = batches
  }

  /** The next event; `undefined` at the end. */
  async look(): Promise<RecordedEvent | undefined> {
    while (this.#at >= this.#batch.length) {
      const next = await this.#batches.next()
      if (next.done === true) return undefined
      this.#batch = next.value
      this.#at = 0
    }
    return this.#batch[this.#at]
  }

  step(): void {
    this.#at++
  }

  async close(): Promise<void> {
    await this.#batches.return(undefined)
  }
}

/** Where one raw event lies in the source and in the target. */
export type Pair = Readonly<{ source: Position; target: Position }>

/**
 * A place between raw events of the target: `at` the last before it (`undefined`: none), `next` the first behind it
 * (`undefined`: none yet).
 */
export type Place = Readonly<{ at: Position | undefined; next: Position | undefined }>

/**
 * Positions of the source as positions of the target. Both hold the same raw events in the same order, so they are
 * walked side by side, once, however many positions are asked for; in return these must ascend.
 */
export class Positions {
  readonly #pairs: AsyncGenerator<Pair>
  #next: Pair | undefined
  #last: Pair | undefined
  #asked: Position = 0n

  constructor(pairs: AsyncGenerator<Pair>) {
    this.#pairs = pairs
  }

  /** Behind the last raw event that lies at or before this position in the source. */
  async at(position: Position): Promise<Place> {
    if (position < this.#asked) throw new Error(`position ${position} was asked for after ${this.#asked}`)
    this.#asked = position
    for (;;) {
      this.#next ??= await this.#pull()
      if (this.#next === undefined || this.#next.source > position)
        return { at: this.#last?.target, next: this.#next?.target }
      this.#last = this.#next
      this.#next = undefined
    }
  }

  /** Walks to the end. */
  async finish(): Promise<void> {
    while ((await this.#pull()) !== undefined) this.#next = undefined
  }

  async close(): Promise<void> {
    await this.#pairs.return(undefined)
  }

  async #pull(): Promise<Pair | undefined> {
    const next = await this.#pairs.next()
    return next.done === true ? undefined : next.value
  }
}

const REMEMBERED_MAX = 100_000
const ASKED_AT_A_TIME = 8

/**
 * Says of streams whose events came by `readAll` whether they are erased: a server shows erased events there until it
 * has scavenged, and a copy must not bring them back.
 */
export const erasures = (log: EventLog) => {
  const known = new Map<string, boolean>()
  const isErased = async (stream: string): Promise<boolean> => {
    const seen = known.get(stream)
    if (seen !== undefined) return seen
    const erased = (await log.streamRevision(stream)) === undefined
    if (known.size >= REMEMBERED_MAX) known.clear()
    known.set(stream, erased)
    return erased
  }
  const without = async (events: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]> => {
    const streams = [...new Set(events.map(({ stream }) => stream))]
    const gone = new Set<string>()
    for (let at = 0; at < streams.length; at += ASKED_AT_A_TIME)
      await Promise.all(
        streams.slice(at, at + ASKED_AT_A_TIME).map(async (stream) => {
          if (await isErased(stream)) gone.add(stream)
        }),
      )
    return gone.size === 0 ? events : events.filter(({ stream }) => !gone.has(stream))
  }
  return { isErased, without }
}
