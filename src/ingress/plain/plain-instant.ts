import { HOUR_MS, MINUTE_MS, type EpochMs } from '../../domain/interval.js'

const QUOTE = 0x22
const DASH = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const COLON = 0x3a
const T = 0x54
const Z = 0x5a

const LENGTH = '"2026-01-05T10:00:12.411Z"'.length
/** Instants outside of these years are errors of their sender, which is for `fields.ts` to say. */
const YEARS = { from: 2_000, to: 2_199 }

/**
 * The instant in a JSON string of the form in which Genesys writes nearly all: to the millisecond, in UTC. `undefined`
 * for any other form, and for an instant that does not exist.
 */
export const plainInstant = (bytes: Uint8Array, from: number, to: number): EpochMs | undefined => {
  if (to - from !== LENGTH || !hasForm(bytes, from)) return undefined
  const year = 100 * two(bytes, from + 1) + two(bytes, from + 3)
  const day = dayStart(year, two(bytes, from + 6), two(bytes, from + 9))
  const [hour, minute, second] = [two(bytes, from + 12), two(bytes, from + 15), two(bytes, from + 18)]
  const ms = 10 * two(bytes, from + 21) + digit(bytes, from + 23)
  // Comparisons with NaN are false.
  if (!(hour <= 23 && minute <= 59 && second <= 59 && ms <= 999)) return undefined
  const at = day + hour * HOUR_MS + minute * MINUTE_MS + second * 1_000 + ms
  return Number.isNaN(at) ? undefined : at
}

const hasForm = (bytes: Uint8Array, from: number): boolean =>
  bytes[from] === QUOTE &&
  bytes[from + 5] === DASH &&
  bytes[from + 8] === DASH &&
  bytes[from + 11] === T &&
  bytes[from + 14] === COLON &&
  bytes[from + 17] === COLON &&
  bytes[from + 20] === POINT &&
  bytes[from + 24] === Z

const digit = (bytes: Uint8Array, at: number): number => {
  const value = (bytes[at] as number) - ZERO
  return value >= 0 && value <= 9 ? value : NaN
}

const two = (bytes: Uint8Array, at: number): number => 10 * digit(bytes, at) + digit(bytes, at + 1)

/** The day that was worked out last: events of one day come together. */
let known = { day: NaN, start: NaN }

/** The start of a day; NaN if there is no such day, or it lies outside of `YEARS`. */
const dayStart = (year: number, month: number, day: number): EpochMs => {
  const name = (year * 100 + month) * 100 + day
  if (known.day === name) return known.start
  const start = Date.UTC(year, month - 1, day)
  const isThere = new Date(start).getUTCDate() === day && month >= 1 && month <= 12
  if (!isThere || year < YEARS.from || year > YEARS.to) return NaN
  known = { day: name, start }
  return start
}
