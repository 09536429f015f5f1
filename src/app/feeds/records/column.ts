import * as E from '../../../domain/either.js'
import type { Dimension } from '../../../domain/dimensions.js'
import { families, type FamilyName } from '../../../domain/family.js'
import { parseFormula, type Linear } from '../../../domain/formula.js'
import { builtInKpis, metricsOf, type Kpi, type KpiUnit } from '../../../domain/kpi.js'
import { isMetricName, metricUnit, type MetricName } from '../../../domain/metric.js'
import { statisticsOf, type Statistic } from '../../../domain/named-kpi.js'
import { instantFormats, durationFormats, isInstantPattern, shareFormats } from '../../config/feeds/column-schema.js'
import type { ColumnSettings } from '../../config/feeds/column-schema.js'

/** Where a column takes its value from. */
export type ColumnSource =
  | Readonly<{ kind: 'instant'; of: 'start' | 'end' }>
  /** Length in minutes; or the number of the interval within its local day, from 1. */
  | Readonly<{ kind: 'interval'; of: 'minutes' | 'ordinal' }>
  | Readonly<{ kind: 'dimension'; dimension: Dimension; isName: boolean }>
  | Readonly<{ kind: 'measure'; metric: MetricName; statistic: Statistic }>
  | Readonly<{ kind: 'kpi'; name: string }>
  | Readonly<{ kind: 'formula'; numerator: Linear; denominator: Linear | null }>
  | Readonly<{ kind: 'constant'; value: string | number }>
  | Readonly<{ kind: 'status' | 'correction' | 'feed' | 'delivery' }>

export type ColumnUnit = KpiUnit | 'instant' | 'text'

/** A column that was checked. `where`: only these rows of a record count in it. */
export type Column = Readonly<{
  name: string
  source: ColumnSource
  unit: ColumnUnit
  /** Counts only. */
  isWhole: boolean
  where: Readonly<Partial<Record<Dimension, readonly string[]>>>
  format: string | undefined
  digits: number | undefined
  doc: string | undefined
}>

type Found = Readonly<{ source: ColumnSource; unit: ColumnUnit; isWhole?: boolean }>

/** What a column may say: dimensions of the records, the family, and the KPIs of the profile beside the built-in ones. */
export type ColumnScope = Readonly<{ family: FamilyName; by: readonly Dimension[]; profileKpis: readonly Kpi[] }>

/** Checks a column. The left says what is wrong with it. */
export const columnOf = (settings: ColumnSettings, scope: ColumnScope): E.Either<string, Column> => {
  const found = sourceOf(settings, scope)
  if (E.isLeft(found)) return found
  const { source, unit, isWhole = false } = found.right
  const { name, format, digits, doc, where } = settings
  const fault = formatFault(unit, format) ?? whereFault(source, where, scope)
  return fault === undefined
    ? E.right({ ...{ name, source, unit, isWhole, format, digits, doc }, where: where ?? {} })
    : E.left(fault)
}

const sourceOf = (
  { value, formula, constant, unit = 'number' }: ColumnSettings,
  scope: ColumnScope,
): E.Either<string, Found> => {
  if (constant !== undefined)
    return E.right({
      source: { kind: 'constant', value: constant },
      unit: typeof constant === 'number' ? 'number' : 'text',
    })
  if (formula !== undefined) return formulaOf(formula, unit, scope)
  return valueOf(value ?? '', scope)
}

const formulaOf = (text: string, unit: KpiUnit, { family }: ColumnScope): E.Either<string, Found> => {
  const parsed = parseFormula(text)
  if (E.isLeft(parsed)) return E.left(`formula: ${parsed.left}`)
  const { numerator, denominator } = parsed.right
  const terms = [...numerator, ...(denominator ?? [])]
  if (terms.some(({ options }) => options.length > 0))
    return E.left('formula: options belong to the profile; define a KPI there (profile.kpis) and name it as value')
  const absent = metricsOf(parsed.right).find((metric) => !families[family].metrics.includes(metric))
  if (absent !== undefined) return E.left(`formula: rows of ${family} do not carry ${absent}`)
  return E.right({ source: { kind: 'formula', numerator, denominator }, unit })
}

