import * as E from 'fp-ts/lib/Either.js'
import { DEPTH_MAX } from '../domain/canonical-json.js'
import type { Unusable } from './unusable.js'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const SPACE = 0x20
const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

const isSpace = (byte: number | undefined): boolean =>
  byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB

/** `bytes` without the white space around it. */
const trimmed = (bytes: Uint8Array): Uint8Array => {
  let from = 0
  let to = bytes.length
  while (from < to && isSpace(bytes[from])) from++
  while (to > from && isSpace(bytes[to - 1])) to--
  return bytes.subarray(from, to)
}

/** Some editors begin a file with a byte order mark, which is not part of the JSON. */
const withoutMark = (bytes: Uint8Array): Uint8Array =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes

const malformed = (detail: string): E.Either<Unusable, never> => E.left({ reason: 'malformed-json', detail })

/**
 * Splits a JSON document into events: the elements of an array, or the single value. Each keeps the bytes received.
 * Only brackets and strings are examined; an element that is not JSON fails later, when it is parsed. An array that is
 * not closed makes the whole document malformed, and nesting beyond the limit (with the two or three levels of the
 * envelope) is refused. Returns at most one event more than `eventsMax`, which shows the caller that there are more.
 */
export const splitJson = (document: Uint8Array, eventsMax = Infinity): E.Either<Unusable, readonly Uint8Array[]> => {
  const bytes = trimmed(withoutMark(document))
  if (bytes.length === 0) return malformed('the body is empty; send one event, an array of events, or one event a line')
  const isArray = bytes[0] === OPEN_ARRAY
  const elements: Uint8Array[] = []
  let depth = 0
  let from = 1
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === QUOTE) {
      const end = endOfString(bytes, i)
      if (end < 0) return malformed(`the string that begins at byte ${i} is not closed`)
      i = end
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (++depth > DEPTH_MAX + 4)
        return E.left({ reason: 'too-deep', detail: `nested deeper than ${DEPTH_MAX + 4} at byte ${i}` })
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth--
      if (depth < 0) return malformed(`unexpected ${String.fromCharCode(byte)} at byte ${i}`)
      if (depth === 0 && i < bytes.length - 1)
        return malformed(
          `unexpected text after the document, at byte ${i + 1}; events one a line are sent as application/x-ndjson`,
        )
    } else if (byte === COMMA && depth === 1 && isArray) {
      elements.push(trimmed(bytes.subarray(from, i)))
      from = i + 1
      if (elements.length > eventsMax) return E.right(elements)
    }
  }
  if (depth > 0) return malformed(`the document ends at byte ${bytes.length}, before its last bracket is closed`)
  if (!isArray) return E.right([bytes])
  if (bytes[bytes.length - 1] !== CLOSE_ARRAY)
    return malformed(`the array ends with another bracket than ], at byte ${bytes.length - 1}`)
  const last = trimmed(bytes.subarray(from, bytes.length - 1))
  if (last.length > 0 || elements.length > 0) elements.push(last)
  return E.right(elements)
}

/** Place of the quote that ends the string, or -1. The search for quotes is native. */
const endOfString = (bytes: Uint8Array, start: number): number => {
  for (let at = bytes.indexOf(QUOTE, start + 1); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let backslashes = 0
    while (bytes[at - 1 - backslashes] === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return at
  }
  return -1
}
