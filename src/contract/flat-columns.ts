import { families, type FamilyName } from '../domain/family.js'
import { builtInKpisOf, type KpiUnit } from '../domain/kpi.js'
import { metricKind, type MetricKind, type MetricName } from '../domain/metric.js'
import type { Row } from '../domain/row.js'
import { rowJson, type RowJson } from './row-json.js'
import { carriesServiceTarget, contractName } from './schema/row-schema.js'

/** What a column holds. `instant`: ISO 8601 in UTC. `json`: an object. */
export type ColumnKind = 'text' | 'long' | 'double' | 'boolean' | 'instant' | 'json'

/**
 * A column of rows in tables and files. `quotient`: the columns of which it is the quotient; it cannot be added up, its
 * terms can.
 */
export type FlatColumn = Readonly<{
  name: string
  kind: ColumnKind
  required?: true
  quotient?: Readonly<{ numerator: string; denominator: string }>
}>

/** Name of a family's table or file: `queue_metrics`. */
export const tableOf = (family: FamilyName): string => contractName(family).replaceAll('-', '_')

/** `tAnswered` → `t_answered`. */
const snakeCase = (name: string): string =>
  name
    .replace(/(?<=[a-z0-9])[A-Z]|[A-Z](?=[a-z])/g, (letter, at: number) => (at === 0 ? letter : `_${letter}`))
    .toLowerCase()

/** The columns of a family, from the catalogue of metrics and KPIs; units are in their names. */
export const flatColumns = (family: FamilyName): readonly FlatColumn[] => [
  ...(['tenant', 'key', 'generation'] as const).map((name) => ({ name, kind: 'text', required: true }) as const),
  { name: 'revision', kind: 'long', required: true },
  ...families[family].dimensions.map((dimension) => ({ name: snakeCase(dimension), kind: 'text' }) as const),
  { name: 'granularity', kind: 'text', required: true },
  { name: 'interval_start', kind: 'instant', required: true },
  { name: 'interval_end', kind: 'instant', required: true },
  { name: 'status', kind: 'text', required: true },
  { name: 'correction', kind: 'text' },
  { name: 'erased', kind: 'long' },
  { name: 'empty', kind: 'boolean' },
  ...(carriesServiceTarget(family) ? [{ name: 'service_target', kind: 'double' } as const] : []),
  { name: 'quantiles', kind: 'json' },
  { name: 'profile_kpis', kind: 'json' },
  ...families[family].metrics.flatMap((metric) =>
    measureColumns[metricKind(metric)].map(([, suffix, kind]) => ({ name: `${snakeCase(metric)}${suffix}`, kind })),
  ),
  ...builtInKpisOf(family).flatMap(({ name, unit }) => kpiColumns(name, unit)),
]

type MeasureField = 'count' | 'sum' | 'min' | 'max'

/** The columns of a measure: field of the row's JSON, suffix of the name, with the unit where it is one, and kind. */
const measureColumns: Readonly<Record<MetricKind, readonly (readonly [MeasureField, string, 'long' | 'double'])[]>> = {
  count: [['count', '', 'long']],
  duration: [
    ['count', '_count', 'long'],
    ['sum', '_sum_ms', 'long'],
    ['min', '_min_ms', 'long'],
    ['max', '_max_ms', 'long'],
  ],
  observation: [
    ['count', '_count', 'long'],
    ['sum', '_sum', 'double'],
    ['min', '_min', 'double'],
    ['max', '_max', 'double'],
  ],
  state: [['sum', '_ms', 'long']],
}

const kpiColumns = (name: string, unit: KpiUnit): readonly FlatColumn[] => {
  const base = snakeCase(name)
  const [numerator, denominator] = [`${base}_numerator`, `${base}_denominator`]
  return [
    { name: numerator, kind: 'long' },
    { name: denominator, kind: 'long' },
    { name: unit === 'ms' ? `${base}_ms` : base, kind: 'double', quotient: { numerator, denominator } },
  ]
}

/** A row as an object of its columns, without quotients; columns without a value are left out. */
export const flatValues = (row: RowJson, generation: string): Record<string, unknown> => {
  const { family, measures, kpis, profileKpis, ...rest } = row
  const values: Record<string, unknown> = { generation }
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

/** A row as an object of these columns, with quotients: for what cannot work them out itself. */
export const columnValues = (
  row: Row,
  generation: string,
  columns: readonly FlatColumn[],
): Readonly<Record<string, unknown>> => {
  const values = flatValues(rowJson(row), generation)
  for (const { name, quotient } of columns) {
    if (quotient === undefined) continue
    const denominator = values[quotient.denominator] as number | undefined
    if (denominator) values[name] = (values[quotient.numerator] as number) / denominator
  }
  return values
}
