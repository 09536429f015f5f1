import { families, type FamilyName } from '../../domain/family.js'
import { builtInKpisOf, type KpiUnit } from '../../domain/kpi.js'
import { metricKind, type MetricKind, type MetricName } from '../../domain/metric.js'
import type { RowJson } from '../../contract/row-json.js'
import { carriesServiceTarget, contractName } from '../../contract/schema/row-schema.js'
import type { RowRecord } from '../sink.js'

/** A column of a family's table. `generated`: the expression that the database works it out by. */
export type Column = Readonly<{ name: string; type: string; generated?: string }>

/** Name of a family's table: `queue_metrics`. */
export const tableOf = (family: FamilyName): string => contractName(family).replaceAll('-', '_')

/** A name as it is written in a statement. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** `tAnswered` → `t_answered`. */
export const snakeCase = (name: string): string =>
  name
    .replace(/(?<=[a-z0-9])[A-Z]|[A-Z](?=[a-z])/g, (letter, at: number) => (at === 0 ? letter : `_${letter}`))
    .toLowerCase()

/** The primary key: within a generation, a row and a revision are the same bytes for ever. */
export const KEY_COLUMNS = ['tenant', 'key', 'generation', 'revision'] as const

/** The columns of a family's table, from the catalogue of metrics and KPIs. New ones go to the end of the table. */
export const columnsOf = (family: FamilyName): readonly Column[] => [
  { name: 'tenant', type: 'text NOT NULL' },
  { name: 'key', type: 'text NOT NULL' },
  { name: 'generation', type: 'text NOT NULL' },
  { name: 'revision', type: 'bigint NOT NULL' },
  { name: 'promotion', type: 'bigint NOT NULL' },
  { name: 'first_promotion', type: 'bigint NOT NULL' },
  { name: 'replays', type: 'bigint NOT NULL DEFAULT 0' },
  ...families[family].dimensions.map((dimension) => ({ name: snakeCase(dimension), type: 'text' })),
  { name: 'granularity', type: 'text NOT NULL' },
  { name: 'interval_start', type: 'timestamptz NOT NULL' },
  { name: 'interval_end', type: 'timestamptz NOT NULL' },
  { name: 'status', type: 'text NOT NULL' },
  { name: 'correction', type: 'text' },
  { name: 'erased', type: 'bigint' },
  { name: 'empty', type: 'boolean' },
  ...(carriesServiceTarget(family) ? [{ name: 'service_target', type: 'double precision' }] : []),
  { name: 'quantiles', type: 'jsonb' },
  { name: 'profile_kpis', type: 'jsonb' },
  ...families[family].metrics.flatMap((metric) =>
    measureColumns[metricKind(metric)].map(([, suffix, type]) => ({ name: `${snakeCase(metric)}${suffix}`, type })),
  ),
  ...builtInKpisOf(family).flatMap(({ name, unit }) => kpiColumns(name, unit)),
]

type MeasureField = 'count' | 'sum' | 'min' | 'max'

/** The columns of a measure: field of the row's JSON, suffix of the name, with the unit where it is one, and type. */
const measureColumns: Readonly<Record<MetricKind, readonly (readonly [MeasureField, string, string])[]>> = {
  count: [['count', '', 'bigint']],
  duration: [
    ['count', '_count', 'bigint'],
    ['sum', '_sum_ms', 'bigint'],
    ['min', '_min_ms', 'bigint'],
    ['max', '_max_ms', 'bigint'],
  ],
  observation: [
    ['count', '_count', 'bigint'],
    ['sum', '_sum', 'double precision'],
    ['min', '_min', 'double precision'],
    ['max', '_max', 'double precision'],
  ],
  state: [['sum', '_ms', 'bigint']],
}

/** Its terms, which may be added up, and the quotient, which may not. */
const kpiColumns = (name: string, unit: KpiUnit): readonly Column[] => {
  const base = snakeCase(name)
  const [numerator, denominator] = [`${base}_numerator`, `${base}_denominator`]
  return [
    { name: numerator, type: 'bigint' },
    { name: denominator, type: 'bigint' },
    {
      name: unit === 'ms' ? `${base}_ms` : base,
      type: 'double precision',
      generated: `${numerator}::double precision / nullif(${denominator}, 0)`,
    },
  ]
}

/** A row as an object of its columns; those without a value are left out. */
export const rowColumns = (record: RowRecord, row: RowJson): Readonly<Record<string, unknown>> => {
  const { family, measures, kpis, profileKpis, ...rest } = row
  const { generation, promotion, replay } = record
  const values: Record<string, unknown> = { generation, promotion, first_promotion: promotion, replays: replay ? 1 : 0 }
  for (const [name, value] of Object.entries(rest)) values[snakeCase(name)] = value
  const quantiles: Record<string, unknown> = {}
  for (const metric of families[family].metrics) {
    const measure = measures[metric]
    if (measure === undefined) continue
    setMeasure(values, metric, measure)
    if (measure.quantiles !== undefined) quantiles[metric] = measure.quantiles
  }
  if (Object.keys(quantiles).length > 0) values['quantiles'] = quantiles
  for (const [name, { numerator, denominator }] of Object.entries(kpis)) {
    values[`${snakeCase(name)}_numerator`] = numerator
    values[`${snakeCase(name)}_denominator`] = denominator
  }
  if (profileKpis !== undefined) values['profile_kpis'] = profileKpis
  return values
}

const setMeasure = (
  values: Record<string, unknown>,
  metric: MetricName,
  measure: Readonly<Partial<Record<MeasureField, number>>>,
): void => {
  for (const [field, suffix] of measureColumns[metricKind(metric)])
    values[`${snakeCase(metric)}${suffix}`] = measure[field]
}
