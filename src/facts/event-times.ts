import type { DetailFact, FlowFact } from '../domain/fact.js'
import { HOUR_MS, type EpochMs } from '../domain/interval.js'

/** The first instant at which something of a fact counts: the parts of a session are dated back from its end. */
export const earliest = (fact: DetailFact | FlowFact): EpochMs =>
  fact.type === 'UserSessionEnded' ? fact.at - fact.talkMs - fact.heldMs - fact.dialingMs : fact.at

/** Stretches of event time, ascending and apart from each other; half-open. */
export type EventTimes = readonly Readonly<{ from: EpochMs; to: EpochMs }>[]

/** Does any stretch reach into `[from, to)`? */
export const overlaps = (times: EventTimes, from: EpochMs, to: EpochMs): boolean =>
  times.some((one) => one.to > from && one.from < to)

/**
 * Gathers event time by whole hours. Single events that are far from the others (late, or of a wrong clock) make a
 * stretch of their own; they do not widen one.
 */
export class EventTimesBuilder {
  private readonly hours = new Set<number>()
  private readonly long: { from: EpochMs; to: EpochMs }[] = []
  private lastHour = NaN

  /** From an instant through another. */
  add(from: EpochMs, through: EpochMs): void {
    const [first, last] = [Math.floor(from / HOUR_MS), Math.floor(through / HOUR_MS)]
    if (first === last && first === this.lastHour) return
    this.lastHour = first === last ? first : NaN
    if (last - first < HOURS_MAX) for (let hour = first; hour <= last; hour++) this.hours.add(hour)
    else this.long.push({ from: first * HOUR_MS, to: (last + 1) * HOUR_MS })
  }

  build(): EventTimes {
    const single = [...this.hours].map((hour) => ({ from: hour * HOUR_MS, to: (hour + 1) * HOUR_MS }))
    const merged: { from: EpochMs; to: EpochMs }[] = []
    for (const { from, to } of [...single, ...this.long].sort((a, b) => a.from - b.from)) {
      const before = merged.at(-1)
      if (before !== undefined && from <= before.to) before.to = Math.max(before.to, to)
      else merged.push({ from, to })
    }
    return merged
  }
}

/** A session that lasted longer is not gathered hour by hour. */
const HOURS_MAX = 48