const fixed: Readonly<Record<string, Found>> = {
  'interval.start': { source: { kind: 'instant', of: 'start' }, unit: 'instant' },
  'interval.end': { source: { kind: 'instant', of: 'end' }, unit: 'instant' },
  'interval.minutes': { source: { kind: 'interval', of: 'minutes' }, unit: 'count', isWhole: true },
  'interval.ordinal': { source: { kind: 'interval', of: 'ordinal' }, unit: 'count', isWhole: true },
  status: { source: { kind: 'status' }, unit: 'text' },
  correction: { source: { kind: 'correction' }, unit: 'text' },
  feed: { source: { kind: 'feed' }, unit: 'text' },
  delivery: { source: { kind: 'delivery' }, unit: 'count', isWhole: true },
}

const valueOf = (value: string, { family, by, profileKpis }: ColumnScope): E.Either<string, Found> => {
  if (Object.hasOwn(fixed, value)) return E.right(fixed[value] as Found)
  const [head = '', tail, ...more] = value.split('.')
  if ((by as readonly string[]).includes(head) && more.length === 0 && (tail === undefined || tail === 'name'))
    return E.right({
      source: { kind: 'dimension', dimension: head as Dimension, isName: tail === 'name' },
      unit: 'text',
    })
  if ((families[family].dimensions as readonly string[]).includes(head))
    return E.left(`rows are added up over ${head}: name it in by, or leave the column out`)
  const kpi = [...builtInKpis, ...profileKpis].find(({ name }) => name === value)
  if (kpi !== undefined)
    return kpi.families.includes(family)
      ? E.right({ source: { kind: 'kpi', name: kpi.name }, unit: kpi.unit })
      : E.left(`rows of ${family} do not carry the KPI ${value}`)
  if (!isMetricName(head))
    return E.left(
      `there is no value ${value}; there are interval.start, interval.end, interval.minutes, interval.ordinal, status, correction, feed, delivery, ${by.join(', ')} (and .name behind them), metrics as nOffered.count and KPIs as serviceLevel (streamvane kpis list)`,
    )
  if (!families[family].metrics.includes(head)) return E.left(`rows of ${family} do not carry ${head}`)
  const statistic = statisticsOf(head).find((each) => each === tail)
  if (statistic === undefined || more.length > 0)
    return E.left(`say which statistic of ${head}: ${statisticsOf(head).join(', ')}`)
  return E.right({
    source: { kind: 'measure', metric: head, statistic },
    unit: statistic === 'count' ? 'count' : metricUnit(head),
    isWhole: statistic === 'count',
  })
}

const formatFault = (unit: ColumnUnit, format: string | undefined): string | undefined => {
  if (format === undefined) return undefined
  const allowed: readonly string[] =
    unit === 'ms' ? durationFormats : unit === 'share' ? shareFormats : unit === 'instant' ? instantFormats : []
  if (allowed.includes(format) || (unit === 'instant' && isInstantPattern(format))) return undefined
  return allowed.length === 0
    ? `format: there is none for ${unit === 'text' ? 'texts' : 'numbers'}; digits says how many decimals are written`
    : `format: there is no ${format}; there are ${allowed.join(', ')}${unit === 'instant' ? ', and patterns such as dd.MM.yyyy HH:mm' : ''}`
}

const whereFault = (
  source: ColumnSource,
  where: ColumnSettings['where'],
  { family }: ColumnScope,
): string | undefined => {
  if (where === undefined) return undefined
  if (source.kind !== 'measure' && source.kind !== 'kpi' && source.kind !== 'formula')
    return 'where: only figures can be counted of some rows alone'
  const unknown = Object.keys(where).find((name) => !(families[family].dimensions as readonly string[]).includes(name))
  return unknown === undefined
    ? undefined
    : `where: rows of ${family} have no ${unknown}; they have ${families[family].dimensions.join(', ')}`
}
