import { duration } from './duration.js'
import { NONE } from './number.js'

type Parts = Readonly<Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', string>>

const formats = new Map<string, Intl.DateTimeFormat>()

const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
  })
  formats.set(zone, made)
  return made
}

const partsOf = (at: number, zone: string): Parts =>
  Object.fromEntries(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  ) as Parts

type At = string | number | null | undefined

/** An instant as epoch milliseconds; `undefined` where there is none. */
export const epochOf = (at: At): number | undefined => {
  if (at == null) return undefined
  const ms = typeof at === 'number' ? at : Date.parse(at)
  return Number.isFinite(ms) ? ms : undefined
}

/** Whether the runtime knows a time zone by this name. */
export const isZone = (zone: string): boolean => {
  try {
    formatOf(zone)
    return true
  } catch {
    return false
  }
}

/** `2026-01-05` in a zone. */
export const day = (at: At, zone: string): string => {
  const ms = epochOf(at)
  if (ms === undefined) return NONE
  const { year, month, day: of } = partsOf(ms, zone)
  return `${year}-${month}-${of}`
}

/** `06:15` in a zone, with seconds where they are asked for. */
export const time = (at: At, zone: string, seconds = false): string => {
  const ms = epochOf(at)
  if (ms === undefined) return NONE
  const { hour, minute, second } = partsOf(ms, zone)
  return seconds ? `${hour}:${minute}:${second}` : `${hour}:${minute}`
}

/** `2026-01-05 06:15:00` in a zone. */
export const instant = (at: At, zone: string): string => {
  const ms = epochOf(at)
  return ms === undefined ? NONE : `${day(ms, zone)} ${time(ms, zone, true)}`
}

/** How long ago an instant was, or how far ahead it lies. */
export const ago = (at: At, now: number): string => {
  const ms = epochOf(at)
  if (ms === undefined) return NONE
  return ms <= now ? `${duration(Math.floor((now - ms) / 1_000) * 1_000)} ago` : `in ${duration(ms - now)}`
}

const DAY_MS = 86_400_000

/** How far the clocks of a zone are ahead of UTC at an instant, in ms. */
const offsetAt = (ms: number, zone: string): number => {
  const { year, month, day: of, hour, minute, second } = partsOf(ms, zone)
  return Date.UTC(+year, +month - 1, +of, +hour, +minute, +second) - Math.floor(ms / 1_000) * 1_000
}

/**
 * The instant at which a local date and time (`2026-01-05T06:15`) is in a zone; `undefined` where the text is none.
 * A time that a change of clocks skips is the instant after the gap; one that comes twice is the first.
 */
export const instantIn = (local: string, zone: string): number | undefined => {
  const asUtc = Date.parse(`${local.length === 10 ? `${local}T00:00` : local}Z`)
  if (!Number.isFinite(asUtc)) return undefined
  const offsets = [offsetAt(asUtc - DAY_MS, zone), offsetAt(asUtc + DAY_MS, zone)]
  const found = offsets.map((offset) => asUtc - offset).filter((ms) => ms + offsetAt(ms, zone) === asUtc)
  return found.length > 0 ? Math.min(...found) : asUtc - Math.min(...offsets)
}

/** The value of an `<input type="datetime-local">` for an instant in a zone: `2026-01-05T06:15`. */
export const localOf = (at: At, zone: string): string => {
  const ms = epochOf(at)
  return ms === undefined ? '' : `${day(ms, zone)}T${time(ms, zone)}`
}
