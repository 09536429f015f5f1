import { intervalAt } from '../../../domain/granularity.js'
import { MINUTE_MS, type Interval } from '../../../domain/interval.js'
import type { Linear } from '../../../domain/formula.js'
import { kpiOf, type RowWithKpis } from '../../../domain/kpi-terms.js'
import { addMeasures, noMeasure, type Measure } from '../../../domain/measure.js'
import type { MetricName } from '../../../domain/metric.js'
import type { Statistic } from '../../../domain/named-kpi.js'
import { measureIn } from '../../../domain/row.js'
import { quantile } from '../../../domain/sketch.js'
import { unreachable } from '../../../domain/unreachable.js'
import type { Dimension } from '../../../domain/dimensions.js'
import { localDay } from '../../../domain/zone.js'
import type { Column } from './column.js'
import type { FeedPlan } from './plan.js'
import { wantedValues, type FeedRecord } from './record.js'

/** The value of a column in its own unit: ms, a share from 0 to 1, epoch ms; null: there is none. */
export type Cell = string | number | null

export type CellContext = Readonly<{
  plan: FeedPlan
  nameOf: (dimension: Dimension, id: string) => string | undefined
  /** Number of the delivery; null in what is fetched. */
  delivery: number | null
}>

/** What a record says in a column. Ratios are divided last, by the sums of their terms. */
export const cellOf = (column: Column, record: FeedRecord, context: CellContext): Cell => {
  const { source } = column
  const { interval, place, isComplete } = record
  const { settings, by } = context.plan
  switch (source.kind) {
    case 'instant':
      return interval[source.of]
    case 'interval':
      return source.of === 'minutes' ? (interval.end - interval.start) / MINUTE_MS : ordinalOf(interval, context)
    case 'dimension': {
      const value = place[by.indexOf(source.dimension)] ?? null
      // The name of a group is its name already.
      if (!source.isName || value === null || settings.groups?.dimension === source.dimension) return value
      return context.nameOf(source.dimension, value) ?? null
    }
    case 'measure':
      return statisticOf(measureOf(rowsIn(column, record, context), source.metric), source.statistic)
    case 'kpi':
      return ratioOf(rowsIn(column, record, context), source.name)
    case 'formula':
      return quotientOf(rowsIn(column, record, context), source)
    case 'constant':
      return source.value
    case 'status':
      return isComplete
        ? record.rows.some(({ row }) => row.status === 'corrected')
          ? 'corrected'
          : 'final'
        : 'provisional'
    case 'correction':
      return [...new Set(record.rows.flatMap(({ row }) => row.correction ?? []))].sort().join(' ') || null
    case 'feed':
      return settings.name
    case 'delivery':
      return context.delivery
    default:
      return unreachable(source)
  }
}

const rowsIn = ({ where }: Column, { rows }: FeedRecord, { plan }: CellContext): readonly RowWithKpis[] => {
  const wanted = wantedValues(plan.settings.family, where)
  return wanted.length === 0
    ? rows
    : rows.filter(({ row }) => wanted.every(([place, values]) => values.has(row.dimensions[place] ?? null)))
}

const measureOf = (rows: readonly RowWithKpis[], metric: MetricName): Measure =>
  rows.reduce((sum, { row }) => addMeasures(sum, measureIn(row, metric) ?? noMeasure), noMeasure)

/** Counts and sums of nothing are 0; nothing has no extremes, average or quantile. */
const statisticOf = ({ count, sum, min, max, sketch }: Measure, statistic: Statistic): number | null => {
  if (statistic === 'count') return count
  if (statistic === 'sum') return sum
  if (count === 0) return null
  switch (statistic) {
    case 'min':
      return min
    case 'max':
      return max
    case 'avg':
      return sum / count
    default:
      return quantile(sketch, Number(statistic.slice(1)) / 100, min, max) ?? null
  }
}

const ratioOf = (rows: readonly RowWithKpis[], name: string): number | null => {
  const { numerator, denominator } = kpiOf(name, rows) ?? { numerator: 0, denominator: 0 }
  if (denominator === 0) return null
  return denominator === null ? numerator : numerator / denominator
}

const quotientOf = (
  rows: readonly RowWithKpis[],
  { numerator, denominator }: Readonly<{ numerator: Linear; denominator: Linear | null }>,
): number | null => {
  const sums = new Map<MetricName, Measure>()
  const valueOf = (terms: Linear): number =>
    terms.reduce((total, { factor, metric, statistic }) => {
      let measure = sums.get(metric)
      if (measure === undefined) sums.set(metric, (measure = measureOf(rows, metric)))
      return total + factor * measure[statistic]
    }, 0)
  if (denominator === null) return valueOf(numerator)
  const below = valueOf(denominator)
  return below === 0 ? null : valueOf(numerator) / below
}

/** The number of an interval within its local day, from 1: up to 92 or 100 quarters where clocks change. */
const ordinalOf = ({ start }: Interval, { plan }: CellContext): number => {
  const { interval, zone } = plan.settings
  if (interval === 'P1D') return 1
  const day = localDay(zone, start)
  const { start: first, end } = intervalAt(interval, zone, day.start)
  return Math.floor((start - first) / (end - first)) + 1
}
