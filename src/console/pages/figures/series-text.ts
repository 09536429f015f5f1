import { count, counted, percent } from '../../format/number.js'
import { clockTime } from '../../format/duration.js'
import type { FigureValue } from './answers.js'
import { numberOf } from './figure-value.js'
import { targetAt, targetOf, type SeriesPoint } from './series.js'

type Totals = Readonly<Record<string, FigureValue>>
type LabelOf = (point: SeriesPoint) => string

/** What the chart of interactions shows, in words. */
export const interactionsText = (points: readonly SeriesPoint[], totals: Totals, labelOf: LabelOf): string => {
  const offered = numberOf(totals['nOffered.count']) ?? 0
  const most = highest(points, 'nOffered.count')
  return [
    `Offered ${count(offered)}, answered ${count(numberOf(totals['tAnswered.count']) ?? 0)}, abandoned ${count(numberOf(totals['tAbandon.count']) ?? 0)}, flowed out ${count(numberOf(totals['tFlowOut.count']) ?? 0)}.`,
    most === undefined ? '' : `Most were offered at ${labelOf(most.point)}: ${count(most.value)}.`,
    statesText(points),
  ]
    .filter(Boolean)
    .join(' ')
}

/** What the chart of the service level shows, in words. */
export const serviceLevelText = (points: readonly SeriesPoint[], totals: Totals, labelOf: LabelOf): string => {
  const level = numberOf(totals['serviceLevel'])
  if (level === null) return 'There is no service level: nothing counts in it.'
  const least = lowest(points, 'serviceLevel')
  const target = targetOf(points)
  const judged = points.flatMap((point) => {
    const [value, own] = [numberOf(point.values['serviceLevel']), targetAt(point)]
    return value === null || own === undefined ? [] : [value < own]
  })
  return [
    `Service level ${percent(level)}${typeof target === 'number' ? `, target ${percent(target)}` : ''}.`,
    target === 'differs' ? 'The shown rows have different targets.' : '',
    target === undefined ? 'No target is configured.' : '',
    judged.length === 0
      ? ''
      : `Below the target in ${count(judged.filter(Boolean).length)} of ${counted(judged.length, 'interval')} that ${judged.length === 1 ? 'has' : 'have'} one.`,
    least === undefined ? '' : `Lowest at ${labelOf(least.point)}: ${percent(least.value)}.`,
  ]
    .filter(Boolean)
    .join(' ')
}

/** What the chart of times shows, in words. */
export const timesText = (points: readonly SeriesPoint[], totals: Totals, labelOf: LabelOf): string =>
  (
    [
      ['asa', 'Average speed of answer'],
      ['aht', 'Average handle time'],
    ] as const
  )
    .flatMap(([name, title]) => {
      const value = numberOf(totals[name])
      const most = highest(points, name)
      if (value === null || most === undefined) return []
      return [`${title} ${clockTime(value)}, highest at ${labelOf(most.point)}: ${clockTime(most.value)}.`]
    })
    .join(' ') || 'There are no times: nothing was answered or handled.'

const statesText = (points: readonly SeriesPoint[]): string => {
  const open = points.filter(({ isProvisional }) => isProvisional).length
  const corrected = points.filter(({ corrections }) => corrections.length > 0)
  const reasons = [...new Set(corrected.flatMap(({ corrections }) => corrections))].sort().join(', ')
  return [
    open === 0 ? '' : `${counted(open, 'interval is', 'intervals are')} provisional.`,
    corrected.length === 0
      ? ''
      : `${counted(corrected.length, 'interval was', 'intervals were')} corrected (${reasons}).`,
  ]
    .filter(Boolean)
    .join(' ')
}

type Found = Readonly<{ point: SeriesPoint; value: number }>

const found = (points: readonly SeriesPoint[], name: string): readonly Found[] =>
  points.flatMap((point) => {
    const value = numberOf(point.values[name])
    return value === null ? [] : [{ point, value }]
  })

const highest = (points: readonly SeriesPoint[], name: string): Found | undefined =>
  found(points, name).reduce<Found | undefined>(
    (best, each) => (best === undefined || each.value > best.value ? each : best),
    undefined,
  )

const lowest = (points: readonly SeriesPoint[], name: string): Found | undefined =>
  found(points, name).reduce<Found | undefined>(
    (best, each) => (best === undefined || each.value < best.value ? each : best),
    undefined,
  )
