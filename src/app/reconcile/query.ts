import type { Interval } from '../../domain/interval.js'
import { DAY_MS, HOUR_MS, type EpochMs } from '../../domain/interval.js'
import type { AggregateResponse, SourceCell, SourceMetric, SourceRow, Stats } from './aggregates.js'
import { dimensionOfWire, pointDimension } from '../../domain/dimensions.js'
import { sortOf, type MetricSort } from './family.js'

/** A group of the API: its dimensions in the spelling of the API, and its cells by `intervalKey`. */
export type SourceGroup = Readonly<{ group: Readonly<Record<string, string>>; cells: Map<string, SourceCell> }>

/**
 * Responses that belong together: the same dimensions, kind of metrics and length of intervals. The API leaves out
 * zeros, so only all of them together show what was asked for: a metric or an interval that occurs in one group was
 * asked for in all, and is zero where it does not occur.
 */
export type Query = Readonly<{
  sort: MetricSort
  /** The dimensions by their names in the API, sorted. */
  dimensions: readonly string[]
  metrics: Set<string>
  intervals: Map<string, Interval>
  /** By `groupKey`. */
  groups: Map<string, SourceGroup>
}>

export type AskedFor = Readonly<{
  /**
   * The dimensions of the query, if its response does not show them: the API leaves out a dimension without a value.
   */
  groupBy?: readonly string[] | undefined
  /** The metrics of the query, if its response does not show them all. */
  metrics?: readonly string[] | undefined
  /** Only intervals in `[from, to)`, and all of them: one that the response leaves out was zero. */
  from?: EpochMs | undefined
  to?: EpochMs | undefined
}>

export const intervalKey = ({ start, end }: Interval): string => `${start}/${end}`
export const metricKey = (metric: string, qualifier: string | null): string =>
  qualifier === null ? metric : `${metric}/${qualifier}`

/** Key of a group: the values of its dimensions in their order, null where there is none. */
export const groupKey = (values: readonly (string | null)[]): string => JSON.stringify(values)

/** The spelling of a dimension's value in rows: enums are lower case, and `unknown` stands for a missing one. */
export const spelledValue = (name: string, value: string | undefined): string | null => {
  const dimension = dimensionOfWire(name)
  if (dimension === undefined || pointDimension(dimension)?.kind === 'id') return value ?? null
  return value?.toLowerCase() ?? 'unknown'
}

/** Sorts responses into queries as they are read. All of them are held in memory. */
export class Queries {
  readonly all = new Map<string, Query>()
  readonly leftOut = new Map<string, number>()
  responses = 0
  private readonly asked: AskedFor

  constructor(asked: AskedFor = {}) {
    this.asked = asked
  }

  add({ rows, leftOut }: AggregateResponse): void {
    this.responses += 1
    for (const what of leftOut) this.leaveOut(what)
    const dimensions = [...new Set(this.asked.groupBy ?? rows.flatMap(({ group }) => Object.keys(group)))].sort()
    const spans = new Map<Query, Interval>()
    for (const row of rows) {
      if (!this.isWanted(row.interval)) this.leaveOut('an interval outside --from and --to')
      else this.addRow(row, dimensions, spans)
    }
    for (const [query, span] of spans)
      fill(query, { start: this.asked.from ?? span.start, end: this.asked.to ?? span.end })
  }

  private addRow(
    { group, interval, metrics }: SourceRow,
    dimensions: readonly string[],
    spans: Map<Query, Interval>,
  ): void {
    const values = dimensions.map((name) => spelledValue(name, Object.hasOwn(group, name) ? group[name] : undefined))
    for (const said of metrics) {
      const query = this.queryOf(sortOf(said.metric), dimensions, interval)
      const span = spans.get(query)
      spans.set(query, {
        start: Math.min(span?.start ?? interval.start, interval.start),
        end: Math.max(span?.end ?? interval.end, interval.end),
      })
      if (this.asked.metrics === undefined) query.metrics.add(said.metric)
      else if (!this.asked.metrics.includes(said.metric)) {
        this.leaveOut(`metric ${said.metric}, which is not among --metrics`)
        continue
      }
      const key = intervalKey(interval)
      query.intervals.set(key, interval)
      const known = getOr<string, SourceGroup>(query.groups, groupKey(values), () => ({
        group,
        cells: new Map<string, SourceCell>(),
      }))
      const cell = getOr<string, SourceCell>(known.cells, key, () => new Map<string, SourceMetric>())
      const before = cell.get(metricKey(said.metric, said.qualifier))
      if (before !== undefined && !same(before.stats, said.stats))
        this.leaveOut(`${said.metric} said twice, differently, of one group and interval; the last counts`)
      cell.set(metricKey(said.metric, said.qualifier), said)
    }
  }

  private queryOf(sort: MetricSort, dimensions: readonly string[], interval: Interval): Query {
    return getOr(this.all, JSON.stringify([sort, dimensions, lengthOf(interval)]), () => ({
      sort,
      dimensions,
      metrics: new Set(this.asked.metrics?.filter((metric) => sortOf(metric) === sort)),
      intervals: new Map(),
      groups: new Map(),
    }))
  }

  private isWanted({ start, end }: Interval): boolean {
    const { from, to } = this.asked
    return (from === undefined || start >= from) && (to === undefined || end <= to)
  }

  private leaveOut(what: string): void {
    this.leftOut.set(what, (this.leftOut.get(what) ?? 0) + 1)
  }
}

/** Days have 23 to 25 hours. Shorter intervals have a fixed length. */
const lengthOf = ({ start, end }: Interval): number | string =>
  end - start < 23 * HOUR_MS ? end - start : `${Math.round((end - start) / DAY_MS)} days`

/**
 * An interval between two others of a response that the response leaves out was asked for too, and nothing happened in
 * it. This holds only if all intervals have one length.
 */
const fill = ({ intervals }: Query, { start, end }: Interval): void => {
  const first = intervals.values().next().value
  if (first === undefined || typeof lengthOf(first) === 'string') return
  const length = first.end - first.start
  const from = first.start - Math.floor((first.start - start) / length) * length
  if ((end - from) / length > FILLED_MAX) return
  for (let at = from; at + length <= end; at += length) {
    const interval = { start: at, end: at + length }
    intervals.set(intervalKey(interval), interval)
  }
}

/** Ten years of quarter hours. A longer gap is an error in the file. */
const FILLED_MAX = 350_640

const same = (a: Stats, b: Stats): boolean => JSON.stringify(a) === JSON.stringify(b)

const getOr = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}
