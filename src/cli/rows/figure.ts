import { metricUnit, type MetricName } from '../../domain/metric.js'
import { statisticOf, type Statistic } from '../../domain/named-kpi.js'
import { isRight } from 'fp-ts/lib/Either.js'
import { parseFormula } from '../../domain/formula.js'
import type { Kpi, KpiUnit } from '../../domain/kpi.js'
import type { Measure } from '../../domain/measure.js'
import { measureIn, type Row } from '../../domain/row.js'
import { countText, durationText, percentText } from '../command/figures.js'

/** What a figure is made of; `denominator` is null where it is no quotient. */
export type Terms = Readonly<{ numerator: number; denominator: number | null }>

/**
 * A figure of a row. `combine` says how the figures of several rows become one: terms are added, never quotients;
 * `null`: they do not (quantiles).
 */
export type Figure = Readonly<{
  terms: (row: Row) => Terms | undefined
  combine: 'sum' | 'least' | 'greatest' | null
  text: (terms: Terms) => string
  /** Has it a denominator? */
  isQuotient: boolean
}>

/** The terms of several rows as one; `undefined` if there are none, or they do not become one. */
export const combined = ({ combine, terms }: Figure, rows: readonly Row[]): Terms | undefined => {
  if (combine === null) return undefined
  let all: Terms | undefined
  for (const row of rows) {
    const one = terms(row)
    if (one === undefined) continue
    all = all === undefined ? one : both[combine](all, one)
  }
  return all
}

const both = {
  sum: (a: Terms, b: Terms): Terms => ({
    numerator: a.numerator + b.numerator,
    denominator: a.denominator === null || b.denominator === null ? null : a.denominator + b.denominator,
  }),
  least: (a: Terms, b: Terms): Terms => (b.numerator < a.numerator ? b : a),
  greatest: (a: Terms, b: Terms): Terms => (b.numerator > a.numerator ? b : a),
} as const

/** Its value: the quotient, or the number. `undefined` where the denominator is 0. */
export const valueOf = ({ numerator, denominator }: Terms): number | undefined =>
  denominator === null ? numerator : denominator === 0 ? undefined : numerator / denominator

const plain = (numerator: number): Terms => ({ numerator, denominator: null })
const valueText =
  (text: (value: number) => string) =>
  (terms: Terms): string => {
    const value = valueOf(terms)
    return value === undefined ? '' : text(value)
  }

/** How values of a unit are written for people. */
const texts: Readonly<Record<KpiUnit, (terms: Terms) => string>> = {
  share: ({ numerator, denominator }) => percentText(numerator, denominator ?? 1),
  ms: valueText(durationText),
  count: valueText(countText),
  number: valueText(countText),
}

export const kpiFigure = ({ name, unit, formula }: Kpi): Figure => {
  const parsed = parseFormula(formula)
  return {
    terms: (row) => row.kpis[name],
    combine: 'sum',
    text: texts[unit],
    isQuotient: isRight(parsed) && parsed.right.denominator !== null,
  }
}

export const measureFigure = (metric: MetricName, statistic: Statistic): Figure => ({
  terms: (row) => {
    const measure = measureIn(row, metric)
    return measure === undefined || measure.count === 0 ? undefined : termsOf(measure, statistic)
  },
  combine: combines[statistic],
  text: texts[statistic === 'count' ? 'count' : metricUnit(metric)],
  isQuotient: statistic === 'avg',
})

const termsOf = (measure: Measure, statistic: Statistic): Terms | undefined => {
  if (statistic === 'avg') return { numerator: measure.sum, denominator: measure.count }
  const value = statisticOf(measure, statistic)
  return value === undefined ? undefined : plain(value)
}

const combines: Readonly<Record<Statistic, Figure['combine']>> = {
  ...({ count: 'sum', sum: 'sum', avg: 'sum', min: 'least', max: 'greatest' } as const),
  ...({ p50: null, p90: null, p95: null, p99: null } as const),
}

/** The sum of several metrics, of those that the row has. */
export const timeFigure = (metrics: readonly MetricName[]): Figure => ({
  terms: (row) => {
    const present = metrics.flatMap((metric) => measureIn(row, metric) ?? [])
    return present.length === 0 ? undefined : plain(present.reduce((sum, { sum: own }) => sum + own, 0))
  },
  combine: 'sum',
  text: texts.ms,
  isQuotient: false,
})
