import type { FamilyName } from './family.js'
import type { Granularity } from './granularity.js'
import type { EpochMs } from './interval.js'

/**
 * A marker: an interval of a family is complete, and these are its rows. A correction that reaches the interval later
 * gives a marker with a higher number. Within a generation an interval and a number always have the same values.
 */
export type IntervalComplete = Readonly<{
  tenant: string
  family: FamilyName
  granularity: Granularity
  start: EpochMs
  /**
   * Where there is no row, the end of a later interval perhaps: the marker then speaks of all intervals in between, of
   * which none has a row.
   */
  end: EpochMs
  /** Name of the zone of a day; null for intervals that depend on none. */
  zone: string | null
  /** From 1, strictly increasing, not consecutive. */
  number: number
  /** Rows that hold something. */
  rows: number
  /** Of these rows, see `rowNumber`. */
  digest: number
  /** The tick of the clock that closed the interval; null where it was not closed by itself before it got a row. */
  closedAt: EpochMs | null
}>

/** Names the interval within its tenant and generation, for example `queue/PT15M/2026-01-05T10:00:00.000Z`. */
export const intervalName = ({
  family,
  granularity,
  start,
}: Pick<IntervalComplete, 'family' | 'granularity' | 'start'>): string =>
  `${family}/${granularity}/${new Date(start).toISOString()}`
