import { afterSpace, afterValue, CLOSE_OBJECT, COMMA, NOT_PLAIN, OPEN_OBJECT, QUOTE } from './plain-value.js'
import { textOf } from './text-cache.js'
import { Shape } from './shape.js'

/** Objects within each other whose members are read: the envelope, `detail` in it, the body, and what the body holds. */
const OUTER = 0
const INNER = 1
export const BODY = 2
const LEVELS = 10
/** Members of one object. */
export const MEMBERS_MAX = 256
/** A longer event is left to the parser. */
export const PLAIN_BYTES_MAX = 64 * 1024
/** Bytes of an empty string. */
const EMPTY_TEXT = 2
/** Shapes of one level in memory; when there are more, all are forgotten. */
const SHAPES_MAX = 10_000

/** Members of an envelope that say what the event is. */
const envelopeNames = ['topicName', 'eventBody', 'timestamp', 'detail-type', 'participants']
const [TOPIC_NAME, EVENT_BODY, TIMESTAMP, DETAIL_TYPE, PARTICIPANTS] = [0, 1, 2, 3, 4] as const

/**
 * A notification, bare or in an EventBridge event, read in one pass over its bytes. It holds the places of values and
 * makes no object of them, so one `PlainEvent` reads one event after the other.
 *
 * It reads nearly all events, and none that it could read otherwise than the parser does: an event with an escape, a
 * repeated member, or a number that JavaScript spells otherwise, is not plain (plain-value.ts), and neither is one whose
 * envelope is unusual. The caller then parses it. The bytes must be UTF-8.
 */
export class PlainEvent {
  bytes: Uint8Array = Buffer.alloc(0)
  /** Where the values of members are: those of an object of level n from place n × `MEMBERS_MAX` on. */
  readonly from = new Int32Array(LEVELS * MEMBERS_MAX)
  readonly to = new Int32Array(LEVELS * MEMBERS_MAX)
  /** The object of each level that was read last. */
  private readonly shapes: (Shape | undefined)[] = Array.from({ length: LEVELS }, () => undefined)
  private readonly empty: Shape[] = Array.from({ length: LEVELS }, () => new Shape())

  /** Whether these bytes are a plain notification; the other members then tell what it holds. */
  read(bytes: Uint8Array): boolean {
    if (bytes.length > PLAIN_BYTES_MAX) return false
    this.bytes = bytes
    this.shapes[INNER] = undefined
    this.shapes[BODY] = undefined
    const end = this.readObject(afterSpace(bytes, 0), OUTER)
    return end !== NOT_PLAIN && afterSpace(bytes, end) === bytes.length && this.isNotification()
  }

  get topicName(): string {
    return this.text(this.topicPlace) as string
  }

  /** When the notification was published, if its envelope says so. */
  get timestamp(): string | undefined {
    return this.text(this.timestampPlace)
  }

  /** The detail-type of the EventBridge event around the notification. */
  get detailType(): string | undefined {
    return this.holder === INNER ? this.text(this.place(OUTER, DETAIL_TYPE)) : undefined
  }

  /** Place of the topic name. */
  get topicPlace(): number {
    return this.place(this.holder, TOPIC_NAME)
  }

  /** Place of the timestamp; -1 if the envelope has none, or it is no string. */
  get timestampPlace(): number {
    const place = this.place(this.holder, TIMESTAMP)
    return place >= 0 && this.bytes[this.from[place] as number] === QUOTE ? place : -1
  }

  /** The shape of the object of this level that was read last. */
  shape(level: number): Shape {
    return this.shapes[level] as Shape
  }

  /** Reads the object that begins at `at`, and returns the place behind it; `NOT_PLAIN` if it cannot be read so. */
  readObject(at: number, level: number): number {
    const { bytes, from, to } = this
    if (bytes[at] !== OPEN_OBJECT || level === LEVELS) return NOT_PLAIN
    let shape = this.emptyShape(level)
    let place = level * MEMBERS_MAX
    const full = place + MEMBERS_MAX
    let i = afterSpace(bytes, at + 1)
    while (bytes[i] === QUOTE && place < full) {
      const longer = shape.with(bytes, i + 1)
      if (longer === undefined) return NOT_PLAIN
      shape = longer
      i = afterSpace(bytes, i + 1 + shape.key.length)
      from[place] = i
      i = level < BODY ? this.afterMember(i, level, shape) : afterValue(bytes, i)
      if (i === NOT_PLAIN) return NOT_PLAIN
      to[place++] = i
      i = afterSpace(bytes, i)
      if (bytes[i] !== COMMA) break
      i = afterSpace(bytes, i + 1)
      if (bytes[i] !== QUOTE) return NOT_PLAIN
    }
    this.shapes[level] = shape
    return bytes[i] === CLOSE_OBJECT ? i + 1 : NOT_PLAIN
  }

  /** The place behind a member of an envelope, of which `detail` and `eventBody` are read into. */
  private afterMember(at: number, level: number, { name }: Shape): number {
    const { bytes } = this
    if (bytes[at] !== OPEN_OBJECT) return afterValue(bytes, at)
    if (name === 'detail' && level === OUTER) return this.readObject(at, INNER)
    if (name !== 'eventBody') return afterValue(bytes, at)
    // A second body: which one counts is left to the parser.
    return this.shapes[BODY] === undefined ? this.readObject(at, BODY) : NOT_PLAIN
  }

  private isNotification(): boolean {
    const { bytes, from, to, holder, topicPlace } = this
    const body = this.place(holder, EVENT_BODY)
    return (
      // With participants it may be a conversation of the analytics API.
      this.place(OUTER, PARTICIPANTS) < 0 &&
      body >= 0 &&
      bytes[from[body] as number] === OPEN_OBJECT &&
      topicPlace >= 0 &&
      bytes[from[topicPlace] as number] === QUOTE &&
      (to[topicPlace] as number) - (from[topicPlace] as number) > EMPTY_TEXT
    )
  }

  /** The level of the envelope that holds the topic name and the body. */
  private get holder(): number {
    return this.shapes[INNER] === undefined ? OUTER : INNER
  }

  private place(level: number, name: number): number {
    const place = this.shape(level).placesOf(envelopeNames)[name] as number
    return place < 0 ? place : level * MEMBERS_MAX + place
  }

  private text(place: number): string | undefined {
    if (place < 0) return undefined
    const [from, to] = [this.from[place] as number, this.to[place] as number]
    return this.bytes[from] === QUOTE ? textOf(this.bytes, from + 1, to - 1) : undefined
  }

  private emptyShape(level: number): Shape {
    const empty = this.empty[level] as Shape
    if (empty.size < SHAPES_MAX) return empty
    return (this.empty[level] = new Shape())
  }
}
