import { families } from '../../../domain/family.js'
import type { KpiUnit, Ratio } from '../../../domain/kpi.js'
import { statisticOf } from '../../../domain/named-kpi.js'
import { measureIn, isEmptyRow, type Row } from '../../../domain/row.js'
import { valueOf } from '../../../domain/row-effect.js'
import type { ExpectedKpi, Expectation, StatisticName } from './expectation.js'

/** What a row has otherwise than it was expected. `actual` null: nothing. */
export type Difference = Readonly<{ what: string; expected: string; actual: string | null }>

/**
 * `missing`: no row matches; `near` are rows of the family that are there. `ambiguous`: several match. `unexpected`: the
 * row should be absent.
 */
export type Mismatch =
  | Readonly<{ kind: 'missing'; near: readonly string[] }>
  | Readonly<{ kind: 'ambiguous'; rows: readonly string[] }>
  | Readonly<{ kind: 'unexpected'; row: Row }>
  | Readonly<{ kind: 'different'; row: Row; differences: readonly Difference[] }>

/** Rows told of a family, where the expected one is not there. */
const NEAR_MAX = 8

/** `undefined` if the rows hold what is expected. */
export const mismatchOf = (rows: readonly Row[], expectation: Expectation): Mismatch | undefined => {
  const { family, granularity, start, dimensions, absent } = expectation
  const ofFamily = rows.filter((row) => row.family === family && !isEmptyRow(row))
  const matching = ofFamily.filter(
    (row) =>
      row.granularity === granularity &&
      row.start === start &&
      dimensions.every(({ place, value }) => (row.dimensions[place] ?? null) === value),
  )
  const [row] = matching
  if (absent) return row === undefined ? undefined : { kind: 'unexpected', row }
  if (row === undefined) return { kind: 'missing', near: ofFamily.slice(0, NEAR_MAX).map(rowName) }
  if (matching.length > 1) return { kind: 'ambiguous', rows: matching.slice(0, NEAR_MAX).map(rowName) }
  const differences = differencesOf(row, expectation)
  return differences.length === 0 ? undefined : { kind: 'different', row, differences }
}

/** A row as a test names it. */
export const rowName = ({ family, dimensions, granularity, start }: Row): string => {
  const told = families[family].dimensions.flatMap((name, place) => {
    const value = dimensions[place] ?? null
    return value === null ? [] : [`${name} ${value}`]
  })
  return [family, ...told, granularity, new Date(start).toISOString()].join(' ')
}

const differencesOf = (row: Row, { measures, kpis, status, serviceTarget }: Expectation): readonly Difference[] => {
  const differences: Difference[] = []
  const differ = (what: string, expected: string, actual: string | null): void =>
    void differences.push({ what, expected, actual })
  for (const [metric, expected] of measures) {
    const measure = measureIn(row, metric)
    const isThere = measure !== undefined && measure.count !== 0
    if (expected === null) {
      if (isThere) differ(metric, 'none', `count ${measure.count}, sum ${measure.sum}`)
      continue
    }
    for (const [statistic, value] of Object.entries(expected) as [StatisticName, number][]) {
      const actual = isThere ? statisticOf(measure, statistic) : undefined
      // What was never emitted was emitted 0 times.
      const isNone = actual === undefined && value === 0 && (statistic === 'count' || statistic === 'sum')
      if (actual !== value && !isNone)
        differ(`${metric}.${statistic}`, String(value), actual === undefined ? null : String(actual))
    }
  }
  for (const [name, { expected, unit }] of kpis) {
    const actual = Object.hasOwn(row.kpis, name) ? (row.kpis[name] ?? null) : null
    if (!kpiIs(actual, expected)) differ(name, expectedText(expected), actual === null ? null : ratioText(actual, unit))
  }
  if (status !== undefined && row.status !== status) differ('status', status, row.status)
  if (serviceTarget !== undefined && row.serviceTarget !== serviceTarget)
    differ('serviceTarget', String(serviceTarget), row.serviceTarget === null ? null : String(row.serviceTarget))
  return differences
}

/** Quotients that are written as decimals are equal to within the rounding of numbers. */
const CLOSE = 1e-9

const kpiIs = (actual: Ratio | null, expected: ExpectedKpi): boolean => {
  if (actual === null || expected === null) return actual === expected
  switch (expected.kind) {
    case 'terms':
      return actual.numerator === expected.numerator && actual.denominator === expected.denominator
    case 'value':
      return Math.abs(valueOf(actual) - expected.value) <= CLOSE * Math.max(1, Math.abs(expected.value))
    case 'percentage':
      return (100 * valueOf(actual)).toFixed(expected.digits) === expected.percent.toFixed(expected.digits)
  }
}

const expectedText = (expected: ExpectedKpi): string => {
  if (expected === null) return 'no value'
  if (expected.kind === 'value') return String(expected.value)
  if (expected.kind === 'percentage') return `${expected.percent.toFixed(expected.digits)} %`
  return expected.denominator === null ? String(expected.numerator) : `${expected.numerator}/${expected.denominator}`
}

const ratioText = (ratio: Ratio, unit: KpiUnit): string => {
  if (ratio.denominator === null) return String(ratio.numerator)
  const value = valueOf(ratio)
  return `${unit === 'share' ? `${Math.round(value * 1e6) / 1e4} %` : String(Math.round(value * 1e6) / 1e6)} (${ratio.numerator}/${ratio.denominator})`
}
