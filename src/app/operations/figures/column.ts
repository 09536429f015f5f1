import type { FamilyName } from '../../../domain/family.js'
import type { Ratio } from '../../../domain/kpi.js'
import { kpiOf, type RowWithKpis } from '../../../domain/kpi-terms.js'
import { addMeasures, noMeasure, type Measure } from '../../../domain/measure.js'
import type { MetricName } from '../../../domain/metric.js'
import { namedKpisOf, statisticOf, type NamedKpi, type Statistic } from '../../../domain/named-kpi.js'
import type { Profile } from '../../../domain/profile.js'
import { measureIn } from '../../../domain/row.js'

/**
 * How figures of several rows become one: they are added, the smallest or largest is taken, the terms of a ratio are
 * added before they are divided. A quantile comes from the sum of sketches, which only the server has: figures alone
 * cannot be joined.
 */
export type Joining = 'sum' | 'min' | 'max' | 'ratio' | 'quantile'

type Source =
  Readonly<{ kind: 'statistic'; metric: MetricName; statistic: Statistic }> | Readonly<{ kind: 'kpi'; kpi: string }>

/** A figure of a family: `tAnswered.p90`, `serviceLevel`. */
export type FigureColumn = Readonly<{ name: string; joining: Joining; source: Source }>

/** The figure of one or several rows: a number, the two terms of a ratio, or null where nothing was counted. */
export type FigureValue = number | readonly [numerator: number, denominator: number] | null

/** A name without its family. */
export const figureName = ({ name, family }: Pick<NamedKpi, 'name' | 'family'>): string => name.slice(family.length + 1)

/** How the figure is joined over rows. */
export const joiningOf = (figure: NamedKpi): Joining => {
  const [, statistic] = figureName(figure).split('.')
  switch (statistic) {
    case undefined:
    case 'avg':
      return figure.formula.includes('/') ? 'ratio' : 'sum'
    case 'count':
    case 'sum':
      return 'sum'
    case 'min':
    case 'max':
      return statistic
    default:
      return 'quantile'
  }
}

/** The figures of a family by name, those of the profiles' own KPIs too. */
export const columnsByName = (family: FamilyName, profiles: readonly Profile[]): ReadonlyMap<string, FigureColumn> =>
  new Map(
    profiles
      .flatMap((profile) => namedKpisOf(profile, family))
      .map((figure) => {
        const name = figureName(figure)
        const [metric, statistic] = name.split('.')
        const source: Source =
          statistic === undefined
            ? { kind: 'kpi', kpi: name }
            : { kind: 'statistic', metric: metric as MetricName, statistic: statistic as Statistic }
        return [name, { name, joining: joiningOf(figure), source }]
      }),
  )

/** The figure of one row, or of several rows together, by the formulas that rows themselves are rendered with. */
export const figureOf = ({ source }: FigureColumn, rows: readonly RowWithKpis[]): FigureValue =>
  source.kind === 'kpi'
    ? ofKpi(kpiOf(source.kpi, rows))
    : ofMeasure(
        rows.reduce((sum, { row }) => addMeasures(sum, measureIn(row, source.metric) ?? noMeasure), noMeasure),
        source.statistic,
      )

const ofKpi = (ratio: Ratio | undefined): FigureValue => {
  if (ratio === undefined) return null
  return ratio.denominator === null ? ratio.numerator : [ratio.numerator, ratio.denominator]
}

const ofMeasure = (measure: Measure, statistic: Statistic): FigureValue => {
  if (measure.count === 0) return null
  return statistic === 'avg' ? [measure.sum, measure.count] : (statisticOf(measure, statistic) ?? null)
}
