import type { Comparison } from './answers.js'

/** A figure that Genesys and Streamvane have otherwise; both sides in words. */
export type GenesysDifference = Readonly<{
  start: string
  group: Readonly<Record<string, string>>
  metric: string
  theirs: string
  ours: string
  class: string
  because: string
}>

const fine = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 3 })

/** `count 3, sum 4,200`: statistics of a metric. */
export const statisticsText = (statistics: Readonly<Record<string, number>> | null): string =>
  Object.entries(statistics ?? {})
    .map(([name, value]) => `${name} ${fine.format(value)}`)
    .join(', ')

export const differencesIn = ({ differences }: Comparison): readonly GenesysDifference[] =>
  differences.map(({ group, interval, metric, class: reason, because, statistics }) => {
    const side = (of: 'theirs' | 'ours') =>
      statisticsText(Object.fromEntries(statistics.map((each) => [each.statistic, each[of]])))
    const start = new Date(interval.start).toISOString()
    return { start, group, metric, theirs: side('theirs'), ours: side('ours'), class: reason, because }
  })
