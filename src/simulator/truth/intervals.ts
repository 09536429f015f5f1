import type { Granularity } from '../../domain/granularity.js'
import { HOUR_MS, type EpochMs } from '../../domain/interval.js'
import { baseIntervalMs } from './cells.js'

const fixed: Readonly<Record<Exclude<Granularity, 'P1D'>, number>> = {
  PT15M: baseIntervalMs,
  PT30M: 2 * baseIntervalMs,
  PT1H: HOUR_MS,
}

/**
 * Maps the start of a base interval to the start of the longer interval that contains it. A day is all instants with
 * the same calendar date in `zone`, determined by formatting dates rather than by offsets.
 */
export const intervalStarts = (granularity: Granularity, zone: string): ((start: EpochMs) => EpochMs) => {
  if (granularity !== 'P1D') {
    const length = fixed[granularity]
    return (start) => Math.floor(start / length) * length
  }
  const calendar = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  const days = new Map<EpochMs, EpochMs>()
  return (start) => {
    const known = days.get(start)
    if (known !== undefined) return known
    const date = calendar.format(start)
    let day = start
    while (calendar.format(day - baseIntervalMs) === date) day -= baseIntervalMs
    days.set(start, day)
    return day
  }
}
