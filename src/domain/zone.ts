import { DAY_MS, type EpochMs } from './interval.js'
import type { Interval } from './granularity.js'

/**
 * A time zone as data: from each instant on, the offset of local time from UTC in ms, ascending; the first counts for all time before too. It is handed in
 * and kept with the generation, so that a newer time-zone database on another machine cannot move the days of an old one.
 */
export type Zone = Readonly<{ name: string; offsets: readonly (readonly [from: EpochMs, offsetMs: number])[] }>

export const utc: Zone = { name: 'UTC', offsets: [[0, 0]] }

/** Offset of local time at an instant, ms. */
export const offsetAt = (zone: Zone, at: EpochMs): number => {
  let offset = zone.offsets[0]?.[1] ?? 0
  for (const [from, offsetMs] of zone.offsets) {
    if (from > at) break
    offset = offsetMs
  }
  return offset
}

/**
 * The local day that holds `at`: from the first instant of its date to the first of the next. 23 or 25 hours where clocks change; where midnight is skipped
 * the day begins at the change.
 */
export const localDay = (zone: Zone, at: EpochMs): Interval => {
  const date = dateAt(zone, at)
  return { start: firstOf(zone, date), end: firstOf(zone, date + 1) }
}

/** Why days of the zone cannot be made of intervals of `intervalMs`; empty if they can. */
export const zoneProblems = (zone: Zone, intervalMs: number): readonly string[] => {
  const minutes = intervalMs / 60_000
  const odd = zone.offsets.find(([, offsetMs]) => offsetMs % intervalMs !== 0)
  if (odd !== undefined)
    return [
      `days of ${zone.name} cannot be made of ${minutes}-minute intervals: its offset is ${spelled(odd[1])} from ${new Date(odd[0]).toISOString()}; take ${smallest(odd[1])}`,
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
  const candidates = new Set([offsetAt(zone, (date - 1) * DAY_MS), offsetAt(zone, date * DAY_MS), offsetAt(zone, (date + 1) * DAY_MS)])
  const starts = [...candidates].map((offset) => date * DAY_MS - offset)
  const around = zone.offsets.map(([from]) => from).filter((from) => Math.abs(from - date * DAY_MS) <= 2 * DAY_MS)
  const first = [...starts, ...around].sort((a, b) => a - b).find((instant) => dateAt(zone, instant) >= date)
  if (first === undefined) throw new Error(`no instant of day ${date} in ${zone.name}`)
  return first
}

const spelled = (offsetMs: number): string => {
  const minutes = Math.abs(offsetMs) / 60_000
  return `${offsetMs < 0 ? '-' : '+'}${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

const smallest = (offsetMs: number): string =>
  offsetMs % 1_800_000 === 0 ? 'intervals of 15 or 30 minutes' : offsetMs % 900_000 === 0 ? 'intervals of 15 minutes' : 'another zone'
