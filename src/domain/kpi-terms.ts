import { flatMeasuresOf, offsetsOf } from './flat-measures.js'
import { evaluate } from './formula.js'
import type { CompiledKpis, Ratio } from './kpi.js'
import type { Row } from './row.js'

/** A row and the KPIs that it was rendered with. */
export type RowWithKpis = Readonly<{ row: Row; kpis: CompiledKpis }>

/**
 * A KPI of several rows together: the terms are added before they are divided. `undefined` where no row has it; the
 * denominator is null for a quantity, and 0 where nothing can be divided.
 */
export const kpiOf = (name: string, rows: Iterable<RowWithKpis>): Ratio | undefined => {
  let sum: Ratio | undefined
  for (const each of rows) {
    const terms = termsOf(name, each)
    if (terms === undefined) continue
    const numerator = (sum?.numerator ?? 0) + terms.numerator
    const below = [sum?.denominator ?? null, terms.denominator]
    sum = {
      numerator,
      denominator: below.every((one) => one === null) ? null : below.reduce<number>((all, one) => all + (one ?? 0), 0),
    }
  }
  return sum
}

/**
 * The terms of a KPI in a row. A row publishes no ratio where its denominator is 0, but its numerator counts all the
 * same once rows are added: of calls that were offered in one interval and abandoned in the next.
 */
const termsOf = (name: string, { row, kpis }: RowWithKpis): Ratio | undefined => {
  const published = Object.hasOwn(row.kpis, name) ? row.kpis[name] : undefined
  if (published !== undefined) return published
  const kpi = kpis.find((each) => each.name === name)
  if (kpi === undefined || kpi.denominator === null) return undefined
  const { places, numbers } = flatMeasuresOf(row.measures)
  return { numerator: evaluate(kpi.numerator, offsetsOf(places), numbers), denominator: 0 }
}
