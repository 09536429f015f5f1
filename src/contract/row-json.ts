import type { Dimension } from '../domain/dimensions.js'
import { families, familyNames, type FamilyName } from '../domain/family.js'
import type { Granularity } from '../domain/granularity.js'
import { builtInKpisOf, type Ratio } from '../domain/kpi.js'
import type { Measure } from '../domain/measure.js'
import { metricKind, metricNames, type MetricKind, type MetricName } from '../domain/metric.js'
import { isEmptyRow, type Correction, type Row, type RowStatus } from '../domain/row.js'
import { bucketThrough, quantile } from '../domain/sketch.js'
import { quantileShares } from './schema/measure-schema.js'

/** A row as JSON: the fields of the Avro record, with instants as ISO 8601 in UTC and without fields that are null. */
export type RowJson = Readonly<
  { family: FamilyName; key: string; tenant: string } & Partial<Record<Dimension, string>> & {
      granularity: Granularity
      intervalStart: string
      intervalEnd: string
      status: RowStatus
      correction?: Correction
      revision: number
      erased?: number
      empty?: true
      serviceTarget?: number
      measures: Readonly<Partial<Record<MetricName, MeasureJson>>>
      kpis: Readonly<Record<string, RatioJson>>
      profileKpis?: Readonly<Record<string, RatioJson>>
    }
>

/**
 * Occurrences have `count`; durations and observations `count`, `sum`, `min`, `max`, and `quantiles` where the profile
 * asks for them; state times `sum`. Times are in milliseconds.
 */
export type MeasureJson = Readonly<{
  count?: number
  sum?: number
  min?: number
  max?: number
  quantiles?: QuantilesJson
}>

type QuantilesJson = Readonly<
  Record<keyof typeof quantileShares, number> & { buckets: readonly Readonly<{ through: number; count: number }>[] }
>

/** A quantity has no denominator. */
export type RatioJson = Readonly<{ numerator: number; denominator?: number }>

/** Renders a row as JSON, for every sink and command. Fields are in the order of the Avro schema. */
export const rowJson = (row: Row): RowJson => {
  const dimensions: Partial<Record<Dimension, string>> = {}
  families[row.family].dimensions.forEach((name, index) => {
    const value = row.dimensions[index]
    if (value !== null && value !== undefined) dimensions[name] = value
  })
  const measures: Partial<Record<MetricName, MeasureJson>> = {}
  row.measures.forEach((measure, index) => {
    const name = metricNames[index]
    if (name !== undefined && measure !== undefined && measure.count !== 0)
      measures[name] = measureJson[metricKind(name)](measure)
  })
  const builtIn = builtInNames[row.family]
  const kpis: Record<string, RatioJson> = {}
  const profileKpis: Record<string, RatioJson> = {}
  for (const [name, ratio] of Object.entries(row.kpis))
    (builtIn.has(name) ? kpis : profileKpis)[name] = ratioJson(ratio)
  return {
    family: row.family,
    key: row.key,
    tenant: row.tenant,
    ...dimensions,
    granularity: row.granularity,
    intervalStart: new Date(row.start).toISOString(),
    intervalEnd: new Date(row.end).toISOString(),
    status: row.status,
    ...(row.correction !== null && { correction: row.correction }),
    revision: row.revision,
    ...(row.erased !== null && { erased: row.erased }),
    ...(isEmptyRow(row) && { empty: true as const }),
    ...(row.serviceTarget !== null && { serviceTarget: row.serviceTarget }),
    measures,
    kpis,
    ...(Object.keys(profileKpis).length > 0 && { profileKpis }),
  }
}

const measureJson: Readonly<Record<MetricKind, (measure: Measure) => MeasureJson>> = {
  count: ({ count }) => ({ count }),
  duration: (measure) => {
    const { count, sum, min, max } = measure
    return measure.sketch.length === 0
      ? { count, sum, min, max }
      : { count, sum, min, max, quantiles: quantilesJson(measure) }
  },
  observation: ({ count, sum, min, max }) => ({ count, sum, min, max }),
  state: ({ sum }) => ({ sum }),
}

const quantilesJson = ({ sketch, min, max }: Measure): QuantilesJson => {
  const { p50, p90, p95, p99 } = quantileShares
  const at = (share: number): number => quantile(sketch, share, min, max) as number
  const buckets = sketch.map(([bucket, count]) => ({ through: bucketThrough(bucket), count }))
  return { p50: at(p50), p90: at(p90), p95: at(p95), p99: at(p99), buckets }
}

const ratioJson = ({ numerator, denominator }: Ratio): RatioJson =>
  denominator === null ? { numerator } : { numerator, denominator }

const builtInNames = Object.fromEntries(
  familyNames.map((family) => [family, new Set(builtInKpisOf(family).map(({ name }) => name))]),
) as unknown as Readonly<Record<FamilyName, ReadonlySet<string>>>
