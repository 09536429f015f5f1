import { families } from '../../src/domain/family.js'
import { pointMetrics } from '../../src/domain/metric.js'
import type { Truth } from '../../src/ingress/simulator/truth.js'

/** A row as `rows --json`, the files and Kafka in JSON print it. */
export type RowLine = Readonly<{
  intervalStart: string
  measures: Readonly<Record<string, Readonly<Record<string, number>>>>
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
      values: pointMetrics
        .filter((metric) => row.measures[metric] !== undefined && row.measures[metric] !== null)
        .map((metric) => `${metric} ${Object.values(row.measures[metric] ?? {}).join('/')}`),
    }))
    .filter(({ values }) => values.length > 0)
    .map(({ cell, values }) => `${cell}: ${values.join(', ')}`)
    .sort()

/** What the simulator says happened, in the same lines. */
export const truthText = (truth: Truth, family: 'queue' | 'agent'): readonly string[] =>
  rowsText(truth[family] as readonly object[] as readonly RowLine[], family)
