import { HOUR_MS, MINUTE_MS, type EpochMs, type Interval } from './interval.js'
import { localDay, type Zone } from './zone.js'

/**
 * Length of an interval as an ISO 8601 period, as in Genesys's queries. `P1D` is a day of the profile's zone: 23, 24 or
 * 25 hours.
 */
export type Granularity = 'PT15M' | 'PT30M' | 'PT1H' | 'P1D'

export const granularities: readonly Granularity[] = ['PT15M', 'PT30M', 'PT1H', 'P1D']

const lengths: Readonly<Record<Exclude<Granularity, 'P1D'>, number>> = {
  PT15M: 15 * MINUTE_MS,
  PT30M: 30 * MINUTE_MS,
  PT1H: HOUR_MS,
}

/** Length in ms of the granularities that have one. */
export const lengthMs = (granularity: Exclude<Granularity, 'P1D'>): number => lengths[granularity]

/** The granularity of this length; `undefined` if there is none. */
export const granularityOf = (intervalMs: number): Exclude<Granularity, 'P1D'> | undefined =>
  (['PT15M', 'PT30M', 'PT1H'] as const).find((granularity) => lengths[granularity] === intervalMs)

/** The interval that holds `at`. Those of fixed length are aligned to the UTC epoch, days to midnight in `zone`. */
export const intervalAt = (granularity: Granularity, zone: Zone, at: EpochMs): Interval => {
  if (granularity === 'P1D') return localDay(zone, at)
  const length = lengths[granularity]
  const start = Math.floor(at / length) * length
  return { start, end: start + length }
}
