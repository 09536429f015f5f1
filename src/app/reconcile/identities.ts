import { DAY_MS } from '../../domain/interval.js'
import { isMetricName, metricKind } from '../../domain/metric.js'
import type { Stats } from './aggregates.js'
import type { SourceCell } from './query.js'

/** An identity that a row of the API breaks, in words, and the metrics it is about. */
export type Contradiction = Readonly<{
  metric: string
  identity: string
  /**
   * Sessions that cross the edge of the interval may explain it: it is none if rows of ours say of these metrics the
   * same.
   */
  isExcusedBy: readonly string[] | null
}>

export type IdentityContext = Readonly<{
  /** Metrics that the query asked for: of those the row does not mention is known that they are zero. */
  asked: ReadonlySet<string>
  /** The media type of the group, `undefined` where it holds several. */
  mediaType: string | undefined
  lengthMs: number
}>

/** How far a ratio may be from the quotient of its terms: rounding, in double precision. */
const RATIO_ERROR_MAX = 1e-9

/**
 * What a row of the API says against itself. That offered are not answered, abandoned and flowed out together is no
 * contradiction: each is counted in the interval in which it happens.
 */
export const contradictionsOf = (cell: SourceCell, context: IdentityContext): readonly Contradiction[] => {
  const found: Contradiction[] = []
  const broken = (metric: string, identity: string, isExcusedBy: readonly string[] | null = null): void => {
    found.push({ metric, identity, isExcusedBy })
  }
  for (const { metric, stats } of cell.values()) withinItself(metric, stats, (identity) => broken(metric, identity))
  serviceLevel(cell, (identity) => broken('oServiceLevel', identity))
  shortAbandons(cell, context, (identity) => broken('tShortAbandon', identity))
  waits(cell, context, (identity) => broken('tWait', identity))
  handleTimes(cell, context, (identity) => broken('tHandle', identity, HANDLED))
  return found
}

type Broken = (identity: string) => void

const withinItself = (metric: string, { count, sum, min, max }: Stats, broken: Broken): void => {
  if (count !== undefined && (count < 0 || !Number.isInteger(count))) broken(`a count is a whole number, not ${count}`)
  if (!isMetricName(metric) || metricKind(metric) !== 'duration' || count === undefined) return
  if (count === 0 && sum !== undefined && sum !== 0) broken(`nothing was emitted (count 0), but the sum is ${sum}`)
  if (count <= 0) return
  if (min !== undefined && max !== undefined && min > max) return broken(`min ${min} is more than max ${max}`)
  if (sum !== undefined && min !== undefined && sum < count * min)
    broken(`the sum ${sum} of ${count} is less than ${count} times the min ${min}`)
  if (sum !== undefined && max !== undefined && sum > count * max)
    broken(`the sum ${sum} of ${count} is more than ${count} times the max ${max}`)
}

const serviceLevel = (cell: SourceCell, broken: Broken): void => {
  const { ratio, numerator, denominator } = cell.get('oServiceLevel')?.stats ?? {}
  if (numerator !== undefined && numerator < 0) broken(`the numerator is ${numerator}`)
  if (ratio === undefined || numerator === undefined || denominator === undefined || denominator === 0) return
  if (Math.abs(ratio - numerator / denominator) > RATIO_ERROR_MAX)
    broken(`the ratio is ${ratio}, but ${numerator} / ${denominator} is ${numerator / denominator}`)
}

/** The short abandons are the shortest of the abandons. */
const shortAbandons = (cell: SourceCell, { asked }: IdentityContext, broken: Broken): void => {
  const short = cell.get('tShortAbandon')?.stats
  if (short?.count === undefined || short.count <= 0 || !asked.has('tAbandon')) return
  const all = cell.get('tAbandon')?.stats ?? { count: 0, sum: 0 }
  if (all.count !== undefined && short.count > all.count)
    broken(`${short.count} short abandons of ${all.count} abandons`)
  else if (all.count === 0) return
  else if (short.max !== undefined && all.min !== undefined && short.max < all.min)
    broken(`the longest short abandon (${short.max}) is shorter than the shortest abandon (${all.min})`)
  else if (short.min !== undefined && all.min !== undefined && short.min !== all.min)
    broken(`the shortest short abandon (${short.min}) is not the shortest abandon (${all.min})`)
  else if (short.max !== undefined && all.max !== undefined && short.max > all.max)
    broken(`the longest short abandon (${short.max}) is longer than the longest abandon (${all.max})`)
  else if (short.sum !== undefined && all.sum !== undefined && short.sum > all.sum)
    broken(`short abandons sum up to ${short.sum}, all abandons to ${all.sum}`)
  else if (short.count === all.count && short.sum !== undefined && all.sum !== undefined && short.sum !== all.sum)
    broken(`all ${all.count} abandons are short, but they sum up to ${all.sum} and the short ones to ${short.sum}`)
}

const WAITS = ['tAnswered', 'tAbandon', 'tFlowOut']

/** Worked out at query time, so it holds in every interval. Customer-first callbacks wait without any of these. */
const waits = (cell: SourceCell, { asked, mediaType }: IdentityContext, broken: Broken): void => {
  const wait = cell.get('tWait')?.stats ?? { count: 0, sum: 0 }
  if (!asked.has('tWait') || !WAITS.every((metric) => asked.has(metric))) return
  const isExact = mediaType !== undefined && mediaType !== 'callback'
  for (const statistic of ['count', 'sum'] as const) {
    const union = WAITS.reduce((total, metric) => total + (cell.get(metric)?.stats[statistic] ?? 0), 0)
    const said = wait[statistic]
    if (said !== undefined && (isExact ? said !== union : said < union))
      return broken(`the ${statistic} is ${said}, but answered, abandoned and flowed out have ${union} together`)
  }
}

const PARTS = ['tContacting', 'tDialing', 'tTalkComplete', 'tHeldComplete', 'tAcw']
const HANDLED = ['tHandle', ...PARTS]

/**
 * The parts of a session are counted where each ends, so it need not hold in a short interval, nor where sessions are
 * not finished.
 */
const handleTimes = (cell: SourceCell, { asked, lengthMs }: IdentityContext, broken: Broken): void => {
  const handled = cell.get('tHandle')?.stats
  if (
    handled?.count === undefined ||
    handled.sum === undefined ||
    lengthMs < 23 * (DAY_MS / 24) ||
    !PARTS.every((metric) => asked.has(metric))
  )
    return
  const parts = PARTS.flatMap((metric) => cell.get(metric)?.stats ?? []).filter(({ count }) => count !== 0)
  if (parts.length === 0 || parts.some(({ count }) => count !== handled.count)) return
  const sum = parts.reduce((total, part) => total + (part.sum ?? 0), 0)
  if (sum !== handled.sum)
    broken(`the sum is ${handled.sum}, but its parts, all ${handled.count} of each, have ${sum} together`)
}
