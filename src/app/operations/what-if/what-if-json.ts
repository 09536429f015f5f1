import type { Dimension } from '../../../domain/dimensions.js'
import { families, type FamilyName } from '../../../domain/family.js'
import type { Granularity } from '../../../domain/granularity.js'
import type { KpiUnit, Ratio } from '../../../domain/kpi.js'
import { kpiEffect, type KpiDefinitions } from '../../../domain/row-effect.js'
import type { Because } from './because.js'
import type { FamilyTotal, RatedChange } from './row-diff.js'
import type { SupposedValue } from './supposed-values.js'
import type { WhatIf } from './what-if.js'

/** A ratio as in the JSON of rows: a quantity has no denominator. */
type RatioJson = Readonly<{ numerator: number; denominator?: number }>

/** A change of a row for programs. Instants are ISO 8601 in UTC, times in milliseconds. */
export type RowChangeJson = Readonly<{
  kind: RatedChange['kind']
  because?: Because
  effect: number
  family: FamilyName
  key: string
  dimensions: Readonly<Partial<Record<Dimension, string>>>
  granularity: Granularity
  intervalStart: string
  intervalEnd: string
  kpis: readonly Readonly<{
    name: string
    unit: KpiUnit
    effect: number
    old: RatioJson | null
    new: RatioJson | null
  }>[]
  /** Of measures: `nOverSla.count`, `tAnswered.sum`. */
  figures: readonly Readonly<{ name: string; old: number | null; new: number | null }>[]
  serviceTarget?: Readonly<{ old: number | null; new: number | null }>
}>

export type WhatIfJson = Readonly<{
  tenant: string
  generation: string
  from?: string
  to?: string
  /** The last event of the raw log that counts. */
  through: string
  supposed: readonly SupposedValue[]
  totals: readonly (Omit<FamilyTotal, 'kpis'> & {
    kpis: readonly Readonly<{
      name: string
      unit: KpiUnit
      rows: number
      old: RatioJson | null
      new: RatioJson | null
    }>[]
  })[]
  changes: readonly RowChangeJson[]
  notDueToIt: readonly RowChangeJson[]
  hints: readonly string[]
  queues: Readonly<Record<string, string>>
}>

/** The answer for programs. */
export const whatIfJson = (answer: WhatIf): WhatIfJson => {
  const { tenant, generation, scope, through, supposed, totals, changes, notDueToIt, hints, definitions, queues } =
    answer
  return {
    ...{ tenant, generation },
    ...(scope.from === undefined ? {} : { from: iso(scope.from) }),
    ...(scope.to === undefined ? {} : { to: iso(scope.to) }),
    through: String(through),
    supposed,
    totals: totals.map((total) => ({
      ...total,
      kpis: total.kpis.map(({ name, rows, old, new: now }) => ({
        ...{ name, unit: unitOf(definitions, name), rows },
        ...{ old: ratioJson(old), new: ratioJson(now) },
      })),
    })),
    changes: changes.map((change) => changeJson(change, definitions, change.because)),
    notDueToIt: notDueToIt.map((change) => changeJson(change, definitions)),
    hints,
    queues: Object.fromEntries(queues),
  }
}

const changeJson = (change: RatedChange, definitions: KpiDefinitions, because?: Because | null): RowChangeJson => {
  const { kind, effect, row, kpis, figures, serviceTarget } = change
  const dimensions: Partial<Record<Dimension, string>> = {}
  families[row.family].dimensions.forEach((name, place) => {
    const value = row.dimensions[place]
    if (value !== null && value !== undefined) dimensions[name] = value
  })
  return {
    kind,
    ...(because === null || because === undefined ? {} : { because }),
    ...{ effect, family: row.family, key: row.key, dimensions, granularity: row.granularity },
    ...{ intervalStart: iso(row.start), intervalEnd: iso(row.end) },
    kpis: kpis.map((kpi) => ({
      ...{ name: kpi.name, unit: unitOf(definitions, kpi.name), effect: kpiEffect(kpi, definitions.get(kpi.name)) },
      ...{ old: ratioJson(kpi.old), new: ratioJson(kpi.new) },
    })),
    figures: figures.map(({ metric, statistic, old, new: now }) => ({ name: `${metric}.${statistic}`, old, new: now })),
    ...(serviceTarget === null ? {} : { serviceTarget }),
  }
}

const unitOf = (definitions: KpiDefinitions, name: string): KpiUnit => definitions.get(name)?.unit ?? 'number'

const ratioJson = (ratio: Ratio | null): RatioJson | null =>
  ratio === null
    ? null
    : ratio.denominator === null
      ? { numerator: ratio.numerator }
      : { numerator: ratio.numerator, denominator: ratio.denominator }

const iso = (at: number): string => new Date(at).toISOString()
