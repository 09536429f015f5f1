import type { Position, RecordedEvent } from '../../event-log.js'
import { uuidText } from './uuid.js'

/** How many events and names a block has, as its head says. */
export type BlockSizes = Readonly<{ count: number; streams: number; types: number }>

/** Where the parts of events are. `body` must not change while an event of it is in use. */
export type EventColumns = Readonly<{
  body: Buffer
  /** Position of the first event; the others follow one by one. */
  first: Position
  /** The names that `stream` and `type` number. */
  streams: readonly string[]
  types: readonly string[]
  stream: Uint16Array
  type: Uint16Array
  revision: Float64Array
  /** Four offsets in the body per event: where its metadata begins and ends, and where its data does. */
  places: Uint32Array
  /** Where the first id is, and from each to the next. */
  idsAt: number
  idStride: number
}>

/**
 * An event within the memory of its block. Most readers look at two or three of its fields, so each is made when it is
 * asked for: a position (BigInt), an id (text) and two buffers cost more than all the rest of reading an event.
 */
export class EventView implements RecordedEvent {
  private readonly of: EventColumns
  private readonly index: number

  constructor(of: EventColumns, index: number) {
    this.of = of
    this.index = index
  }

  get stream(): string {
    return this.of.streams[this.of.stream[this.index]!]!
  }

  get type(): string {
    return this.of.types[this.of.type[this.index]!]!
  }

  get revision(): number {
    return this.of.revision[this.index]!
  }

  get position(): Position {
    return this.of.first + BigInt(this.index)
  }

  get id(): string {
    return uuidText(this.of.body, this.of.idsAt + this.of.idStride * this.index)
  }

  get metadata(): Buffer {
    const at = 4 * this.index
    return this.of.body.subarray(this.of.places[at], this.of.places[at + 1])
  }

  get data(): Buffer {
    const at = 4 * this.index
    return this.of.body.subarray(this.of.places[at + 2], this.of.places[at + 3])
  }
}
