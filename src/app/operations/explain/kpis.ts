import * as E from 'fp-ts/lib/Either.js'
import { parseFormula, type Options } from '../../../domain/formula.js'
import type { Ratio } from '../../../domain/kpi.js'
import { metricDoc, type MetricName } from '../../../domain/metric.js'
import { namedKpisOf, type NamedKpi } from '../../../domain/named-kpi.js'
import { nearNames } from '../../../domain/near-names.js'
import type { Profile } from '../../../domain/profile.js'
import { measureIn, type Row } from '../../../domain/row.js'
import { quantile } from '../../../domain/sketch.js'
import type { AddedUp } from './added-up.js'
import type { ExplainedKpi, ExplainedMeasure } from './explanation.js'
import { NotExplained } from './not-explained.js'

/** What tWait and tShortAbandon are made of. */
const derivedFrom: Readonly<Partial<Record<MetricName, readonly MetricName[]>>> = {
  tWait: ['tAnswered', 'tAbandon', 'tFlowOut', 'tCfcAnswered', 'tCfcAbandon', 'tCfcFlowOut'],
  tShortAbandon: ['tAbandon'],
}

/** The metrics whose points make up another; of most metrics it is the metric alone. */
export const partsOf = (metric: MetricName): readonly MetricName[] => derivedFrom[metric] ?? [metric]

/** A name after its family: `serviceLevel`, `tAnswered.avg`. */
const shortName = ({ name, family }: NamedKpi): string => name.slice(family.length + 1)

/**
 * The figures of a family that are asked for: by default its KPIs, those of the profile too; by the name of a KPI, of a
 * statistic (`tAnswered.p90`) or of a metric (all its statistics). Throws `NotExplained` for a name that is none.
 */
export const figuresOf = (family: Row['family'], profile: Profile, wanted: string | undefined): readonly NamedKpi[] => {
  const all = namedKpisOf({ ...profile, families: [family] }, family).filter(({ isOn }) => isOn)
  if (wanted === undefined) return all.filter((one) => !shortName(one).includes('.'))
  const found = all.filter((one) => shortName(one) === wanted || shortName(one).startsWith(`${wanted}.`))
  if (found.length > 0) return found
  const near = nearNames(wanted, [...all.map(shortName), ...all.flatMap(({ metrics }) => metrics)])
  throw new NotExplained(
    `rows of family ${family} have no KPI ${wanted}${near.length === 0 ? '; `streamvane kpis` lists them' : `; did you mean ${near.join(' or ')}?`}`,
  )
}

/** A figure with the values of a row put into its formula. */
export const explainKpi = (figure: NamedKpi, { measures, kpis }: AddedUp, options: Options): ExplainedKpi => {
  const name = shortName(figure)
  const { unit, doc, formula } = figure
  const valued = formula
    .replaceAll(/\b([a-z]\w*)\.(count|sum|min|max)\b/g, (_, metric: string, statistic: Statistic) =>
      String(measureIn({ measures }, metric as MetricName)?.[statistic] ?? 0),
    )
    .replaceAll(/\b[a-z]\w*\b/gi, (word) => (word in options ? String(options[word as keyof Options]) : word))
  const ratio = Object.hasOwn(kpis, name) ? kpis[name] : statisticOf(name, measures)
  if (ratio === undefined)
    return { ...{ name, unit, doc, formula, withValues: valued }, ...noValue, why: whyNone(figure, { measures, kpis }) }
  const { numerator, denominator } = ratio
  const value = denominator === null ? numerator : numerator / denominator
  return { ...{ name, unit, doc, formula, withValues: valued, numerator, denominator, value }, why: null }
}

type Statistic = 'count' | 'sum' | 'min' | 'max'
const noValue = { numerator: null, denominator: null, value: null } as const

/** A statistic of one metric as the terms of a ratio. */
const statisticOf = (name: string, measures: Row['measures']): Ratio | undefined => {
  const [metric, statistic = ''] = name.split('.')
  const measure = measureIn({ measures }, metric as MetricName)
  if (measure === undefined || measure.count === 0) return undefined
  if (statistic === 'avg') return { numerator: measure.sum, denominator: measure.count }
  const share = /^p(\d+)$/.exec(statistic)?.[1]
  if (share === undefined) return { numerator: measure[statistic as Statistic], denominator: null }
  const value = quantile(measure.sketch, Number(share) / 100, measure.min, measure.max)
  return value === undefined ? undefined : { numerator: value, denominator: null }
}

const whyNone = ({ metrics, formula }: NamedKpi, { measures }: AddedUp): string => {
  const absent = metrics.filter((metric) => (measureIn({ measures }, metric)?.count ?? 0) === 0)
  const parsed = parseFormula(formula)
  const isRatio = E.isRight(parsed) && parsed.right.denominator !== null
  const what = absent.length === 0 ? '' : `nothing was counted of ${absent.join(', ')}`
  return isRatio ? `what it divides by is 0${what === '' ? '' : `: ${what}`}` : what
}

/** The metrics that a figure is made of, those behind derived ones too. */
export const metricsBehind = (figures: readonly NamedKpi[]): ReadonlySet<MetricName> =>
  new Set(figures.flatMap(({ metrics }) => metrics.flatMap((metric) => [metric, ...partsOf(metric)])))

export const explainMeasures = ({ measures }: AddedUp, names: readonly MetricName[]): readonly ExplainedMeasure[] =>
  names.flatMap((metric): readonly ExplainedMeasure[] => {
    const measure = measureIn({ measures }, metric)
    if (measure === undefined || measure.count === 0) return []
    const { count, sum, min, max } = measure
    const from = (derivedFrom[metric] ?? []).filter((part) => (measureIn({ measures }, part)?.count ?? 0) > 0)
    return [{ metric, doc: metricDoc(metric), count, sum, min, max, from }]
  })
