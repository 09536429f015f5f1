import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fact } from '../../../src/domain/fact.js'
import { defaultProfile, type Profile } from '../../../src/domain/profile.js'
import type { Row } from '../../../src/domain/row.js'
import { KpiProjection } from '../../../src/projections/kpi-projection.js'
import { anyConfiguredLog, anyCuts, quickProfile } from '../../support/arbitrary-facts.js'
import { emitted, inSession } from '../../support/fact-builders.js'
import { jsonColdStore } from '../../support/json-cold-store.js'
import { cellStateOf } from '../../../src/projections/cells/saved-cell.js'
import { lineOf, rowsOf, textsOf } from '../../support/given.js'
import { rowsIn } from '../../support/kpi-events.js'
import { lawRuns } from '../../support/law-runs.js'

const runs = lawRuns(40)

const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

/** Runs a fold over the log and lets `atCut` exchange it for another after each cut. */
const runWith = (
  log: readonly Fact[],
  cuts: readonly number[],
  first: KpiProjection,
  atCut: (fold: KpiProjection) => KpiProjection,
): readonly Row[] => {
  const rows: Row[] = []
  let fold = first
  log.forEach((fact, index) => {
    fold.apply(fact)
    if (!cuts.includes(index + 1)) return
    rows.push(...rowsIn(fold.drainEvents()))
    fold = atCut(fold)
  })
  return [...rows, ...rowsIn(fold.drainEvents())]
}

describe.each(['metric-records', 'detail-events'] as const)('points from %s', { timeout: 60_000 }, (points) => {
  const profile: Profile = quickProfile(points)
  const anyLog = anyConfiguredLog(points)
  // So few that cuts fall into the middle of restating.
  const few = { restatedPerTick: 3 }

  test('a fold made from a saved state carries on identically, also through JSON', () => {
    fc.assert(
      fc.property(anyLog, anyCuts, fc.boolean(), (log, cuts, asJson) => {
        const resumed = runWith(log, cuts, new KpiProjection('acme', profile, few), (fold) => {
          const state = fold.save()
          return new KpiProjection('acme', profile, { ...few, state: asJson ? throughJson(state) : state })
        })
        expect(textsOf(resumed)).toEqual(textsOf(rowsOf(log, profile, cuts, few)))
      }),
      runs,
    )
  })

  test('what a saved state holds beside entries to spill is not changed by what the fold does afterwards', () => {
    fc.assert(
      fc.property(anyLog, anyLog, (before, after) => {
        const fold = new KpiProjection('acme', profile)
        before.forEach((fact) => fold.apply(fact))
        fold.drainEvents()
        const state = { ...fold.save(), spilled: [] }
        const text = JSON.stringify(state)
        after.forEach((fact) => fold.apply(fact))
        expect(JSON.stringify(state)).toBe(text)
      }),
      runs,
    )
  })

  test('closed cells that leave memory are found again: spilling changes no row', () => {
    fc.assert(
      fc.property(anyLog, anyCuts, fc.boolean(), (log, cuts, restarts) => {
        const coldStore = jsonColdStore()
        const spilled = runWith(log, cuts, new KpiProjection('acme', profile, { ...few, coldStore }), (fold) => {
          const state = fold.save()
          coldStore.put(state.spilled)
          fold.saved()
          if (!restarts) return fold
          return new KpiProjection('acme', profile, {
            ...few,
            state: throughJson({ ...state, spilled: [] }),
            coldStore,
          })
        })
        expect(textsOf(spilled)).toEqual(textsOf(rowsOf(log, profile, cuts, few)))
      }),
      runs,
    )
  })

  test('after a save memory holds open intervals only', () => {
    fc.assert(
      fc.property(anyLog, (log) => {
        const fold = new KpiProjection('acme', profile)
        log.forEach((fact) => fold.apply(fact))
        fold.drainEvents()
        fold.saved()
        const { spilled, cells } = fold.save()
        expect(spilled).toEqual([])
        for (const [key, cell] of cells.open)
          expect(cellStateOf(key, cell).end).toBeGreaterThan(cells.closedThrough ?? -Infinity)
      }),
      runs,
    )
  })
})

test('a cell without a value for some metric comes back from JSON without it, not with an empty one', () => {
  const profile: Profile = { ...defaultProfile, families: ['queue'] }
  const fold = new KpiProjection('acme', profile)
  fold.apply(emitted('tHandle', 60_000, '10:05', { queue: 'sales' }))
  fold.drainEvents()
  const resumed = new KpiProjection('acme', profile, { state: throughJson(fold.save()) })
  resumed.apply(emitted('nOffered', 1, '10:05', { queue: 'sales' }))
  expect(rowsIn(resumed.drainEvents()).map(lineOf)).toEqual([
    'queue sales voice 10:00 provisional 2: nOffered 1, tHandle 60000',
  ])
})

test('old intervals, handled sessions and past agent states do not pile up', () => {
  const profile = quickProfile('detail-events')
  const sizeAfterDays = (days: number): number => {
    const fold = new KpiProjection('acme', {
      ...profile,
      lateHorizonMs: profile.intervalMs,
      rollUps: [],
      correlation: { ...profile.correlation, restateHorizonMs: profile.correlation.acwHorizonMs },
    })
    for (let quarter = 0; quarter < days * 96; quarter++) {
      const at = quarter * profile.intervalMs
      const session = { ...inSession('10:00', 's'), at, conversationId: `c${quarter}`, userId: 'ann', queueId: 'sales' }
      fold.apply({
        type: 'AgentStateEntered',
        userId: 'ann',
        kind: 'routingStatus',
        state: quarter % 2 === 0 ? 'IDLE' : 'INTERACTING',
        at,
      })
      fold.apply({ type: 'AcdStarted', ...session, skillIds: [] })
      fold.apply({
        type: 'UserSessionEnded',
        ...session,
        disconnectType: 'PEER',
        talkMs: 1000,
        heldMs: 0,
        alertMs: 0,
        contactingMs: 0,
        dialingMs: 0,
        callbackMs: 0,
      })
      if (quarter % 2 === 0) fold.apply({ type: 'AfterCallWorkCompleted', ...session, wrapUpCode: null, acwMs: 1000 })
      fold.apply({ type: 'ClockTicked', at })
      fold.drainEvents()
      fold.saved()
    }
    const { cells, spilled, correlator, agentStates } = fold.save()
    return (
      cells.open.length +
      spilled.length +
      correlator.handling.sessions.length +
      correlator.campaigns.length +
      agentStates.length
    )
  }
  expect(sizeAfterDays(1)).toBeGreaterThan(0)
  expect(sizeAfterDays(20)).toBe(sizeAfterDays(1))
})
