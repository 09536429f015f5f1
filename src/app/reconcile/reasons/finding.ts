import type { FamilyName } from '../../../domain/family.js'
import type { Interval, EpochMs } from '../../../domain/interval.js'
import { isMetricName, metricKind } from '../../../domain/metric.js'
import type { Profile } from '../../../domain/profile.js'
import type { Correction } from '../../../domain/row.js'
import { statistics, type SourceCell, type Statistic, type Stats } from '../aggregates.js'

import type { OurCell } from '../our-rows.js'
import * as E from 'fp-ts/lib/Either.js'

/** Why figures differ, in order of urgency: first what needs attention, last what settles by itself. */
export const reasonClasses = [
  'inconsistent-source-row',
  'rule',
  'missing-event',
  'extra-event',
  'clock-edge',
  'late',
] as const
export type ReasonClass = (typeof reasonClasses)[number]

export const reasonTexts: Readonly<Record<ReasonClass, string>> = {
  'inconsistent-source-row': 'the source row contradicts itself and was not compared',
  rule: 'both sides count the same events and draw another figure from them: a setting differs',
  'missing-event': 'Genesys counts more, and nothing explains it: something did not reach the log, or was set aside',
  'extra-event': 'we count more, and nothing explains it: something that Genesys does not count, or has taken back',
  'clock-edge': 'what one side counts in an interval the other counts in the next: the total is the same',
  late: 'not settled yet, on one side or the other: compare again later',
}

/** A statistic on both sides. `difference` is theirs − ours. */
export type StatisticDifference = Readonly<{ statistic: Statistic; theirs: number; ours: number; difference: number }>

export type Reason = Readonly<{ class: ReasonClass; because: string }>

/** The place of a figure: its group, interval and metric. */
export type Place = Readonly<{
  group: Readonly<Record<string, string>>
  family: FamilyName
  interval: Interval
  metric: string
  /** The state whose time this is; null for other metrics. */
  qualifier: string | null
}>

/** A metric of a group and interval that differs, and the reason. `rows` says how settled our rows are. */
export type Difference = Place &
  Reason &
  Readonly<{
    statistics: readonly StatisticDifference[]
    rows: Readonly<{ all: number; provisional: number; corrections: Readonly<Partial<Record<Correction, number>>> }>
  }>

/** A figure that differs, before its reason is known. */
export type Finding = {
  readonly place: Place
  readonly statistics: readonly StatisticDifference[]
  readonly theirs: Stats
  readonly ours: Stats
  /** All figures of the group and interval, theirs and ours. */
  readonly source: SourceCell
  readonly cell: OurCell | undefined
  reason: Reason | undefined
}

/** The statistics in which a metric is compared. */
export const statisticsOf = (metric: string): readonly Statistic[] => {
  if (metric === 'oServiceLevel') return ['numerator', 'denominator', 'ratio', 'target']
  if (!isMetricName(metric)) return []
  const kind = metricKind(metric)
  return kind === 'count' ? ['count'] : kind === 'state' ? ['sum'] : ['count', 'sum', 'min', 'max']
}

/** A missing count or sum is zero. Other missing statistics have no value. */
export const orZero = (stats: Stats | undefined): Stats => stats ?? { count: 0, sum: 0, numerator: 0, denominator: 0 }

export type Comparison = Readonly<{ differences: readonly StatisticDifference[]; tolerated: number }>

export const compareStats = (metric: string, theirs: Stats, ours: Stats, tolerance: Tolerance): Comparison => {
  const differences: StatisticDifference[] = []
  let tolerated = 0
  for (const statistic of statisticsOf(metric)) {
    const [their, our] = [theirs[statistic], ours[statistic]]
    // An extreme or ratio that one side lacks follows from the counts. A statistic that the API omits is not compared.
    if (their === undefined || our === undefined || isSame(metric, statistic, their, our)) continue
    if (isTolerated(tolerance, metric, statistic, their, our)) tolerated += 1
    else differences.push({ statistic, theirs: their, ours: our, difference: their - our })
  }
  return { differences, tolerated }
}

