import * as E from 'fp-ts/lib/Either.js'
import type { Interval } from '../../domain/interval.js'
import { systemPresence, upperSnake } from '../../ingress/decode/spelling.js'

/** The statistics of a metric that can be compared. Times in ms; `ratio` and `target` are shares from 0 to 1. */
export const statistics = ['count', 'sum', 'min', 'max', 'numerator', 'denominator', 'ratio', 'target'] as const
export type Statistic = (typeof statistics)[number]
export type Stats = Readonly<Partial<Record<Statistic, number>>>

/** `qualifier` names the state of which it is the time, null for other metrics. */
export type SourceMetric = Readonly<{ metric: string; qualifier: string | null; stats: Stats }>

/** What the API says of one group and interval. */
export type SourceRow = Readonly<{
  group: Readonly<Record<string, string>>
  interval: Interval
  metrics: readonly SourceMetric[]
}>

/** `leftOut`: what stands in the answer and is not compared, each as a sentence, as often as it stands there. */
export type AggregateResponse = Readonly<{ rows: readonly SourceRow[]; leftOut: readonly string[] }>

/**
 * Reads an answer of the aggregates queries: `POST /api/v2/analytics/conversations/aggregates/query`, `…/users/…` or
 * `…/flows/aggregates/query`. What cannot be read in it is left out and said; on the left stands why it is no such
 * answer at all. An answer without results is one in which nothing happened.
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

/** States are spelled as in rows; organisation presences are ids. */
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
