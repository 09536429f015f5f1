import { noTexts, type Body } from '../decode/fields.js'
import { BODY, MEMBERS_MAX, type PlainEvent } from './plain-event.js'
import { afterSpace, afterString, CLOSE_ARRAY, COMMA, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './plain-value.js'
import { textOf } from './text-cache.js'

const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39

/** These members of the body of a plain event, as parsing gives them; the others are left out. */
export const plainBody = (event: PlainEvent, names: readonly string[]): Body => {
  const { bytes, from, to } = event
  const places = event.shape(BODY).placesOf(names)
  const body: Record<string, unknown> = {}
  for (let i = 0; i < places.length; i++) {
    const place = places[i] as number
    if (place < 0) continue
    const at = BODY * MEMBERS_MAX + place
    body[names[i] as string] = valueAt(bytes, from[at] as number, to[at] as number)
  }
  return body
}

const valueAt = (bytes: Uint8Array, from: number, to: number): unknown => {
  switch (bytes[from]) {
    case QUOTE:
      return textOf(bytes, from + 1, to - 1)
    case OPEN_OBJECT:
      return parsed(bytes, from, to)
    case OPEN_ARRAY:
      return textsAt(bytes, from) ?? parsed(bytes, from, to)
    default:
      return wholeAt(bytes, from, to) ?? parsed(bytes, from, to)
  }
}

const parsed = (bytes: Uint8Array, from: number, to: number): unknown =>
  JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8'))

/** A whole number of at most 15 digits, as nearly all numbers are; `undefined` for any other value. */
export const wholeAt = (bytes: Uint8Array, from: number, to: number): number | undefined => {
  const isNegative = bytes[from] === MINUS
  let value = 0
  for (let i = isNegative ? from + 1 : from; i < to; i++) {
    const byte = bytes[i] as number
    if (byte < ZERO || byte > NINE) return undefined
    value = value * 10 + byte - ZERO
  }
  return isNegative ? -value : value
}

/** An array of strings, as nearly all arrays are lists of ids; `undefined` for any other. */
const textsAt = (bytes: Uint8Array, from: number): readonly string[] | undefined => {
  let at = afterSpace(bytes, from + 1)
  if (bytes[at] === CLOSE_ARRAY) return noTexts
  const texts: string[] = []
  while (bytes[at] === QUOTE) {
    const end = afterString(bytes, at)
    texts.push(textOf(bytes, at + 1, end - 1))
    at = afterSpace(bytes, end)
    if (bytes[at] === CLOSE_ARRAY) return texts
    if (bytes[at] === COMMA) at = afterSpace(bytes, at + 1)
  }
  return undefined
}
