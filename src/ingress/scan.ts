import type { Body } from './fields.js'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Thrown inside this file where the text is not of the plain kind that it reads; whoever asked parses the whole instead. */
class NotPlain extends Error {}
const notPlain = new NotPlain()

/**
 * Some members of `eventBody`, read from an envelope without building the rest: a fold needs six fields of forty, and parsing the whole event is most
 * of what a replay costs. For JSON that was found valid when it was taken in. The result is what parsing the whole would give for these names,
 * provided they are strings without escapes, numbers, booleans or null; `undefined` if the text is not of that kind, and then it has to be parsed.
 */
export const scanBody = (text: string, names: ReadonlySet<string>): Body | undefined => {
  try {
    const body: Record<string, unknown> = {}
    const found = scanEnvelope(text, afterSpace(text, 0), names, body, true)
    return found ? body : undefined
  } catch (cause) {
    if (cause instanceof NotPlain) return undefined
    throw cause
  }
}

/** Walks an envelope that begins at `at`; an EventBridge event (`outer`) has the notification in `detail`. */
const scanEnvelope = (text: string, at: number, names: ReadonlySet<string>, body: Record<string, unknown>, outer: boolean): boolean => {
  let found = false
  eachMember(text, at, (key, value) => {
    if (key === 'eventBody' && text.charCodeAt(value) === OPEN_OBJECT) {
      if (found) throw notPlain // twice: let the parser say which one counts
      found = true
      return eachMember(text, value, (name, start) => (names.has(name) ? readScalar(text, start, name, body) : afterValue(text, start)))
    }
    if (key === 'detail' && outer && text.charCodeAt(value) === OPEN_OBJECT) {
      if (found) throw notPlain // both forms at once
      found = scanEnvelope(text, value, names, body, false)
      return afterValue(text, value)
    }
    return afterValue(text, value)
  })
  return found
}

/** Calls `member` with each key and the place of its value; it returns the place after the value. Returns the place after the object. */
const eachMember = (text: string, at: number, member: (key: string, value: number) => number): number => {
  if (text.charCodeAt(at) !== OPEN_OBJECT) throw notPlain
  let i = afterSpace(text, at + 1)
  if (text.charCodeAt(i) === CLOSE_OBJECT) return i + 1
  for (;;) {
    if (text.charCodeAt(i) !== QUOTE) throw notPlain
    const end = text.indexOf('"', i + 1)
    if (end < 0) throw notPlain
    const key = text.slice(i + 1, end)
    if (text.charCodeAt(end - 1) === BACKSLASH || key.includes('\\')) throw notPlain
    i = afterSpace(text, end + 1)
    if (text.charCodeAt(i) !== COLON) throw notPlain
    i = afterSpace(text, member(key, afterSpace(text, i + 1)))
    const code = text.charCodeAt(i)
    if (code === CLOSE_OBJECT) return i + 1
    if (code !== COMMA) throw notPlain
    i = afterSpace(text, i + 1)
  }
}

const readScalar = (text: string, at: number, name: string, body: Record<string, unknown>): number => {
  const code = text.charCodeAt(at)
  if (code === QUOTE) {
    const end = text.indexOf('"', at + 1)
    const value = text.slice(at + 1, end)
    if (end < 0 || value.includes('\\')) throw notPlain
    body[name] = value
    return end + 1
  }
  if (code === OPEN_ARRAY || code === OPEN_OBJECT) throw notPlain
  const end = afterValue(text, at)
  body[name] = JSON.parse(text.slice(at, end))
  return end
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
  for (let end = text.indexOf('"', at + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end + 1
  }
  throw notPlain
}

const afterSpace = (text: string, at: number): number => {
  let i = at
  while (text.charCodeAt(i) <= 0x20) i++
  return i
}
