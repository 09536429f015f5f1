import { DAY_MS, MINUTE_MS, type EpochMs, type Interval } from './interval.js'

/**
 * A time zone as data: the offsets of local time from UTC in ms, each with the instant from which it is in force,
 * ascending. The first one applies to all time before it too. A zone is kept with the generation, so that a newer
 * time-zone database on another machine cannot move the days of an existing generation.
 */
export type Zone = Readonly<{ name: string; offsets: readonly (readonly [from: EpochMs, offsetMs: number])[] }>

export const utc: Zone = { name: 'UTC', offsets: [[0, 0]] }

/** Offset of local time at an instant, ms. */
export const offsetAt = (zone: Zone, at: EpochMs): number => zone.offsets[placeAt(zone, at)]?.[1] ?? 0

/** Index of the offset in force at an instant: the last one that had begun, or the first of all. */
const placeAt = ({ offsets }: Zone, at: EpochMs): number => {
  let low = 0
  let high = offsets.length
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if ((offsets[middle] as readonly [number, number])[0] <= at) low = middle
    else high = middle
  }
  return low
}

/**
 * The local day that holds `at`: from the first instant of its date to the first instant of the next. It has 23 or 25
 * hours where clocks change. Where midnight is skipped, the day begins at the change.
 */
export const localDay = (zone: Zone, at: EpochMs): Interval => {
  let date = dateAt(zone, at)
  let end = firstOf(zone, date + 1)
  // Clocks that go back over midnight repeat the end of a date after the next date has begun. That time belongs to the
  // day that has begun.
  while (end <= at) end = firstOf(zone, ++date + 1)
  return { start: firstOf(zone, date), end }
}

/** Why days of the zone cannot be divided into intervals of `intervalMs`. Empty if they can. */
export const zoneProblems = (zone: Zone, intervalMs: number): readonly string[] => {
  const minutes = intervalMs / MINUTE_MS
  const odd = zone.offsets.find(([, offsetMs]) => offsetMs % intervalMs !== 0)
  if (odd !== undefined)
    return [
      `days of ${zone.name} cannot be made of ${minutes}-minute intervals: its offset is ${spelled(odd[1])} from ${new Date(odd[0]).toISOString()}; take ${fitting(zone)}`,
    ]
  const change = zone.offsets.slice(1).find(([from]) => from % intervalMs !== 0)
  if (change === undefined) return []
  return [
    `days of ${zone.name} cannot be made of ${minutes}-minute intervals: its clocks change at ${new Date(change[0]).toISOString()}; take a shorter interval or another zone`,
  ]
}

const dateAt = (zone: Zone, at: EpochMs): number => Math.floor((at + offsetAt(zone, at)) / DAY_MS)

/** The first instant whose local date is `date`, or the first after it where the date is skipped altogether. */
const firstOf = (zone: Zone, date: number): EpochMs => {
  const midnight = date * DAY_MS
  let first = Infinity
  const consider = (instant: EpochMs): void => {
    if (instant < first && dateAt(zone, instant) >= date) first = instant
  }
  // It is midnight by one of the offsets in force around it (none is more than a day), or the change that skipped
  // midnight.
  const { offsets } = zone
  for (let place = placeAt(zone, midnight - DAY_MS); place < offsets.length; place++) {
    const [from, offsetMs] = offsets[place] as readonly [number, number]
    if (place > 0 && from > midnight + DAY_MS) break
    consider(midnight - offsetMs)
    if (Math.abs(from - midnight) <= DAY_MS) consider(from)
  }
  return first === Infinity ? midnight : first
}

const spelled = (offsetMs: number): string => {
  const minutes = Math.abs(offsetMs) / MINUTE_MS
  return `${offsetMs < 0 ? '-' : '+'}${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

/** The interval lengths into which days of the zone can be divided, in words. */
const fitting = ({ offsets }: Zone): string => {
  const fits = [30, 15].filter((minutes) => offsets.every(([, offsetMs]) => offsetMs % (minutes * MINUTE_MS) === 0))
  return fits.length === 2
    ? 'intervals of 15 or 30 minutes'
    : fits.length === 1
      ? 'intervals of 15 minutes'
      : 'another zone'
}
