import type { FamilyName } from '../../domain/family.js'
import type { Interval } from '../../domain/interval.js'
import type { EpochMs } from '../../domain/interval.js'
import { isMetricName, metricKind } from '../../domain/metric.js'
import type { Profile } from '../../domain/profile.js'
import type { Correction } from '../../domain/row.js'
import { type Statistic, type Stats } from './aggregates.js'
import type { SourceCell } from './query.js'
import type { OurCell } from './rows.js'
import { isTolerated, type Tolerance } from './tolerance.js'

/** Why figures differ, from what needs somebody's attention to what will settle by itself. */
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

/** One figure on both sides; null where a side has no value. `difference` is theirs − ours. */
export type StatisticDifference = Readonly<{ statistic: Statistic; theirs: number; ours: number; difference: number }>

export type Verdict = Readonly<{ class: ReasonClass; because: string }>

/** Where a figure stands: a group, an interval, a metric. */
export type Place = Readonly<{
  group: Readonly<Record<string, string>>
  family: FamilyName
  interval: Interval
  metric: string
  /** The state of which it is the time. */
  qualifier: string | null
}>

/** A metric of a group and interval that differs, with the reason. `rows`: how settled ours are. */
export type Difference = Place &
  Verdict &
  Readonly<{
    statistics: readonly StatisticDifference[]
    rows: Readonly<{ all: number; provisional: number; corrections: Readonly<Partial<Record<Correction, number>>> }>
  }>

/** A figure that differs while its reason is being found. */
export type Finding = {
  readonly place: Place
  readonly statistics: readonly StatisticDifference[]
  readonly theirs: Stats
  readonly ours: Stats
  /** All of the group and interval, on both sides. */
  readonly source: SourceCell
  readonly cell: OurCell | undefined
  verdict: Verdict | undefined
}

/** The statistics in which a metric is compared. */
export const statisticsOf = (metric: string): readonly Statistic[] => {
  if (metric === 'oServiceLevel') return ['numerator', 'denominator', 'ratio', 'target']
  if (!isMetricName(metric)) return []
  const kind = metricKind(metric)
  return kind === 'count' ? ['count'] : kind === 'state' ? ['sum'] : ['count', 'sum', 'min', 'max']
}

/** A count or a sum that is not said is zero; the others have no value then. */
export const orZero = (stats: Stats | undefined): Stats => stats ?? { count: 0, sum: 0, numerator: 0, denominator: 0 }

export type Comparison = Readonly<{ differences: readonly StatisticDifference[]; tolerated: number }>

export const compareStats = (metric: string, theirs: Stats, ours: Stats, tolerance: Tolerance): Comparison => {
  const differences: StatisticDifference[] = []
  let tolerated = 0
  for (const statistic of statisticsOf(metric)) {
    const [their, our] = [theirs[statistic], ours[statistic]]
    // An extreme or a ratio that one side has not is explained by the counts; what the API does not say of a metric it
    // says nothing about.
    if (their === undefined || our === undefined || isSame(metric, statistic, their, our)) continue
    if (isTolerated(tolerance, metric, statistic, their, our)) tolerated += 1
    else differences.push({ statistic, theirs: their, ours: our, difference: their - our })
  }
  return { differences, tolerated }
}

/** Ratios and observed numbers are no whole numbers: rounding is no difference. */
const isSame = (metric: string, statistic: Statistic, their: number, our: number): boolean => {
  if (their === our) return true
  if (statistic === 'ratio' || statistic === 'target') return Math.abs(their - our) <= 1e-9
  return (
    isMetricName(metric) &&
    metricKind(metric) === 'observation' &&
    Math.abs(their - our) <= 1e-6 * Math.max(1, Math.abs(their))
  )
}

/** The figures that add up over intervals, theirs − ours: what moves over the edge of an interval moves all of them. */
export const additiveDifference = ({ theirs, ours }: Pick<Finding, 'theirs' | 'ours'>): readonly number[] =>
  (['count', 'sum', 'numerator', 'denominator'] as const).map((statistic) => {
    const [their, our] = [theirs[statistic], ours[statistic]]
    return their === undefined || our === undefined ? 0 : their - our
  })

/** What reasons are found from, besides the findings of a group. */
export type ReasonContext = Readonly<{
  profile: Profile
  /** The end of our last closed interval. */
  closedThrough: EpochMs | undefined
  /** Metrics that the query asked for: of those is known that they are equal where nothing was found. */
  asked: ReadonlySet<string>
  /** Of rules that fit a figure, the one that fits most of the others too is named first. */
  fitsElsewhere: (rule: string) => number
}>

export const late = (because: string): Verdict => ({ class: 'late', because })
export const rule = (because: string): Verdict => ({ class: 'rule', because })

/** An instant in words. */
export const instantText = (at: EpochMs): string => new Date(at).toISOString().replace(/:00\.000Z$/, 'Z')
