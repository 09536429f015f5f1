import { isoInstantOf } from '../../domain/iso-instant.js'

/**
 * Reads the fields of an event body. A field that is not as documented throws `BadField`; decoders.ts turns it into a
 * value in one place.
 */
export type Body = Readonly<Record<string, unknown>>

export class BadField extends Error {
  override readonly name = 'BadField'
}

/** The value for a message, shortened; of an object, which may be large, only its kind. */
const shown = (value: unknown): string => {
  if (value === undefined) return 'missing'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return JSON.stringify(typeof value === 'string' ? value.slice(0, 80) : value)
}

/**
 * The length of an id is limited because row keys are made of several ids, and each byte that is not plain becomes
 * three. A store takes keys of at most 1,978 bytes; two ids and three words stay below that.
 */
const PLAIN = /^[A-Za-z0-9._:-]{1,256}$/
const BYTES_MAX = 192
/** The same for a word of an enumeration, such as a media type. */
const WORD_BYTES_MAX = 64
const NAME_MAX = 256
const LONE_SURROGATE = /[\ud800-\udfff]/u

export const text = (body: Body, name: string): string => checkText(body[name], name)

const checkText = (value: unknown, name: string, bytesMax = BYTES_MAX): string => {
  if (typeof value !== 'string' || value === '')
    throw new BadField(`${name} is ${shown(value)}; expected a non-empty string`)
  if (PLAIN.test(value) && (bytesMax === BYTES_MAX || value.length <= bytesMax)) return value
  if (LONE_SURROGATE.test(value)) throw new BadField(`${name} is ${shown(value)}; expected well-formed Unicode`)
  const bytes = value.length > bytesMax ? value.length : Buffer.byteLength(value)
  if (bytes > bytesMax)
    throw new BadField(
      `${name} has ${bytes} bytes or more; expected at most ${bytesMax} (256 if all are letters, digits or . _ : -)`,
    )
  return value
}

/** A word of an enumeration (a media type, a direction). Absent, null and empty are the same. */
export const optionalWord = (body: Body, name: string): string | null => {
  const value = body[name]
  if (value === undefined || value === null || value === '') return null
  return checkText(value, name, WORD_BYTES_MAX)
}

/** A display name; it is not part of any key, so it is shortened instead of refused. */
export const optionalName = (body: Body, name: string): string | null => {
  const value = body[name]
  if (value === undefined || value === null || value === '') return null
  if (typeof value !== 'string') throw new BadField(`${name} is ${shown(value)}; expected a string`)
  return Array.from(value).slice(0, NAME_MAX).join('')
}

export const optionalText = (body: Body, name: string): string | null => {
  const value = body[name]
  if (value === undefined || value === null || value === '') return null
  return text(body, name)
}

/** The shared empty list: most points have no skills. */
export const noTexts: readonly string[] = Object.freeze([])

/** A point is counted once for each member of a list. */
const TEXTS_MAX = 100

/** A list of ids without repeats. Absent, null and empty are the same. */
export const texts = (body: Body, name: string): readonly string[] => {
  const value = body[name]
  if (value === undefined || value === null) return noTexts
  if (!Array.isArray(value)) throw new BadField(`${name} is ${shown(value)}; expected an array of strings`)
  if (value.length === 0) return noTexts
  if (value.length > TEXTS_MAX) throw new BadField(`${name} has ${value.length} members; expected at most ${TEXTS_MAX}`)
  for (let i = 0; i < value.length; i++) checkText(value[i], name)
  return value.length === 1 ? (value as readonly string[]) : [...new Set(value as readonly string[])]
}

/** The length of an array; absent is 0. */
export const membersOf = (body: Body, name: string): number => {
  const value = body[name]
  if (value === undefined || value === null) return 0
  if (Array.isArray(value)) return value.length
  throw new BadField(`${name} is ${shown(value)}; expected an array`)
}

/** The members of an array of objects; absent is empty. */
export const objects = (body: Body, name: string): readonly Body[] => {
  const value = body[name]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new BadField(`${name} is ${shown(value)}; expected an array of objects`)
  const odd = value.findIndex((item) => !isObject(item))
  if (odd >= 0) throw new BadField(`${name}[${odd}] is ${shown(value[odd])}; expected an object`)
  return value as readonly Body[]
}

export const flag = (body: Body, name: string): boolean => {
  const value = body[name]
  if (typeof value === 'boolean') return value
  throw new BadField(`${name} is ${shown(value)}; expected true or false`)
}

export const isObject = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const object = (body: Body, name: string): Body => {
  const value = body[name]
  if (isObject(value)) return value
  throw new BadField(`${name} is ${shown(value)}; expected an object`)
}

/** Ten years. No duration of a contact centre is longer, and sums of longer ones could exceed the exact integers. */
export const DURATION_MAX_MS = 3_652 * 86_400_000

/** A duration in whole ms. Genesys omits zero durations or sends 0; both are 0. */
export const durationMs = (body: Body, name: string): number => {
  const value = body[name]
  if (value === undefined || value === null) return 0
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= DURATION_MAX_MS) return value
  throw new BadField(`${name} is ${shown(value)}; expected whole milliseconds, not negative, ten years at most`)
}

/**
 * A whole number, as in metric records: 1 for counts, milliseconds for durations. Rows sum them, which is exact only
 * for whole numbers.
 */
export const wholeNumber = (body: Body, name: string): number => {
  const value = body[name]
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= DURATION_MAX_MS) return value
  throw new BadField(`${name} is ${shown(value)}; expected a whole number, ${DURATION_MAX_MS} at most`)
}

/** Observed numbers are summed as whole millionths; up to this size the sums are exact. */
export const OBSERVATION_MAX = 9e9

/** An observed number, which may be an average. */
export const observation = (body: Body, name: string): number => {
  const value = body[name]
  if (typeof value === 'number' && Math.abs(value) <= OBSERVATION_MAX) return value
  throw new BadField(`${name} is ${shown(value)}; expected a number, ${OBSERVATION_MAX} at most`)
}

const YEAR_2000 = 946_684_800_000
const YEAR_2200 = 7_258_118_400_000

const plausible = (at: number, name: string, value: unknown): number => {
  if (at >= YEAR_2000 && at < YEAR_2200) return at
  throw new BadField(`${name} is ${shown(value)}; expected an instant between 2000 and 2200`)
}

/** Epoch milliseconds, as detail events carry them. */
export const epochMs = (body: Body, name: string): number => {
  const value = body[name]
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw new BadField(`${name} is ${shown(value)}; expected epoch milliseconds`)
  return plausible(value, name, value)
}

/** The same; absent and null are `null`. */
export const optionalEpochMs = (body: Body, name: string): number | null =>
  body[name] === undefined || body[name] === null ? null : epochMs(body, name)

/** An ISO 8601 instant with its zone, as metric records and user topics carry them; in epoch milliseconds. */
export const isoInstant = (body: Body, name: string): number => {
  const value = body[name]
  const at = typeof value === 'string' ? isoInstantOf(value) : 'malformed'
  if (at === 'malformed') throw new BadField(`${name} is ${shown(value)}; expected an ISO 8601 date-time with zone`)
  if (at === 'impossible') throw new BadField(`${name} is ${shown(value)}; there is no such date, time or offset`)
  return plausible(at, name, value)
}
