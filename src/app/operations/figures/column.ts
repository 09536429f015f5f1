import { flatMeasuresOf, offsetsOf } from '../../../domain/flat-measures.js'
import { evaluate } from '../../../domain/formula.js'
import type { FamilyName } from '../../../domain/family.js'
import type { Ratio } from '../../../domain/kpi.js'
import { addMeasures, noMeasure, type Measure } from '../../../domain/measure.js'
import type { MetricName } from '../../../domain/metric.js'
import { namedKpisOf, statisticOf, type NamedKpi, type Statistic } from '../../../domain/named-kpi.js'
import type { Profile } from '../../../domain/profile.js'
import { measureIn, type Row } from '../../../domain/row.js'
import type { Rendering } from '../../../projections/settings.js'

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

/** A row and how it was rendered. */
export type Rendered = Readonly<{ row: Row; rendering: Rendering }>

/** The figure of one row, or of several rows together, by the formulas that rows themselves are rendered with. */
export const figureOf = ({ source }: FigureColumn, rows: readonly Rendered[]): FigureValue =>
  source.kind === 'kpi'
    ? joined(rows.flatMap((rendered) => termsOf(source.kpi, rendered) ?? []))
    : ofMeasure(
        rows.reduce((sum, { row }) => addMeasures(sum, measureIn(row, source.metric) ?? noMeasure), noMeasure),
        source.statistic,
      )

const joined = (ratios: readonly Ratio[]): FigureValue => {
  if (ratios.length === 0) return null
  const numerator = ratios.reduce((sum, ratio) => sum + ratio.numerator, 0)
  if (ratios.every(({ denominator }) => denominator === null)) return numerator
  return [numerator, ratios.reduce((sum, ratio) => sum + (ratio.denominator ?? 0), 0)]
}

/**
 * The terms of a KPI in a row. A row publishes no ratio where its denominator is 0, but its numerator counts all the
 * same once rows are added: of calls that were offered in one interval and abandoned in the next.
 */
const termsOf = (name: string, { row, rendering }: Rendered): Ratio | undefined => {
  const published = Object.hasOwn(row.kpis, name) ? row.kpis[name] : undefined
  if (published !== undefined) return published
  const kpi = rendering.kpis.find((each) => each.name === name)
  if (kpi === undefined || kpi.denominator === null) return undefined
  const { places, numbers } = flatMeasuresOf(row.measures)
  return { numerator: evaluate(kpi.numerator, offsetsOf(places), numbers), denominator: 0 }
}

const ofMeasure = (measure: Measure, statistic: Statistic): FigureValue => {
  if (measure.count === 0) return null
  return statistic === 'avg' ? [measure.sum, measure.count] : (statisticOf(measure, statistic) ?? null)
}
