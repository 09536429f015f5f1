import { families, familyNames, type FamilyName } from '../../../domain/family.js'
import { isMultiValued } from '../../../domain/dimensions.js'
import { granularities, type Granularity } from '../../../domain/granularity.js'
import type { Ratio } from '../../../domain/kpi.js'
import { isEmptyRow, type Row } from '../../../domain/row.js'
import { changeOf, type RowChange } from '../../../domain/row-change.js'
import { rowEffect, type KpiDefinitions } from '../../../domain/row-effect.js'

/** Rows by their keys. */
export type RowsByKey = ReadonlyMap<string, Row>

export type RatedChange = RowChange & Readonly<{ effect: number }>

/**
 * A KPI over all rows of a family and granularity, changed ones and others: the sums of its terms. null: no row has a
 * value. `rows`: how many rows have another value.
 */
export type KpiTotal = Readonly<{ name: string; old: Ratio | null; new: Ratio | null; rows: number }>

/** How the rows of a family and granularity fare. Rows that hold nothing are not counted. */
export type FamilyTotal = Readonly<{
  family: FamilyName
  granularity: Granularity
  rows: Readonly<{ same: number; changed: number; added: number; removed: number }>
  /** A contact may count in several of its rows (skills, divisions), so that the totals are higher than what happened. */
  overlaps: boolean
  kpis: readonly KpiTotal[]
}>

/** `changes` with the largest effect first. */
export type RowDiff = Readonly<{ changes: readonly RatedChange[]; totals: readonly FamilyTotal[] }>

/** Compares two sets of rows, key by key. */
export const diffRows = (before: RowsByKey, after: RowsByKey, definitions: KpiDefinitions): RowDiff => {
  const changes: RatedChange[] = []
  const totals = new Map<string, Total>()
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(key), after.get(key)]
    const change = changeOf(old, now)
    const row = (now ?? old) as Row
    const place = `${row.family} ${row.granularity}`
    let total = totals.get(place)
    if (total === undefined) totals.set(place, (total = new Total(row.family, row.granularity)))
    total.add(old, now, change)
    if (change !== undefined) changes.push({ ...change, effect: rowEffect(change, definitions) })
  }
  return {
    changes: changes.sort(byEffect),
    totals: [...totals.values()].map((total) => total.told()).sort(byFamily),
  }
}

/** The largest effect first; of equal ones the earlier interval, then the smaller key. */
const byEffect = (a: RatedChange, b: RatedChange): number =>
  b.effect - a.effect || a.row.start - b.row.start || (a.row.key < b.row.key ? -1 : 1)

const byFamily = (a: FamilyTotal, b: FamilyTotal): number =>
  familyNames.indexOf(a.family) - familyNames.indexOf(b.family) ||
  granularities.indexOf(a.granularity) - granularities.indexOf(b.granularity)

type Sum = { numerator: number; denominator: number | null }

/** Adds up the rows of a family and granularity. */
class Total {
  readonly #family: FamilyName
  readonly #granularity: Granularity
  readonly #rows = { same: 0, changed: 0, added: 0, removed: 0 }
  readonly #old = new Map<string, Sum>()
  readonly #new = new Map<string, Sum>()
  readonly #changed = new Map<string, number>()

  constructor(family: FamilyName, granularity: Granularity) {
    this.#family = family
    this.#granularity = granularity
  }

  add(old: Row | undefined, now: Row | undefined, change: RowChange | undefined): void {
    if (change !== undefined) this.#rows[change.kind] += 1
    else if (now !== undefined && !isEmptyRow(now)) this.#rows.same += 1
    addTo(this.#old, old)
    addTo(this.#new, now)
    for (const { name } of change?.kpis ?? []) this.#changed.set(name, (this.#changed.get(name) ?? 0) + 1)
  }

  told(): FamilyTotal {
    const names = [...new Set([...this.#old.keys(), ...this.#new.keys()])]
    return {
      family: this.#family,
      granularity: this.#granularity,
      rows: { ...this.#rows },
      overlaps: families[this.#family].dimensions.some(isMultiValued),
      kpis: names.map((name) => ({
        name,
        old: ratioOf(this.#old.get(name)),
        new: ratioOf(this.#new.get(name)),
        rows: this.#changed.get(name) ?? 0,
      })),
    }
  }
}

const addTo = (sums: Map<string, Sum>, row: Row | undefined): void => {
  for (const [name, { numerator, denominator }] of Object.entries(row?.kpis ?? {})) {
    const sum = sums.get(name)
    if (sum === undefined) sums.set(name, { numerator, denominator })
    else {
      sum.numerator += numerator
      sum.denominator = denominator === null ? null : (sum.denominator ?? 0) + denominator
    }
  }
}

const ratioOf = (sum: Sum | undefined): Ratio | null =>
  sum === undefined ? null : { numerator: sum.numerator, denominator: sum.denominator }
