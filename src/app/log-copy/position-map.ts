import { lateLetter, noteOfLetter, type LateStretch } from '../../ingress/dead-letter.js'
import type { EventLog, Position, RecordedEvent, NewEvent } from '../../log/event-log.js'
import { streamPages } from './endpoint.js'
import { configStream, deadLetterStream } from '../../domain/stream-name.js'

/** The positions of one raw event in source and target. */
export type Pair = Readonly<{ source: Position; target: Position }>

/**
 * A place between two raw events of the target: `at` is the position of the event before it, `next` of the event after
 * it; `undefined` where there is none.
 */
export type Place = Readonly<{ at: Position | undefined; next: Position | undefined }>

/**
 * Translates positions of the source into positions of the target. Both hold the same raw events in the same order, so
 * one pass over both serves any number of positions, provided that they are asked for in ascending order.
 */
export class PositionTranslator {
  readonly #pairs: AsyncGenerator<Pair>
  #next: Pair | undefined
  #last: Pair | undefined
  #asked: Position = 0n

  constructor(pairs: AsyncGenerator<Pair>) {
    this.#pairs = pairs
  }

  /** The place in the target after the last raw event that lies at or before this position in the source. */
  async translate(position: Position): Promise<Place> {
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

  /** Reads all pairs that are left. */
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

const STREAMS_REMEMBERED_MAX = 100_000
const REQUESTS_MAX = 8

/**
 * Tells erased streams among those whose events `readAll` returned. A server goes on returning erased events until it
 * has been scavenged, and a copy must not restore them.
 */
export const erasures = (log: EventLog) => {
  const known = new Map<string, boolean>()
  const isErased = async (stream: string): Promise<boolean> => {
    const seen = known.get(stream)
    if (seen !== undefined) return seen
    const erased = (await log.streamRevision(stream)) === undefined
    if (known.size >= STREAMS_REMEMBERED_MAX) known.clear()
    known.set(stream, erased)
    return erased
  }
  const without = async (events: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]> => {
    const streams = [...new Set(events.map(({ stream }) => stream))]
    const gone = new Set<string>()
    for (let at = 0; at < streams.length; at += REQUESTS_MAX)
      await Promise.all(
        streams.slice(at, at + REQUESTS_MAX).map(async (stream) => {
          if (await isErased(stream)) gone.add(stream)
        }),
      )
    return gone.size === 0 ? events : events.filter(({ stream }) => !gone.has(stream))
  }
  return { isErased, without }
}

/**
 * One kind of raw event contains raw positions: the note that a stream was erased names the positions of its first and
 * last event. A copy does not contain those events, so there the note names the events before them. A projector that
 * had folded the erased events still sees that they lie at or before its checkpoint.
 */
const NOTE = 'StreamErased'
type Note = Readonly<{ from: string; through: string }>

export const isErasedNote = (event: RecordedEvent): boolean => event.type === NOTE

export const noteIn = ({ data }: NewEvent): Note => JSON.parse(Buffer.from(data).toString('utf8')) as Note

export const withNote = ({ id, type, data, metadata }: NewEvent, from: Position, through: Position): NewEvent => {
  const note = {
    ...(JSON.parse(Buffer.from(data).toString('utf8')) as object),
    from: String(from),
    through: String(through),
  }
  return { id, type, data: Buffer.from(JSON.stringify(note)), metadata }
}

/** The letter of a stretch of late events with these positions, as a projector of the target would write it. */
const withStretch = (letter: RecordedEvent, tenant: string, first: Position, last: Position): NewEvent => {
  const { stretch, receivedAt } = noteOfLetter(letter)
  const told = { ...(stretch as LateStretch), first: String(first), last: String(last) }
  return lateLetter(told, { tenant, receivedAt: Date.parse(receivedAt) }).event
}

/** The positions that letters of stretches name. */
export const stretchPositions = async (
  logs: Iterable<readonly [log: EventLog, through: number]>,
  tenant: string,
): Promise<readonly Position[]> => {
  const positions = new Set<Position>()
  for (const [log, through] of logs)
    for await (const page of streamPages(log, deadLetterStream(tenant), 0, through))
      for (const letter of page) {
        const { stretch } = noteOfLetter(letter)
        if (stretch !== undefined) for (const each of [stretch.first, stretch.last]) positions.add(BigInt(each))
      }
  return [...positions]
}

/**
 * The positions that notes through a position name. Few streams are ever erased, so they fit into memory.
 */
export const erasedPositions = async (
  log: EventLog,
  tenant: string,
  through: Position | undefined,
): Promise<readonly Position[]> => {
  const positions = new Set<Position>()
  for await (const batch of log.readAll({ through: through ?? 0n, prefixes: [configStream(tenant, 'erased', '')] }))
    for (const event of batch)
      if (isErasedNote(event))
        for (const each of [noteIn(event).from, noteIn(event).through]) positions.add(BigInt(each))
  return [...positions]
}

/** A raw event of the target: by position, or by stream and revision while its position is not known yet. */
type TargetPlace = Position | Readonly<{ stream: string; revision: number }>

/**
 * Maps some positions of the source to raw events of the target: each to the last event at or before it. All raw events
 * are recorded in order; the wanted positions are known beforehand.
 */
export class PositionMap {
  readonly #wanted: readonly Position[]
  readonly #found = new Map<Position, TargetPlace>()
  #at = 0
  #last: TargetPlace | undefined

  constructor(wanted: readonly Position[]) {
    this.#wanted = [...wanted].sort((a, b) => (a < b ? -1 : 1))
  }

  record(source: Position, place: TargetPlace): void {
    for (let next = this.#wanted[this.#at]; next !== undefined && next < source; next = this.#wanted[++this.#at])
      if (this.#last !== undefined) this.#found.set(next, this.#last)
    if (this.#at < this.#wanted.length) this.#last = place
  }

  /** The note as the target has to hold it. Everything before it must have been recorded. */
  async translated(note: RecordedEvent, target: EventLog): Promise<NewEvent> {
    const { from, through } = noteIn(note)
    return withNote(note, await this.#place(BigInt(from), target), await this.#place(BigInt(through), target))
  }

  /** A dead letter as the target has to hold it. All raw events must have been recorded. */
  async translatedLetter(letter: RecordedEvent, tenant: string, target: EventLog): Promise<NewEvent> {
    const { stretch } = noteOfLetter(letter)
    if (stretch === undefined) return letter
    const [first, last] = [BigInt(stretch.first), BigInt(stretch.last)]
    return withStretch(letter, tenant, await this.#place(first, target), await this.#place(last, target))
  }

  async #place(position: Position, target: EventLog): Promise<Position> {
    const isBeyond = position >= (this.#wanted[this.#at] ?? position + 1n)
    const place = isBeyond ? this.#last : this.#found.get(position)
    if (typeof place !== 'object') return place ?? 0n
    for await (const [event] of target.readStream(place.stream, { from: place.revision, max: 1 }))
      return event?.position ?? 0n
    return 0n
  }
}
