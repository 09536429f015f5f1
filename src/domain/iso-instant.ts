import type { EpochMs } from './interval.js'

const ISO_WITH_ZONE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
/** The widest offsets in use are −12:00 and +14:00. */
const OFFSET_MAX_MINUTES = 14 * 60

/** The number in the two digits at `at`. */
const two = (text: string, at: number): number => (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48

const daysIn = (year: number, month: number): number =>
  month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0)

const offsetMinutes = (text: string): number => {
  if (text.endsWith('Z')) return 0
  const minutes = two(text, text.length - 2)
  const hours = two(text, text.charAt(text.length - 3) === ':' ? text.length - 5 : text.length - 4)
  return minutes > 59 ? Infinity : hours * 60 + minutes
}

/**
 * An ISO 8601 date-time with its zone (`2026-01-05T10:00:12.411Z`, `…+01:00`, `…+0100`; seconds are optional), as epoch
 * milliseconds. `malformed`: not of this form. `impossible`: of this form, but there is no such date, time or offset.
 * `Date.parse` alone takes 30 February for 2 March, and hour 24 for the next day.
 */
export const isoInstantOf = (text: string): EpochMs | 'malformed' | 'impossible' => {
  if (!ISO_WITH_ZONE.test(text)) return 'malformed'
  const day = two(text, 8)
  if (day === 0 || (day > 28 && day > daysIn(Number(text.slice(0, 4)), two(text, 5)))) return 'impossible'
  if (two(text, 11) > 23 || two(text, 14) > 59) return 'impossible'
  if (text.charAt(16) === ':' && two(text, 17) > 59) return 'impossible'
  if (offsetMinutes(text) > OFFSET_MAX_MINUTES) return 'impossible'
  const at = Date.parse(text)
  return Number.isNaN(at) ? 'impossible' : at
}
