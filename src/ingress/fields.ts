/** Reads the fields of an event body. A field that is not as documented throws `BadField`, which `decode` turns into a value in one place. */
export type Body = Readonly<Record<string, unknown>>

export class BadField extends Error {
  override readonly name = 'BadField'
}

const shown = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value).slice(0, 80))

export const text = (body: Body, name: string): string => {
  const value = body[name]
  if (typeof value === 'string' && value !== '') return value
  throw new BadField(`${name} is ${shown(value)}; expected a non-empty string`)
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

/** A duration in ms. Genesys omits zero durations or sends 0; both are 0. */
export const durationMs = (body: Body, name: string): number => {
  const value = body[name]
  if (value === undefined || value === null) return 0
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  throw new BadField(`${name} is ${shown(value)}; expected milliseconds, not negative`)
}

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
  if (typeof value !== 'string' || !ISO_WITH_ZONE.test(value)) throw new BadField(`${name} is ${shown(value)}; expected an ISO 8601 date-time with zone`)
  const at = Date.parse(value)
  if (Number.isNaN(at)) throw new BadField(`${name} is ${shown(value)}; there is no such date`)
  return plausible(at, name, value)
}
