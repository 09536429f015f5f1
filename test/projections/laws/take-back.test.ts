import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fact } from '../../../src/domain/fact.js'
import type { EpochMs } from '../../../src/domain/interval.js'
import type { Profile } from '../../../src/domain/profile.js'
import { KpiProjection } from '../../../src/projections/kpi-projection.js'
import { anyCuts, anyLogTakenBack, quickProfile } from '../../support/arbitrary-facts.js'
import { rowsOf, textsOf } from '../../support/given.js'
import { jsonColdStore } from '../../support/json-cold-store.js'
import { rowsIn } from '../../support/kpi-events.js'
import { lawRuns } from '../../support/law-runs.js'

const runs = lawRuns(60)

describe.each(['metric-records', 'detail-events'] as const)('taking the clock back: points from %s', (points) => {
  const profile: Profile = quickProfile(points)

  test('a projection that is saved, spilled and restored at any cut gives the same rows', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(anyLogTakenBack, anyCuts, (log, cuts) => {
        const coldStore = jsonColdStore()
        let projection = new KpiProjection('acme', profile, { coldStore })
        const rows = log.flatMap((fact, index) => {
          projection.apply(fact)
          if (!cuts.includes(index + 1)) return []
          const output = rowsIn(projection.drainEvents())
          const state = projection.save()
          coldStore.put(state.spilled)
          projection = new KpiProjection('acme', profile, { state: { ...state, spilled: [] }, coldStore })
          return output
        })
        rows.push(...rowsIn(projection.drainEvents()))
        expect(textsOf(rows)).toEqual(textsOf(rowsOf(log, profile, cuts)))
      }),
      runs,
    )
  })

  test('row revisions increase, and a row that was final is never provisional again', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(anyLogTakenBack, anyCuts, (log, cuts) => {
        const seen = new Map<string, { revision: number; status: string }>()
        for (const { key, revision, status } of rowsOf(log, profile, cuts)) {
          const before = seen.get(key)
          expect(revision).toBeGreaterThan(before?.revision ?? 0)
          if (status === 'provisional') expect(before?.status ?? 'provisional').toBe('provisional')
          seen.set(key, { revision, status })
        }
      }),
      runs,
    )
  })

  test('history with known take-backs gives the rows of a history without the wrong ticks', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(anyLogTakenBack, (log) => {
        const takeBacks = log.flatMap((fact) => (fact.type === 'ClockTakenBack' ? [fact.at] : []))
        const options = { inHistory: true, takeBacks }
        const calm = withoutWrongTicks(log)
        const values = (facts: readonly Fact[], more: typeof options | { inHistory: true }) =>
          textsOf(rowsOf(facts, profile, [], more))
        expect(values(log, options)).toEqual(values(calm, { inHistory: true }))
      }),
      runs,
    )
  })
})

/** The log without the ticks that a later take-back declares wrong, and without the take-backs. */
const withoutWrongTicks = (log: readonly Fact[]): readonly Fact[] => {
  let limit: EpochMs = Infinity
  const kept: Fact[] = []
  for (const fact of log.toReversed())
    if (fact.type === 'ClockTakenBack') limit = Math.min(limit, fact.at)
    else if (fact.type !== 'ClockTicked' || fact.at <= limit) kept.push(fact)
  return kept.reverse()
}
