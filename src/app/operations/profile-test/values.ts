import type { EpochMs } from '../../../domain/interval.js'
import { isoInstantOf } from '../../../domain/iso-instant.js'
import { localDay, offsetAt, type Zone } from '../../../domain/zone.js'
import { intervalAt, type Granularity } from '../../../domain/granularity.js'
import { durationOf } from '../../config/profile/profile-path.js'

/** A number or a time with its unit (`12s`) as a number, times in milliseconds; `undefined`: neither. */
export const numberOf = (value: number | string): number | undefined => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  return durationOf(value) ?? (value.trim() === '' || Number.isNaN(Number(value)) ? undefined : Number(value))
}

/** An instant that says its zone; `undefined` for any other text. */
export const instantIn = (text: string): EpochMs | undefined => {
  if (!/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:?\d{2})$/.test(text)) return undefined
  const at = isoInstantOf(text)
  if (typeof at === 'number') return at
  const parsed = at === 'malformed' ? Date.parse(text) : NaN
  return Number.isNaN(parsed) ? undefined : parsed
}

/** The start of the interval that a test names, or what is wrong with it. A day is that of the profile's zone. */
export const intervalNamed = (text: string, granularity: Granularity, zone: Zone): EpochMs | string => {
  if (granularity === 'P1D' && /^\d{4}-\d{2}-\d{2}$/.test(text)) {
    const noon = Date.parse(`${text}T12:00:00Z`)
    if (!Number.isNaN(noon)) return localDay(zone, noon - offsetAt(zone, noon)).start
  }
  const at = instantIn(text)
  if (at === undefined) return `${text} is not an instant with its zone, such as 2026-01-05T08:00:00Z`
  const { start, end } = intervalAt(granularity, zone, at)
  if (start === at) return start
  const [before, after] = [start, end].map((edge) => new Date(edge).toISOString())
  return `no interval of ${granularity} begins at ${text}; take ${before} or ${after}`
}
