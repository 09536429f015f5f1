import * as E from 'fp-ts/lib/Either.js'
import { DEPTH_MAX } from './identity.js'
import type { Unusable } from './envelope.js'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const LINE_FEED = 0x0a
const OPEN = new Set([0x5b, 0x7b]) // [ {
const CLOSE = new Set([0x5d, 0x7d]) // ] }
const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d])

/** `bytes` without the white space around it. */
const trimmed = (bytes: Uint8Array): Uint8Array => {
  let from = 0
  let to = bytes.length
  while (from < to && SPACE.has(bytes[from] as number)) from++
  while (to > from && SPACE.has(bytes[to - 1] as number)) to--
  return bytes.subarray(from, to)
}

/**
 * Cuts a JSON document into the events it holds: the elements of an array, or the one value it is. The bytes of each are those received; only brackets and
 * strings are looked at, so that whether each element is JSON is judged by whoever parses it. Brackets that do not match are the sender's error, as is nesting
 * beyond the limit (the envelope's two or three levels included).
 */
export const splitJson = (document: Uint8Array): E.Either<Unusable, readonly Uint8Array[]> => {
  const bytes = trimmed(document)
  if (bytes.length === 0) return E.left({ reason: 'malformed-json', detail: 'the body is empty; send one event, an array of events, or one event a line' })
  const isArray = bytes[0] === 0x5b
  const elements: Uint8Array[] = []
  let depth = 0
  let from = 1
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    if (byte === QUOTE) {
      i = endOfString(bytes, i)
      if (i < 0) return E.left({ reason: 'malformed-json', detail: 'a string is not closed' })
    } else if (OPEN.has(byte)) {
      if (++depth > DEPTH_MAX + 4) return E.left({ reason: 'too-deep', detail: `nested deeper than ${DEPTH_MAX + 4} at byte ${i}` })
    } else if (CLOSE.has(byte)) {
      depth--
      if (depth < 0) return E.left({ reason: 'malformed-json', detail: `unexpected ${String.fromCharCode(byte)} at byte ${i}` })
      if (depth === 0 && i < bytes.length - 1) return E.left({ reason: 'malformed-json', detail: `unexpected text after the document at byte ${i + 1}` })
    } else if (byte === COMMA && depth === 1 && isArray) {
      elements.push(trimmed(bytes.subarray(from, i)))
      from = i + 1
    }
  }
  if (depth > 0) return E.left({ reason: 'malformed-json', detail: 'the document ends before its last bracket is closed' })
  if (!isArray) return E.right([bytes])
  const last = trimmed(bytes.subarray(from, bytes.length - 1))
  if (last.length > 0 || elements.length > 0) elements.push(last)
  return E.right(elements)
}

/** Cuts NDJSON at line feeds; empty lines are passed over. */
export const splitLines = (document: Uint8Array): readonly Uint8Array[] => {
  const lines: Uint8Array[] = []
  let from = 0
  while (from < document.length) {
    const at = document.indexOf(LINE_FEED, from)
    const to = at < 0 ? document.length : at
    const line = trimmed(document.subarray(from, to))
    if (line.length > 0) lines.push(line)
    from = to + 1
  }
  return lines
}

const endOfString = (bytes: Uint8Array, start: number): number => {
  for (let i = start + 1; i < bytes.length; i++) {
    if (bytes[i] === BACKSLASH) i++
    else if (bytes[i] === QUOTE) return i
  }
  return -1
}
