import { contentIdOf } from '../../log/content-id.js'
import { BODY, MEMBERS_MAX, PLAIN_BYTES_MAX, type PlainEvent } from './plain-event.js'
import {
  afterSpace,
  afterValue,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  NOT_PLAIN,
  OPEN_ARRAY,
  OPEN_OBJECT,
} from './plain-value.js'

/** Room for what an event is known by, which is less than the event, and the zeros between its parts. */
const written = Buffer.alloc(PLAIN_BYTES_MAX + 64)

/**
 * The content id of a plain event: of its topic name, the canonical JSON of its body (canonical-json.ts) and, unless
 * the topic is `timed`, its timestamp. Strings and numbers stand in canonical JSON as they stand in the event, so bytes
 * are moved and none is made anew. `undefined` if the body is nested too deeply to be read so.
 */
export const plainContentId = (event: PlainEvent, timed: boolean): string | undefined => {
  let at = writeText(event, event.topicPlace, 0)
  written[at++] = 0
  at = writeObject(event, BODY, at)
  if (at === NOT_PLAIN) return undefined
  written[at++] = 0
  if (!timed) {
    const { timestampPlace } = event
    if (timestampPlace >= 0) at = writeText(event, timestampPlace, at)
    written[at++] = 0
  }
  return contentIdOf(written.subarray(0, at))
}

/** Writes a string without its quotes. Returns the place behind it, as all functions here do. */
const writeText = ({ bytes, from, to }: PlainEvent, place: number, at: number): number =>
  copy(bytes, (from[place] as number) + 1, (to[place] as number) - 1, at)

/** Writes the object of a level that was read last. */
const writeObject = (event: PlainEvent, level: number, at: number): number => {
  const { members, heads } = event.shape(level).canonicalOrder
  let i = at
  if (members.length === 0) written[i++] = OPEN_OBJECT
  for (let k = 0; k < members.length; k++) {
    const head = heads[k] as Uint8Array
    i = copy(head, 0, head.length, i)
    const place = level * MEMBERS_MAX + (members[k] as number)
    i = writeValue(event, event.from[place] as number, event.to[place] as number, level, i)
    if (i === NOT_PLAIN) return NOT_PLAIN
  }
  written[i++] = CLOSE_OBJECT
  return i
}

/** Writes a value that stands in an object of this level. */
const writeValue = (event: PlainEvent, from: number, to: number, level: number, at: number): number => {
  switch (event.bytes[from]) {
    case OPEN_OBJECT:
      return event.readObject(from, level + 1) === NOT_PLAIN ? NOT_PLAIN : writeObject(event, level + 1, at)
    case OPEN_ARRAY:
      return writeArray(event, from, level, at)
    default:
      return copy(event.bytes, from, to, at)
  }
}

const writeArray = (event: PlainEvent, from: number, level: number, at: number): number => {
  const { bytes } = event
  let i = at
  written[i++] = OPEN_ARRAY
  for (let item = afterSpace(bytes, from + 1); bytes[item] !== CLOSE_ARRAY;) {
    const end = afterValue(bytes, item)
    i = writeValue(event, item, end, level, i)
    if (i === NOT_PLAIN) return NOT_PLAIN
    item = afterSpace(bytes, end)
    if (bytes[item] !== COMMA) continue
    written[i++] = COMMA
    item = afterSpace(bytes, item + 1)
  }
  written[i++] = CLOSE_ARRAY
  return i
}

const copy = (bytes: Uint8Array, from: number, to: number, at: number): number => {
  const target = written
  let i = at
  for (let j = from; j < to; j++) target[i++] = bytes[j] as number
  return i
}
