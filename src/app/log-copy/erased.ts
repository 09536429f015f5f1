import { configStream } from '../../domain/stream-name.js'
import type { EventLog, NewEvent, Position, RecordedEvent } from '../../log/event-log.js'

/**
 * One kind of raw event speaks of raw positions itself: the note that a stream was erased says where its events had
 * been. They are in no copy, so the note comes to speak of the events before them: a projector that had folded the
 * erased ones still sees that they lie behind its checkpoint.
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

/** Positions that notes through here speak of, in order. Streams are seldom erased, so there are few. */
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
  return [...positions].sort((a, b) => (a < b ? -1 : 1))
}

/** A raw event of the target, by its position, or by its place in its stream if nobody has seen that yet. */
type Mark = Position | Readonly<{ stream: string; revision: number }>

/**
 * Remembers for some positions of the source which raw event was the last at or before each, while all are passed in
 * order.
 */
export class Landmarks {
  readonly #wanted: readonly Position[]
  readonly #found = new Map<Position, Mark>()
  #at = 0
  #last: Mark | undefined

  constructor(wanted: readonly Position[]) {
    this.#wanted = wanted
  }

  pass(source: Position, mark: Mark): void {
    for (let next = this.#wanted[this.#at]; next !== undefined && next < source; next = this.#wanted[++this.#at])
      if (this.#last !== undefined) this.#found.set(next, this.#last)
    if (this.#at < this.#wanted.length) this.#last = mark
  }

  /** The note as the target is to have it; everything before it has been passed. */
  async moved(note: RecordedEvent, target: EventLog): Promise<NewEvent> {
    const { from, through } = noteIn(note)
    return withNote(note, await this.#place(BigInt(from), target), await this.#place(BigInt(through), target))
  }

  async #place(position: Position, target: EventLog): Promise<Position> {
    const mark = this.#found.get(position)
    if (typeof mark !== 'object') return mark ?? 0n
    for await (const [event] of target.readStream(mark.stream, { from: mark.revision, max: 1 }))
      return event?.position ?? 0n
    return 0n
  }
}
