import { noTexts, type Body } from './fields.js'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const ZERO = 0x30
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Thrown within this file if the text is not plain enough to be scanned; the caller then parses it. */
class NotPlain extends Error {}
const notPlain = new NotPlain()

/** The names to read, arranged so that most other keys are skipped without creating a string for them. */
export type Names = Readonly<{ all: ReadonlySet<string>; shapes: Uint8Array }>

const SHAPES = 64 * 128
const shapeOf = (length: number, first: number): number => ((length & 63) << 7) | (first & 127)

export const namesOf = (...names: readonly string[]): Names => {
  const shapes = new Uint8Array(SHAPES)
  for (const name of names) shapes[shapeOf(name.length, name.charCodeAt(0))] = 1
  return { all: new Set(names), shapes }
}

const holders = namesOf('detail', 'eventBody', 'topicName')

/** The parts of an envelope that were read. */
export type Scanned = Readonly<{ topicName: string; body: Body }>

/**
 * Reads some members of `eventBody` without parsing the rest of the event. A projection needs six of forty fields,
 * and parsing whole events is most of the cost of a replay. The text must be valid JSON, which was checked when the
 * event was ingested. The result equals that of parsing for these names; it is `undefined` if the text has escapes or
 * an unusual form, and must then be parsed.
 */
export const scanBody = (text: string, names: Names): Scanned | undefined => {
  // Without a backslash every string ends at the next quote, and every key is spelled out.
  if (text.includes('\\')) return undefined
  const found: Found = { topicName: undefined, body: undefined }
  try {
    scanEnvelope(text, afterSpace(text, 0), names, found, true)
    const { topicName, body } = found
    return topicName === undefined || body === undefined ? undefined : { topicName, body }
  } catch (cause) {
    if (cause instanceof NotPlain) return undefined
    throw cause
  }
}

type Found = { topicName: string | undefined; body: Record<string, unknown> | undefined }

/**
 * Scans the envelope that begins at `at`; an EventBridge event (`outer`) has the notification in `detail`. Returns
 * the index after it.
 */
const scanEnvelope = (text: string, at: number, names: Names, found: Found, outer: boolean): number => {
  let key = firstKey(text, at)
  while (key > 0) {
    const value = valueOf(text, key)
    const name = nameAt(text, key, holders)
    if (name === undefined || (name === 'detail' && (!outer || text.charCodeAt(value) !== OPEN_OBJECT))) {
      key = nextKey(text, afterValue(text, value))
      continue
    }
    // A member that occurs twice, or both forms at once: the parser decides which one counts.
    if (name === 'topicName') {
      const end = afterValue(text, value)
      const topicName = valueAt(text, value, end)
      if (found.topicName !== undefined || typeof topicName !== 'string') throw notPlain
      found.topicName = topicName
      key = nextKey(text, end)
      continue
    }
    if (found.body !== undefined || (name === 'detail' && found.topicName !== undefined)) throw notPlain
    key = nextKey(
      text,
      name === 'eventBody'
        ? scanMembers(text, value, names, (found.body = {}))
        : scanEnvelope(text, value, names, found, false),
    )
  }
  return -key
}

const scanMembers = (text: string, at: number, names: Names, body: Record<string, unknown>): number => {
  let key = firstKey(text, at)
  while (key > 0) {
    const value = valueOf(text, key)
    const name = nameAt(text, key, names)
    const end = afterValue(text, value)
    if (name !== undefined) body[name] = valueAt(text, value, end)
    key = nextKey(text, end)
  }
  return -key
}

/**
 * Index after the opening quote of the first key of the object at `at`; if the object is empty, minus the index after
 * it.
 */
const firstKey = (text: string, at: number): number => {
  if (text.charCodeAt(at) !== OPEN_OBJECT) throw notPlain
  return keyOrEnd(text, afterSpace(text, at + 1))
}

/** The same for the key after a value that ends at `at`. */
const nextKey = (text: string, at: number): number => {
  const i = afterSpace(text, at)
  return text.charCodeAt(i) === COMMA ? keyOrEnd(text, afterSpace(text, i + 1)) : keyOrEnd(text, i)
}

const keyOrEnd = (text: string, at: number): number => {
  const code = text.charCodeAt(at)
  if (code === QUOTE) return at + 1
  if (code === CLOSE_OBJECT) return -(at + 1)
  throw notPlain
}

/** The key that begins at `key`, if it is one of the names. */
const nameAt = (text: string, key: number, { all, shapes }: Names): string | undefined => {
  const end = text.indexOf('"', key)
  if (shapes[shapeOf(end - key, text.charCodeAt(key))] !== 1) return undefined
  const name = text.slice(key, end)
  return all.has(name) ? name : undefined
}

/** Index of the value of the key that begins at `key`. */
const valueOf = (text: string, key: number): number => {
  const colon = afterSpace(text, afterString(text, key - 1))
  if (text.charCodeAt(colon) !== COLON) throw notPlain
  return afterSpace(text, colon + 1)
}

const valueAt = (text: string, at: number, end: number): unknown => {
  const code = text.charCodeAt(at)
  if (code === QUOTE) return text.slice(at + 1, end - 1)
  if (code === OPEN_ARRAY) return textsAt(text, at, end) ?? (JSON.parse(text.slice(at, end)) as unknown)
  return wholeAt(text, at, end) ?? (JSON.parse(text.slice(at, end)) as unknown)
}

/** A whole number of at most 15 digits, as nearly all numbers are; ten times faster than the parser. */
const wholeAt = (text: string, at: number, end: number): number | undefined => {
  if (end - at > 15 || (text.charCodeAt(at) === ZERO && end - at > 1)) return undefined
  let value = 0
  for (let i = at; i < end; i++) {
    const digit = text.charCodeAt(i) - ZERO
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  return value
}

/** An array of strings without spaces between them, as nearly all arrays of ids are. */
const textsAt = (text: string, at: number, end: number): readonly string[] | undefined => {
  if (end - at === 2) return noTexts
  const texts: string[] = []
  for (let i = at + 1; text.charCodeAt(i) === QUOTE;) {
    const after = afterString(text, i)
    texts.push(text.slice(i + 1, after - 1))
    if (after === end - 1) return texts
    if (text.charCodeAt(after) !== COMMA) return undefined
    i = after + 1
  }
  return undefined
}

const afterValue = (text: string, at: number): number => {
  const code = text.charCodeAt(at)
  if (code === QUOTE) return afterString(text, at)
  if (code === OPEN_ARRAY || code === OPEN_OBJECT) return afterNested(text, at)
  let i = at
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === COMMA || c === CLOSE_OBJECT || c === CLOSE_ARRAY || c <= 0x20) break
  }
  if (i === at) throw notPlain
  return i
}

const afterNested = (text: string, at: number): number => {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) i = afterString(text, i) - 1
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) depth++
    else if ((code === CLOSE_ARRAY || code === CLOSE_OBJECT) && --depth === 0) return i + 1
  }
  throw notPlain
}

const afterString = (text: string, at: number): number => {
  const end = text.indexOf('"', at + 1)
  if (end < 0) throw notPlain
  return end + 1
}

const afterSpace = (text: string, at: number): number => {
  let i = at
  while (text.charCodeAt(i) <= 0x20) i++
  return i
}
