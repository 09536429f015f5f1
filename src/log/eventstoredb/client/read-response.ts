import { LogUnavailable } from '../../event-log.js'
import type { Position, RecordedEvent } from '../../event-log.js'

/** A message of a reading call, as far as the adapter heeds it. */
export type Received =
  | Readonly<{ kind: 'event'; event: RecordedEvent }>
  /** Every matching record before this position has been sent; one at it may come yet. */
  | Readonly<{ kind: 'checkpoint'; position: Position }>
  /** The subscription is live from here on. Versions before 23.10 do not say so. */
  | Readonly<{ kind: 'caught-up' }>
  | typeof OTHER

const OTHER = { kind: 'other' } as const
const CAUGHT_UP = { kind: 'caught-up' } as const

/** Places of the fields in `ReadResp` and its parts (`streams.proto`), with the wire types. */
const LENGTH = 2
const EVENT = 1
const CHECKPOINT = 3
const HAS_CAUGHT_UP = 8
const RECORDED = 1
const LINK = 2
const ID = 1
const STREAM = 2
const REVISION = 3
const COMMIT = 5
const METADATA = 6
const CUSTOM_METADATA = 7
const DATA = 8
const CHECKPOINT_COMMIT = 1
const UUID_TEXT = 2
const STREAM_NAME = 3
const KEY = 1
const VALUE = 2

const NOTHING: Uint8Array = Buffer.alloc(0)

/**
 * Decodes a message of a reading call. The generated code makes an object for every part, of which a reader needs seven
 * values, and costs a fifth of a first pass. Data and metadata share memory with the message. What is unknown is passed
 * over.
 */
export const decodeReceived = (bytes: Buffer): Received => {
  const message = new Fields(bytes, 0, bytes.length)
  while (message.next())
    switch (message.field) {
      case EVENT:
        return eventIn(message.part())
      case CHECKPOINT:
        return { kind: 'checkpoint', position: positionIn(message.part()) }
      case HAS_CAUGHT_UP:
        return CAUGHT_UP
    }
  return OTHER
}

const eventIn = (part: Fields): Received => {
  while (part.next())
    if (part.field === RECORDED || part.field === LINK) return { kind: 'event', event: recordedIn(part.part()) }
  return OTHER
}

const positionIn = (part: Fields): Position => {
  let position = 0n
  while (part.next()) if (part.field === CHECKPOINT_COMMIT) position = part.position()
  return position
}

const recordedIn = (part: Fields): RecordedEvent => {
  let [id, type, stream] = ['', '', '']
  let [revision, position] = [0, 0n]
  let [data, metadata] = [NOTHING, NOTHING]
  while (part.next())
    switch (part.field) {
      case ID:
        id = part.part().text(UUID_TEXT)
        break
      case STREAM:
        stream = part.part().text(STREAM_NAME)
        break
      case REVISION:
        revision = part.number()
        break
      case COMMIT:
        position = part.position()
        break
      case METADATA:
        type = typeIn(part.part()) ?? type
        break
      case CUSTOM_METADATA:
        metadata = part.bytes()
        break
      case DATA:
        data = part.bytes()
        break
    }
  return { id, type, data, metadata, stream, revision, position }
}

/** The type, where this entry of the system metadata holds it. */
const typeIn = (entry: Fields): string | undefined => {
  let isType = false
  while (entry.next()) {
    if (entry.field === KEY) isType = entry.spells('type')
    if (entry.field === VALUE && isType) return entry.string()
  }
  return undefined
}

/** The fields of one message of the protocol, in the order in which they come. */
class Fields {
  readonly #bytes: Buffer
  readonly #end: number
  #at: number
  field = 0
  /** Where the value of a field begins and ends that has a length. */
  #from = 0
  #value = 0
  #high = 0

  constructor(bytes: Buffer, from: number, end: number) {
    this.#bytes = bytes
    this.#at = from
    this.#end = end
  }

  /** Moves on to the next field; `false` at the end. */
  next(): boolean {
    if (this.#at >= this.#end) return false
    this.#varint()
    const tag = this.#value
    this.field = tag >>> 3
    switch (tag & 7) {
      case 0:
        this.#varint()
        break
      case 1:
        this.#at += 8
        break
      case LENGTH:
        this.#varint()
        this.#from = this.#at
        this.#at += this.#value
        break
      case 5:
        this.#at += 4
        break
      default:
        throw malformed()
    }
    if (this.#at > this.#end) throw malformed()
    return true
  }

  part(): Fields {
    return new Fields(this.#bytes, this.#from, this.#at)
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(this.#from, this.#at)
  }

  string(): string {
    return this.#bytes.toString('utf8', this.#from, this.#at)
  }

  /** The text in a field of this part. */
  text(field: number): string {
    while (this.next()) if (this.field === field) return this.string()
    return ''
  }

  /** Whether the value is this text, of ASCII. */
  spells(text: string): boolean {
    if (this.#at - this.#from !== text.length) return false
    for (let i = 0; i < text.length; i++) if (this.#bytes[this.#from + i] !== text.charCodeAt(i)) return false
    return true
  }

  number(): number {
    return this.#value + this.#high * 2 ** 49
  }

  position(): Position {
    return this.#high === 0 ? BigInt(this.#value) : BigInt(this.#value) + (BigInt(this.#high) << 49n)
  }

  /** An integer of up to 64 bits: the lower 49 as one number, the others as another. */
  #varint(): void {
    let [value, high, scale] = [0, 0, 1]
    for (let i = 0; ; i++) {
      if (this.#at >= this.#end || i === 10) throw malformed()
      const byte = this.#bytes[this.#at++]!
      if (i < 7) value += (byte & 0x7f) * scale
      else high += (byte & 0x7f) * 2 ** (7 * (i - 7))
      scale *= 128
      if (byte < 0x80) break
    }
    this.#value = value
    this.#high = high
  }
}

const malformed = (): LogUnavailable => new LogUnavailable('EventStoreDB: a message of the server cannot be read')
