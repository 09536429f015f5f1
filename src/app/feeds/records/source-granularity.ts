import { granularityOf, lengthMs, type Granularity } from '../../../domain/granularity.js'
import { MINUTE_MS } from '../../../domain/interval.js'
import type { Profile } from '../../../domain/profile.js'
import { zoneProblems } from '../../../domain/zone.js'
import type { FeedSettings } from '../../config/feeds/feed-schema.js'

type FeedIntervals = Pick<FeedSettings, 'interval' | 'zone'>
type ComputedIntervals = Pick<Profile, 'intervalMs' | 'rollUps' | 'zone'>

/** The longest rows that intervals of the feed are made of; `undefined` if they can be made of none. */
export const sourceGranularity = (
  { interval, zone }: FeedIntervals,
  { intervalMs, rollUps, zone: ofDays }: ComputedIntervals,
): Granularity | undefined => {
  const base = granularityOf(intervalMs)
  const fixed = [base, ...rollUps].filter((each) => each !== undefined && each !== 'P1D').sort(byLength)
  if (interval !== 'P1D') return fixed.findLast((each) => lengthMs(each) <= lengthMs(interval))
  if (rollUps.includes('P1D') && ofDays.name === zone.name) return 'P1D'
  return fixed.findLast((each) => zoneProblems(zone, lengthMs(each)).length === 0)
}

const byLength = (a: Granularity, b: Granularity): number =>
  lengthMs(a as Exclude<Granularity, 'P1D'>) - lengthMs(b as Exclude<Granularity, 'P1D'>)

/** Why intervals of the feed cannot be made of the rows of a profile. */
export const intervalFault = (feed: FeedIntervals, profile: ComputedIntervals): string | undefined => {
  if (sourceGranularity(feed, profile) !== undefined) return undefined
  return feed.interval === 'P1D'
    ? (zoneProblems(feed.zone, profile.intervalMs)[0] ?? 'days cannot be made of these rows')
    : `the shortest rows that the profile computes are of ${profile.intervalMs / MINUTE_MS} minutes (profile.intervalMs)`
}
