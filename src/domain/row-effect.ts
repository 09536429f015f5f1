import * as E from 'fp-ts/lib/Either.js'
import { parseFormula } from './formula.js'
import { MINUTE_MS } from './interval.js'
import type { Kpi, KpiUnit, Ratio } from './kpi.js'
import { metricKind, metricUnit } from './metric.js'
import type { FigureChange, KpiChange, RowChange } from './row-change.js'

/**
 * The effect of a change of a row: how many of the contacts it counts have another answer. By it changes of rows of
 * different sizes can be put in order: a service level that falls by ten points matters more with 400 contacts than
 * with 4.
 *
 * - A share moves `|new - old|` of the contacts it rests on (the larger denominator).
 * - Of another ratio (an average handle time) the part by which it differs counts: `|new - old| / max(|old|, |new|)`
 *   of its contacts.
 * - A ratio that has a value on one side only counts all contacts it rests on.
 * - A quantity and a figure count the difference.
 * - Time counts in minutes, where a ratio rests on it (occupancy) and where it is the figure.
 *
 * The effect of a row is the largest of its KPIs and figures: they are about the same contacts, and adding them up
 * would count a contact once for each KPI that it enters.
 */
export const rowEffect = ({ kpis, figures }: RowChange, definitions: KpiDefinitions): number => {
  let effect = 0
  for (const change of kpis) effect = Math.max(effect, kpiEffect(change, definitions.get(change.name)))
  for (const change of figures) effect = Math.max(effect, figureEffect(change))
  return effect
}

/** What an effect needs to know of a KPI: its unit, and whether what it divides by is time. */
export type KpiDefinition = Readonly<{ unit: KpiUnit; restsOnTime: boolean }>
export type KpiDefinitions = ReadonlyMap<string, KpiDefinition>

/** By name. Of several KPIs of one name the first counts. */
export const kpiDefinitions = (kpis: Iterable<Kpi>): KpiDefinitions => {
  const definitions = new Map<string, KpiDefinition>()
  for (const { name, unit, formula } of kpis)
    if (!definitions.has(name)) definitions.set(name, { unit, restsOnTime: restsOnTime(formula) })
  return definitions
}

const restsOnTime = (formula: string): boolean => {
  const parsed = parseFormula(formula)
  if (E.isLeft(parsed)) return false
  const { denominator } = parsed.right
  return denominator?.some(({ metric, statistic }) => statistic === 'sum' && metricUnit(metric) === 'ms') === true
}

export const kpiEffect = (change: KpiChange, definition: KpiDefinition | undefined): number => {
  const unit = definition?.unit ?? 'number'
  const [old, now] = [change.old, change.new]
  const isQuantity = (old ?? now)?.denominator === null
  if (isQuantity) {
    const difference = Math.abs((now?.numerator ?? 0) - (old?.numerator ?? 0))
    return unit === 'ms' ? difference / MINUTE_MS : difference
  }
  const weight = Math.max(Math.abs(old?.denominator ?? 0), Math.abs(now?.denominator ?? 0))
  const contacts = definition?.restsOnTime === true ? weight / MINUTE_MS : weight
  if (old === null || now === null) return contacts
  const [before, after] = [valueOf(old), valueOf(now)]
  const moved = unit === 'share' ? Math.abs(after - before) : partMoved(before, after)
  return rounded(moved * contacts)
}

/** Nine tenths less eight tenths of ten contacts are one, so that equal effects are equal. */
const rounded = (effect: number): number => Math.round(effect * 1e6) / 1e6

/** The value of a ratio; a quantity is its own. */
export const valueOf = ({ numerator, denominator }: Ratio): number =>
  denominator === null ? numerator : numerator / denominator

const partMoved = (before: number, after: number): number => {
  const most = Math.max(Math.abs(before), Math.abs(after))
  return most === 0 ? 0 : Math.abs(after - before) / most
}

/**
 * A figure of a metric that counts contacts: the difference of its count. What else changed of the metric (a sum, an
 * extreme, a quantile) concerns one contact at least, and not more can be told from it.
 */
const figureEffect = (change: FigureChange): number => {
  const difference = Math.abs((change.new ?? 0) - (change.old ?? 0))
  if (metricKind(change.metric) === 'state') return difference / MINUTE_MS
  return change.statistic === 'count' ? difference : 1
}
