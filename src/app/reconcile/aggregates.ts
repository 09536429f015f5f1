import * as E from 'fp-ts/lib/Either.js'
import { type Interval, DAY_MS } from '../../domain/interval.js'
import { systemPresence, upperSnake } from '../../ingress/decode/spelling.js'
import { isMetricName, metricKind } from '../../domain/metric.js'

/** The statistics of a metric that can be compared. Times in ms; `ratio` and `target` are shares from 0 to 1. */
export const statistics = ['count', 'sum', 'min', 'max', 'numerator', 'denominator', 'ratio', 'target'] as const
export type Statistic = (typeof statistics)[number]
export type Stats = Readonly<Partial<Record<Statistic, number>>>

/** `qualifier` is the state whose time this is, null for other metrics. */
export type SourceMetric = Readonly<{ metric: string; qualifier: string | null; stats: Stats }>

/** The figures of the API for one group and interval, by `metricKey`. */
export type SourceCell = Map<string, SourceMetric>

/** The figures of the API for one group and interval. */
export type SourceRow = Readonly<{
  group: Readonly<Record<string, string>>
  interval: Interval
  metrics: readonly SourceMetric[]
}>

/** `leftOut`: parts of the response that are not compared, each as a phrase, as often as it occurs. */
export type AggregateResponse = Readonly<{ rows: readonly SourceRow[]; leftOut: readonly string[] }>

/**
 * Reads a response of the aggregates queries: `POST /api/v2/analytics/conversations/aggregates/query`, `…/users/…` or
 * `…/flows/aggregates/query`. Parts that it cannot read are left out and listed in `leftOut`. The left says why the
 * JSON is no such response. A response without results is one of an interval in which nothing happened.
 */
export const aggregateResponse = (json: unknown): E.Either<string, AggregateResponse> => {
  if (!isRecord(json)) return E.left('it is not an object')
  const { results } = json
  if (results === undefined) {
    if (typeof json['message'] === 'string' || typeof json['status'] === 'number')
      return E.left(`it is a refusal of the API: ${String(json['message'] ?? json['status'])}`)
    if (Object.keys(json).every((key) => key === 'systemToOrganizationMappings'))
      return E.right({ rows: [], leftOut: [] })
    return E.left(`it has no results, but ${Object.keys(json).slice(0, 5).join(', ')}`)
  }
  if (!Array.isArray(results)) return E.left('its results are not a list')
  const leftOut: string[] = []
  const rows = (results as readonly unknown[]).flatMap((result) => rowsOf(result, leftOut))
  return E.right({ rows, leftOut })
}

const rowsOf = (result: unknown, leftOut: string[]): readonly SourceRow[] => {
  if (!isRecord(result) || !isRecord(result['group'] ?? {}) || !Array.isArray(result['data'])) {
    leftOut.push('a result without a group and data')
    return []
  }
  const group = Object.fromEntries(
    Object.entries((result['group'] ?? {}) as Record<string, unknown>).flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [[name, typeof value === 'string' ? value : JSON.stringify(value)]],
    ),
  )
  return (result['data'] as readonly unknown[]).flatMap((datum) => {
    const interval = isRecord(datum) ? intervalOf(datum['interval']) : undefined
    if (!isRecord(datum) || interval === undefined || !Array.isArray(datum['metrics'] ?? [])) {
      leftOut.push(
        isRecord(datum) && 'metric' in datum
          ? 'observations, which have no interval'
          : 'data without an interval, such as 2026-01-05T10:00:00.000Z/2026-01-05T10:30:00.000Z',
      )
      return []
    }
    if (Array.isArray(datum['views']) && datum['views'].length > 0) leftOut.push('views')
    const metrics = ((datum['metrics'] ?? []) as readonly unknown[]).flatMap((metric) => metricOf(metric, leftOut))
    return [{ group, interval, metrics }]
  })
}

const metricOf = (json: unknown, leftOut: string[]): readonly SourceMetric[] => {
  if (!isRecord(json) || typeof json['metric'] !== 'string' || !isRecord(json['stats'])) {
    leftOut.push('a metric without a name and stats')
    return []
  }
  const stats: Partial<Record<Statistic, number>> = {}
  for (const [name, value] of Object.entries(json['stats'])) {
    if (!isStatistic(name)) leftOut.push(`statistic ${name}`)
    else if (typeof value === 'number' && Number.isFinite(value)) stats[name] = value
    else if (value !== null) leftOut.push(`statistic ${name} that is no number`)
  }
  const { metric, qualifier } = json
  return [{ metric, qualifier: typeof qualifier === 'string' ? spelledState(metric, qualifier) : null, stats }]
}

/** States get the spelling of rows. Organisation presences are ids and stay as they are. */
const spelledState = (metric: string, qualifier: string): string =>
  metric === 'tSystemPresence'
    ? systemPresence(qualifier)
    : metric === 'tAgentRoutingStatus'
      ? upperSnake(qualifier)
      : qualifier

const isStatistic = (name: string): name is Statistic => (statistics as readonly string[]).includes(name)

const intervalOf = (text: unknown): Interval | undefined => {
  if (typeof text !== 'string') return undefined
  const [start = NaN, end = NaN, ...more] = text.split('/').map((instant) => Date.parse(instant))
  return more.length === 0 && start < end ? { start, end } : undefined
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An identity that a row of the API breaks, in words, and its metric. */
export type Contradiction = Readonly<{
  metric: string
  identity: string
  /**
   * Sessions that cross the edge of the interval may explain the contradiction. It is ignored if our rows have the same
   * figures for these metrics.
   */
  isExcusedBy: readonly string[] | null
}>

export type IdentityContext = Readonly<{
  /** Metrics of the query. One that the row does not contain is zero. */
  asked: ReadonlySet<string>
  /** The media type of the group, `undefined` if it covers several. */
  mediaType: string | undefined
  lengthMs: number
}>

/** How far a ratio may be from the quotient of its terms, because of rounding in double precision. */
const RATIO_ERROR_MAX = 1e-9

/**
 * The identities that a row of the API breaks. Offered need not equal answered, abandoned and flowed out together: each
 * of these is counted in the interval in which it happens.
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

/** Short abandons are the shortest of all abandons. */
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

/**
 * tWait is computed at query time, so the identity holds in every interval. Customer-first callbacks wait without any
 * of the three.
 */
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
 * Each part of a session is counted in the interval in which it ends. So the identity need not hold in a short
 * interval, or while sessions are unfinished.
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
