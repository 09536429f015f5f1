import { families, type Dimension, type FamilyName } from '../domain/family.js'
import type { KpiName, Ratio } from '../domain/kpi.js'
import { metricKind, metricNames, type MetricName } from '../domain/metric.js'
import type { RowStatus } from '../domain/row.js'
import type { PublishedRow } from './row-codec.js'

/** A row as JSON: the Avro record's fields, but instants as ISO 8601 in UTC, and measures and KPIs without a value left out. */
export type RowJson = Readonly<
  { family: FamilyName; key: string; tenant: string } & Partial<Record<Dimension, string | null>> & {
      intervalStart: string
      intervalEnd: string
      status: RowStatus
      revision: number
      measures: Readonly<Partial<Record<MetricName, MeasureJson>>>
      kpis: Readonly<Partial<Record<KpiName, Ratio>>>
    }
>

/** Occurrences as `count`, durations as all four, state times as `sum`; times in milliseconds. */
export type MeasureJson =
  Readonly<{ count: number }> | Readonly<{ count: number; sum: number; min: number; max: number }> | Readonly<{ sum: number }>

/** The one JSON rendering of a row, for every sink and command. Fields come in the contract's order. */
export const rowJson = ({ row, kpis }: PublishedRow): RowJson => {
  const dimensions: Partial<Record<Dimension, string | null>> = {}
  families[row.family].dimensions.forEach((name, index) => (dimensions[name] = row.dimensions[index] ?? null))
  const measures: Partial<Record<MetricName, MeasureJson>> = {}
  row.measures.forEach((measure, index) => {
    const name = metricNames[index]
    if (name === undefined || measure === undefined || (measure.count === 0 && measure.sum === 0)) return
    const { count, sum, min, max } = measure
    const kind = metricKind(name)
    measures[name] = kind === 'count' ? { count } : kind === 'state' ? { sum } : { count, sum, min, max }
  })
  return {
    family: row.family,
    key: row.key,
    tenant: row.tenant,
    ...dimensions,
    intervalStart: new Date(row.start).toISOString(),
    intervalEnd: new Date(row.end).toISOString(),
    status: row.status,
    revision: row.revision,
    measures,
    kpis,
  }
}
