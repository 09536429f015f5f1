import fc from 'fast-check'
import type { Fact } from '../../src/domain/fact.js'
import { intervalName } from '../../src/domain/interval-complete.js'
import type { KpiEvent } from '../../src/domain/kpi-event.js'
import { KpiProjection } from '../../src/projections/kpi-projection.js'
import type { quickProfile } from './arbitrary-facts.js'
import { jsonColdStore } from './json-cold-store.js'
import { markersIn, rowsIn } from './kpi-events.js'

/** What happens after a fact: rows are given out, the state is saved and loaded, or the process dies. */
export type Happening = 'nothing' | 'drain-settled' | 'drain-all' | 'restart' | 'crash' | 'crash-without-snapshot'
export const anyHappenings = fc.array(
  fc.constantFrom<Happening>('nothing', 'drain-settled', 'drain-all', 'restart', 'crash', 'crash-without-snapshot'),
  { minLength: 1, maxLength: 120 },
)

type Saved = Readonly<{ folded: number; state: ReturnType<KpiProjection['save']> }>

/** What is put out, in order, by a projection that lives through the happenings. */
export const publishedBy = (
  log: readonly Fact[],
  happenings: readonly Happening[],
  profile: ReturnType<typeof quickProfile>,
  restatedPerTick: number,
): readonly KpiEvent[] => {
  const events: KpiEvent[] = []
  let coldStore = jsonColdStore()
  let saved: Saved | undefined
  const started = (): KpiProjection => {
    if (saved === undefined) coldStore = jsonColdStore()
    return new KpiProjection('acme', profile, { restatedPerTick, coldStore, ...(saved && { state: saved.state }) })
  }
  const refolded = (through: number): KpiProjection => {
    const fold = started()
    for (const fact of log.slice(saved?.folded ?? 0, through)) fold.apply(fact)
    fold.wasPublished({
      rows: new Map(rowsIn(events).map(({ key, revision }) => [key, revision])),
      markers: new Map(markersIn(events).map((marker) => [intervalName(marker), marker])),
      left: new Set(),
    })
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
        events.push(...fold.drainEvents('settled'))
        break
      case 'drain-all':
        events.push(...fold.drainEvents())
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
  return [...events, ...fold.drainEvents()]
}
