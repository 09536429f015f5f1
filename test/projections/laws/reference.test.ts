import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeKpiEvents } from '../../../src/contract/kpi-stream/encode.js'
import { factRunOf } from '../../../src/domain/fact-run.js'
import type { Fact, StreamErased } from '../../../src/domain/fact.js'
import { flatRowOf } from '../../../src/domain/flat-row.js'
import type { KpiEvent } from '../../../src/domain/kpi-event.js'
import { rowKey } from '../../../src/domain/row.js'
import { KpiProjection } from '../../../src/projections/kpi-projection.js'
import type { ProjectionState } from '../../../src/projections/projection-state.js'
import { anyConfiguredLog, anyCuts, anyLogTakenBack, anyMetric, quickProfile } from '../../support/arbitrary-facts.js'
import { anyFetches } from '../../support/arbitrary-fetches.js'
import { jsonColdStore } from '../../support/json-cold-store.js'
import { lawRuns } from '../../support/law-runs.js'
import { ReferenceFold } from '../../support/reference/reference-fold.js'

const sources = ['metric-records', 'detail-events', 'conversation-details'] as const
const runs = lawRuns(40)
/** The reference restates all closed cells at once. */
const restatedPerTick = 1e9

/** The bytes of rows by their keys, in the order of keys. */
const bytesOf = (events: readonly KpiEvent[]): readonly string[] => {
  const inOrder = events
    .filter((event) => event.kind === 'row')
    .sort((a, b) => (rowKey(a.row) < rowKey(b.row) ? -1 : 1))
  return encodeKpiEvents('acme', 'g1', inOrder, 1n).map(({ data }) => Buffer.from(data).toString('latin1'))
}

/** Never; with a new projection from each saved state; or with closed cells that leave memory for a cold store. */
const anySaving = fc.constantFrom('never', 'restarts', 'spills')

const partsOf = (log: readonly Fact[], cuts: readonly number[]): readonly (readonly Fact[])[] => {
  const ends = [...new Set([...cuts.map((cut) => Math.min(cut, log.length)), log.length])].sort((a, b) => a - b)
  return ends.map((end, index) => log.slice(ends[index - 1] ?? 0, end))
}

const anyErased = (source: (typeof sources)[number]): fc.Arbitrary<StreamErased> =>
  fc.tuple(fc.array(anyMetric, { maxLength: 3 }), fc.nat({ max: 5 })).map(([points, count]) => ({
    ...{ type: 'StreamErased', at: 0, stream: 's', from: '0', through: '1', events: 1 },
    points: points.map(({ type: _, value: __, session: ___, ...point }) => ({ ...point, source, count })),
  }))

/** Facts of all kinds, late ones, corrections, settings and erasures among them, in history or after it. */
const anyHistory = (source: (typeof sources)[number]): fc.Arbitrary<readonly Fact[]> =>
  fc
    .tuple(
      fc.oneof(anyConfiguredLog(source), anyLogTakenBack),
      source === 'conversation-details' ? anyFetches : fc.constant<readonly Fact[]>([]),
      fc.array(anyErased(source), { maxLength: 2 }),
      fc.nat(),
    )
    .map(([log, fetches, erased, at]) => {
      const place = at % (log.length + 1)
      return [...log.slice(0, place), ...fetches, ...erased, ...log.slice(place)]
    })

describe.each(sources)('points from %s', { timeout: 120_000 }, (source) => {
  const profile = { ...quickProfile(source), lateHorizonMs: 2 * 3_600_000 }

  test('the projection gives the bytes of the reference fold, wherever its runs are cut and its state is saved', () => {
    fc.assert(
      fc.property(anyHistory(source), anyCuts, fc.boolean(), anySaving, (log, cuts, inHistory, saving) => {
        const reference = new ReferenceFold('acme', profile, inHistory)
        const coldStore = jsonColdStore()
        let fold = new KpiProjection('acme', profile, { inHistory, restatedPerTick, coldStore })
        for (const part of partsOf(log, cuts)) {
          part.forEach((fact) => reference.apply(fact))
          fold.applyRun(factRunOf(part))
          const rows = reference.drain().map((row): KpiEvent => ({ kind: 'row', row: flatRowOf(row) }))
          expect(bytesOf(fold.drainEvents())).toEqual(bytesOf(rows))
          if (saving === 'never') continue
          const state = JSON.parse(JSON.stringify(fold.save())) as ProjectionState
          if (saving === 'restarts') fold = new KpiProjection('acme', profile, { state, restatedPerTick })
          else {
            coldStore.put(state.spilled)
            fold.saved()
          }
        }
      }),
      runs,
    )
  })

  test('a run is folded and refused as its facts are one by one', () => {
    fc.assert(
      fc.property(anyHistory(source), anyCuts, fc.option(fc.nat({ max: 5 })), (log, cuts, hours) => {
        const receivedAt = hours === null ? undefined : Date.UTC(2026, 0, 5, 9 + hours)
        const one = new KpiProjection('acme', profile)
        const whole = new KpiProjection('acme', profile)
        const run = factRunOf(log, receivedAt)
        let from = 0
        for (const part of partsOf(log, cuts)) {
          const refused = part.map((fact) => one.apply(fact, receivedAt))
          const found = new Map(whole.applyRun(run, from, from + part.length).map((each) => [each.entry, each.refusal]))
          expect(part.map((_, index) => found.get(from + index))).toEqual(refused)
          expect(bytesOf(whole.drainEvents())).toEqual(bytesOf(one.drainEvents()))
          from += part.length
        }
      }),
      runs,
    )
  })
})
