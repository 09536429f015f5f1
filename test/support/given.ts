import { expect } from 'vitest'
import type { Fact } from '../../src/domain/fact.js'
import { splits } from '../../src/domain/dimensions.js'
import { families } from '../../src/domain/family.js'
import { metricKind, metricNames } from '../../src/domain/metric.js'
import { defaultProfile, type Profile } from '../../src/domain/profile.js'
import { rowKey, valueText, type Row } from '../../src/domain/row.js'
import { KpiProjection } from '../../src/projections/kpi-projection.js'
import type { ProjectionOptions } from '../../src/projections/projection-options.js'
import type { Refusal } from '../../src/projections/lateness.js'
import { rowsIn } from './kpi-events.js'

const TEST_DAY = '2026-01-05'
const derived: ReadonlySet<string> = new Set(['tWait', 'tShortAbandon'])

/**
 * A row in one line: `queue sales voice 10:00 final 3: nOffered 2, tAnswered 2x30000 (10000..20000)`. Durations are in
 * ms; a single one is told without its count. A missing dimension is `-`; another day than the test day and a longer
 * interval than a quarter of an hour are named. Metrics that are derived from others are left out. Rendered here and
 * not by the product, so that a test does not lean on what it tests.
 */
export const lineOf = (row: Row): string => `${placeOf(row)} ${row.status} ${row.revision}: ${figuresOf(row)}`

/** What a row says, whenever it said so: its line without status and revision. */
export const sayingOf = (row: Row): string => `${placeOf(row)}: ${figuresOf(row)}`

const placeOf = (row: Row): string => {
  // The splits come last, and are told only where the profile asks for them.
  const { dimensions: names } = families[row.family]
  const told = row.dimensions.filter(
    (value, index) => value !== null || !(splits as readonly string[]).includes(names[index] ?? ''),
  )
  const dimensions = told.map((value) => value ?? '-').join(' ')
  const start = new Date(row.start).toISOString()
  const time = start.startsWith(TEST_DAY) ? start.slice(11, 16) : start.slice(0, 16)
  const length = row.granularity === 'PT15M' ? '' : ` ${row.granularity}`
  return `${row.family} ${dimensions} ${time}${length}`
}

const figuresOf = (row: Row): string => {
  const measures = row.measures.flatMap((measure, index) => {
    const metric = metricNames[index]
    if (metric === undefined || measure === undefined || derived.has(metric)) return []
    const { count, sum, min, max } = measure
    if (metricKind(metric) === 'count') return [`${metric} ${count}`]
    if (metricKind(metric) === 'state' || (count === 1 && min === sum && max === sum)) return [`${metric} ${sum}`]
    return [`${metric} ${count}x${sum} (${min}..${max})`]
  })
  return measures.join(', ')
}

export type Story = Readonly<{
  /** These facts come in, one after the other. */
  facts: (...facts: readonly Fact[]) => Story
  then: (...facts: readonly Fact[]) => Story
  /** Since the last look exactly these rows were changed. */
  emits: (...lines: readonly string[]) => Story
  emitsNothing: () => Story
  /** Of the rows changed since the last look, those of one family. */
  emitsIn: (family: Row['family'], ...lines: readonly string[]) => Story
  /** The fact is not folded, for this reason and with words that say this. */
  refuses: (fact: Fact, reason: Refusal['reason'], words: RegExp) => Story
  /** From here on what is too late is refused. */
  endHistory: () => Story
  /** The rows changed since the last look. */
  look: () => readonly Row[]
  /** Of the rows changed since the last look, the only one. */
  lookAtOne: () => Row
}>

/** A fold of facts under a profile (the default one with `overrides`). */
export const given = (overrides: Partial<Profile> = {}, options: ProjectionOptions = {}): Story => {
  const fold = new KpiProjection('acme', { ...defaultProfile, ...overrides }, options)
  const apply = (...facts: readonly Fact[]): Story => {
    for (const fact of facts) expect(fold.apply(fact)).toBeUndefined()
    return story
  }
  const refuses: Story['refuses'] = (fact, reason, words) => {
    const refusal = fold.apply(fact)
    expect(refusal?.reason).toBe(reason)
    expect(refusal?.detail).toMatch(words)
    return story
  }
  const endHistory = (): Story => {
    fold.endHistory()
    return story
  }
  const lookAtOne = (): Row => {
    const rows = rowsIn(fold.drainEvents())
    expect(rows.map(lineOf)).toHaveLength(1)
    return rows[0] as Row
  }
  const emits = (...lines: readonly string[]): Story => {
    expect(rowsIn(fold.drainEvents()).map(lineOf).sort()).toEqual([...lines].sort())
    return story
  }
  const emitsIn = (family: Row['family'], ...lines: readonly string[]): Story => {
    const rows = rowsIn(fold.drainEvents()).filter((row) => row.family === family)
    expect(rows.map(lineOf).sort()).toEqual([...lines].sort())
    return story
  }
  const story: Story = {
    ...{ facts: apply, then: apply, emits, emitsNothing: () => emits(), emitsIn },
    ...{ refuses, endHistory, look: () => rowsIn(fold.drainEvents()), lookAtOne },
  }
  return story
}

/** Runs a fold over facts; rows are taken after each index in `cuts` (facts applied so far), and at the end. */
export const rowsOf = (
  facts: readonly Fact[],
  profile: Profile,
  cuts: readonly number[] = [],
  options: ProjectionOptions = {},
): readonly Row[] => {
  const fold = new KpiProjection('acme', profile, options)
  const takeAfter = new Set(cuts)
  const rows: Row[] = []
  facts.forEach((fact, index) => {
    fold.apply(fact)
    if (takeAfter.has(index + 1)) rows.push(...rowsIn(fold.drainEvents()))
  })
  return [...rows, ...rowsIn(fold.drainEvents())]
}

/** Each row's last revision. */
export const lastRows = (rows: readonly Row[]): ReadonlyMap<string, Row> =>
  new Map(rows.map((row) => [rowKey(row), row]))

/** What the last revisions say, without status and revision: the thing that must not depend on order. */
export const lastValues = (rows: readonly Row[]): readonly string[] =>
  [...lastRows(rows).values()]
    .map(valueText)
    .filter((text) => text !== '')
    .sort()

/** What the last revisions say, KPIs and targets too. */
export const lastFigures = (rows: readonly Row[]): readonly string[] =>
  [...lastRows(rows).values()]
    .filter((row) => valueText(row) !== '')
    .map((row) => `${valueText(row)} ${JSON.stringify([row.kpis, row.serviceTarget])}`)
    .sort()

/** All that rows say, as text: arrays of a hundred measures are compared far quicker so. */
export const textsOf = (rows: readonly Row[]): readonly string[] => rows.map((row) => JSON.stringify(row))
