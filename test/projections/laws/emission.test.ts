import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fact } from '../../../src/domain/fact.js'
import { publishedText, type Row } from '../../../src/domain/row.js'
import { KpiProjection } from '../../../src/projections/kpi-projection.js'
import { anyConfiguredLog, quickProfile } from '../../support/arbitrary-facts.js'
import { lastRows, rowsOf, textsOf } from '../../support/given.js'
import { jsonColdStore } from '../../support/json-cold-store.js'
import { rowsIn } from '../../support/kpi-events.js'
import { lawRuns } from '../../support/law-runs.js'

const runs = lawRuns(40)
const options = { restatedPerTick: 3 }
const every = Array.from({ length: 400 }, (_, index) => index)

/** What happens after a fact: rows are given out, the state is saved and loaded, or the process dies. */
type Happening = 'nothing' | 'drain-settled' | 'drain-all' | 'restart' | 'crash' | 'crash-without-snapshot'
const anyHappenings = fc.array(
  fc.constantFrom<Happening>('nothing', 'drain-settled', 'drain-all', 'restart', 'crash', 'crash-without-snapshot'),
  { minLength: 1, maxLength: 120 },
)

type Saved = Readonly<{ folded: number; state: ReturnType<KpiProjection['save']> }>

/** Rows in the order in which they were published by a projection that lives through the happenings. */
const published = (
  log: readonly Fact[],
  happenings: readonly Happening[],
  profile: ReturnType<typeof quickProfile>,
): readonly Row[] => {
  const rows: Row[] = []
  let coldStore = jsonColdStore()
  let saved: Saved | undefined
  const started = (): KpiProjection => {
    if (saved === undefined) coldStore = jsonColdStore()
    return new KpiProjection('acme', profile, { ...options, coldStore, ...(saved && { state: saved.state }) })
  }
  const refolded = (through: number): KpiProjection => {
    const fold = started()
    for (const fact of log.slice(saved?.folded ?? 0, through)) fold.apply(fact)
    fold.wasPublished(new Map(rows.map(({ key, revision }) => [key, revision])))
    return fold
  }
  const save = (fold: KpiProjection, folded: number): void => {
    const state = fold.save()
    coldStore.put(state.spilled)
    fold.saved()
    saved = { folded, state: JSON.parse(JSON.stringify({ ...state, spilled: [] })) as Saved['state'] }
  }
  let fold = started()
  log.forEach((fact, index) => {
    fold.apply(fact)
    switch (happenings[index % happenings.length] as Happening) {
      case 'nothing':
        break
      case 'drain-settled':
        rows.push(...rowsIn(fold.drainEvents('settled')))
        break
      case 'drain-all':
        rows.push(...rowsIn(fold.drainEvents()))
        break
      case 'restart':
        save(fold, index + 1)
        fold = started()
        break
      case 'crash-without-snapshot':
        saved = undefined
        fold = refolded(index + 1)
        break
      case 'crash':
        fold = refolded(index + 1)
        break
    }
  })
  return [...rows, ...rowsIn(fold.drainEvents())]
}

describe.each(['metric-records', 'detail-events', 'conversation-details'] as const)(
  'points from %s, published now and then, through restarts and crashes',
  { timeout: 60_000 },
  (points) => {
    const profile = quickProfile(points)
    const anyLog = anyConfiguredLog(points)

    test('what was published last is the present state of every row that holds something', () => {
      fc.assert(
        fc.property(anyLog, anyHappenings, (log, happenings) => {
          const present = (rows: readonly Row[]) =>
            textsOf([...lastRows(rows).values()].filter((row) => publishedText(row) !== '')).toSorted()
          expect(present(published(log, happenings, profile))).toEqual(present(rowsOf(log, profile, every, options)))
        }),
        runs,
      )
    })

    test('each revision is published once at most, in order, with the bytes it has when every change is published', () => {
      fc.assert(
        fc.property(anyLog, anyHappenings, (log, happenings) => {
          const finest = new Set(textsOf(rowsOf(log, profile, every, options)))
          const last = new Map<string, number>()
          for (const row of published(log, happenings, profile)) {
            expect(row.revision).toBeGreaterThan(last.get(row.key) ?? 0)
            last.set(row.key, row.revision)
            expect(finest).toContain(JSON.stringify(row))
          }
        }),
        runs,
      )
    })
  },
)
