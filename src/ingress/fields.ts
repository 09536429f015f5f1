/** Reads the fields of an event body. A field that is not as documented throws `BadField`, which `decode` turns into a value in one place. */
export type Body = Readonly<Record<string, unknown>>

export class BadField extends Error {
  override readonly name = 'BadField'
}

/** Says what stands there, briefly; an object may be deep or large, so that only its kind is told. */
const shown = (value: unknown): string => {
  if (value === undefined) return 'missing'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return JSON.stringify(typeof value === 'string' ? value.slice(0, 80) : value)
}

/** UTF-16 code units of an id or a name: beyond it is no id, and stream and row keys are made of them. */
const TEXT_MAX = 256
const PLAIN = /^[\x20-\x7e]{1,256}$/
const LONE_SURROGATE = /[\ud800-\udfff]/u

export const text = (body: Body, name: string): string => {
  const value = body[name]
  if (typeof value !== 'string' || value === '') throw new BadField(`${name} is ${shown(value)}; expected a non-empty string`)
  if (PLAIN.test(value)) return value
  if (value.length > TEXT_MAX) throw new BadField(`${name} has ${value.length} characters; expected at most ${TEXT_MAX}`)
  if (LONE_SURROGATE.test(value)) throw new BadField(`${name} is ${shown(value)}; expected well-formed Unicode`)
  return value
}

export const optionalText = (body: Body, name: string): string | null => {
  const value = body[name]
  if (value === undefined || value === null || value === '') return null
  return text(body, name)
}

export const object = (body: Body, name: string): Body => {
  const value = body[name]
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Body
  throw new BadField(`${name} is ${shown(value)}; expected an object`)
}

/** Ten years. Longer is no duration of a contact centre, and sums of them would leave the whole numbers that are exact. */
export const DURATION_MAX_MS = 3_652 * 86_400_000

/** A duration in whole ms. Genesys omits zero durations or sends 0; both are 0. */
export const durationMs = (body: Body, name: string): number => {
  const value = body[name]
  if (value === undefined || value === null) return 0
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= DURATION_MAX_MS) return value
  throw new BadField(`${name} is ${shown(value)}; expected whole milliseconds, not negative, ten years at most`)
}

/** A whole number, as metric records carry it: 1 for counts, milliseconds for durations. Rows add them up, which is exact for whole numbers only. */
export const wholeNumber = (body: Body, name: string): number => {
  const value = body[name]
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= DURATION_MAX_MS) return value
  throw new BadField(`${name} is ${shown(value)}; expected a whole number, ${DURATION_MAX_MS} at most`)
}

/** Any finite number. */
export const number = (body: Body, name: string): number => {
  const value = body[name]
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new BadField(`${name} is ${shown(value)}; expected a number`)
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
  if (typeof value !== 'number' || !Number.isInteger(value)) throw new BadField(`${name} is ${shown(value)}; expected epoch milliseconds`)
  return plausible(value, name, value)
}

const ISO_WITH_ZONE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/

/** An ISO 8601 instant with its zone, as metric records and user topics carry them; in epoch milliseconds. */
export const isoInstant = (body: Body, name: string): number => {
  const value = body[name]
  if (typeof value !== 'string' || !ISO_WITH_ZONE.test(value))
    throw new BadField(`${name} is ${shown(value)}; expected an ISO 8601 date-time with zone`)
  const at = Date.parse(value)
  if (Number.isNaN(at)) throw new BadField(`${name} is ${shown(value)}; there is no such date`)
  return plausible(at, name, value)
}