/** Ratios and observations are not integers; rounding is no difference. */
const isSame = (metric: string, statistic: Statistic, their: number, our: number): boolean => {
  if (their === our) return true
  if (statistic === 'ratio' || statistic === 'target') return Math.abs(their - our) <= 1e-9
  return (
    isMetricName(metric) &&
    metricKind(metric) === 'observation' &&
    Math.abs(their - our) <= 1e-6 * Math.max(1, Math.abs(their))
  )
}

/**
 * The differences of the additive statistics, theirs − ours. An event that moves over the edge of an interval changes
 * all of them.
 */
export const additiveDifference = ({ theirs, ours }: Pick<Finding, 'theirs' | 'ours'>): readonly number[] =>
  (['count', 'sum', 'numerator', 'denominator'] as const).map((statistic) => {
    const [their, our] = [theirs[statistic], ours[statistic]]
    return their === undefined || our === undefined ? 0 : their - our
  })

/** What classification needs besides the findings of a group. */
export type ReasonContext = Readonly<{
  profile: Profile
  /** The end of our last closed interval. */
  closedThrough: EpochMs | undefined
  /** Metrics of the query. One without a finding is equal on both sides. */
  asked: ReadonlySet<string>
  /** How many other figures a rule fits. Of several rules that fit a figure, the one with most is named first. */
  fitsElsewhere: (rule: string) => number
}>

export const late = (because: string): Reason => ({ class: 'late', because })
export const rule = (because: string): Reason => ({ class: 'rule', because })

/** An instant in words. */
export const instantText = (at: EpochMs): string => new Date(at).toISOString().replace(/:00\.000Z$/, 'Z')

/** How far two figures may differ: an absolute number, or a share of the API's figure. */
type Limit = Readonly<{ units: number } | { share: number }>

/** Limits by metric and statistic. Metric `*` stands for all metrics that are not named. The default limit is 0. */
export type Tolerance = ReadonlyMap<string, ReadonlyMap<Statistic, Limit>>

export const noTolerance: Tolerance = new Map()

/**
 * Parses `tHandle=count:0,sum:500` or `*=sum:0.1%`. The left says what is wrong with the text. Later limits override
 * earlier ones.
 */
export const parseTolerance = (texts: readonly string[]): E.Either<string, Tolerance> => {
  const tolerance = new Map<string, Map<Statistic, Limit>>()
  for (const text of texts) {
    const [metric = '', limits, ...more] = text.split('=')
    if (metric === '' || limits === undefined || more.length > 0)
      return E.left(`${text} is not metric=statistic:limit, such as tHandle=count:0,sum:500`)
    const ofMetric = tolerance.get(metric) ?? new Map<Statistic, Limit>()
    tolerance.set(metric, ofMetric)
    for (const each of limits.split(',')) {
      const [name = '', limit = ''] = each.split(':')
      const statistic = statistics.find((known) => known === name)
      if (statistic === undefined)
        return E.left(`${text}: there is no statistic ${name}; there are ${statistics.join(', ')}`)
      const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(limit) ?? []
      if (number === undefined)
        return E.left(`${text}: ${limit === '' ? 'no limit' : limit} is not a number or a percentage`)
      ofMetric.set(statistic, percent === '%' ? { share: Number(number) / 100 } : { units: Number(number) })
    }
  }
  return E.right(tolerance)
}

export const isTolerated = (
  tolerance: Tolerance,
  metric: string,
  statistic: Statistic,
  theirs: number,
  ours: number,
): boolean => {
  const limit = tolerance.get(metric)?.get(statistic) ?? tolerance.get('*')?.get(statistic)
  if (limit === undefined) return false
  const apart = Math.abs(theirs - ours)
  return 'units' in limit ? apart <= limit.units : apart <= limit.share * Math.abs(theirs)
}
