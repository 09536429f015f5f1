import { families } from '../../src/domain/family.js'
import { metricKind, pointMetrics, type MetricName } from '../../src/domain/metric.js'
import type { Truth } from '../../src/simulator/truth/truth.js'

type MeasureLine = Readonly<Record<string, unknown>>

/** A row as `rows --json`, the files and Kafka print it; in Avro with null for what JSON leaves out. */
export type RowLine = Readonly<{
  intervalStart: string
  measures: Readonly<Record<string, MeasureLine | null>>
  [dimension: string]: unknown
}>

/** Rows as sorted lines of dimensions, interval and measures; rows that hold nothing are left out. */
export const rowsText = (
  rows: readonly RowLine[],
  family: 'queue' | 'agent' = 'userId' in (rows[0] ?? {}) ? 'agent' : 'queue',
): readonly string[] =>
  rows
    .map((row) => ({
      cell: [
        ...families[family].dimensions.map((name) => (row[name] as string | null) ?? '-'),
        new Date(row.intervalStart).toISOString(),
      ].join(' '),
      values: pointMetrics.flatMap((metric) => {
        const measure = row.measures[metric]
        return measure === undefined || measure === null ? [] : [`${metric} ${measureText(metric, measure)}`]
      }),
    }))
    .filter(({ values }) => values.length > 0)
    .map(({ cell, values }) => `${cell}: ${values.join(', ')}`)
    .sort()

const measureText = (metric: MetricName, { count, sum, min, max }: MeasureLine): string =>
  (metricKind(metric) === 'count' ? [count] : [count, sum, min, max]).join('/')

/** What the simulator says happened, in the same lines. */
export const truthText = (truth: Truth, family: 'queue' | 'agent'): readonly string[] =>
  rowsText(truth[family] as readonly object[] as readonly RowLine[], family)
