import { describe, expect, test } from 'vitest'
import type { Fact } from '../../../src/domain/fact.js'
import { defaultProfile, type Profile } from '../../../src/domain/profile.js'
import { KpiProjection } from '../../../src/projections/kpi-projection.js'
import { emitted, recorded, ticked } from '../../support/fact-builders.js'
import { given } from '../../support/given.js'
import { jsonColdStore } from '../../support/json-cold-store.js'
import { rowsIn } from '../../support/kpi-events.js'

const details = { points: 'conversation-details' as const, families: ['queue'] as const }
const offered = emitted('nOffered', 1, '10:05', { queue: 'sales' })
const answered = emitted('tAnswered', 9_000, '10:16', { queue: 'sales' })
const handled = emitted('tHandle', 60_000, '10:31', { queue: 'sales' })

describe('a conversation-detail record', () => {
  test('counts each of its emissions in the interval of its own date', () => {
    given(details)
      .facts(recorded('c1', { a: offered, b: answered }))
      .emits(
        'queue sales voice 10:00 provisional 1: nOffered 1',
        'queue sales voice 10:15 provisional 1: tAnswered 9000',
      )
  })

  test('imported again counts nothing again, in a newer version only what it says more', () => {
    given(details)
      .facts(recorded('c1', { a: offered, b: answered }))
      .then(
        recorded('c1', { a: offered, b: answered }),
        recorded('c1', { b: answered, a: offered, c: handled }),
        recorded('c1', { a: offered }),
      )
      .emits(
        'queue sales voice 10:00 provisional 1: nOffered 1',
        'queue sales voice 10:15 provisional 1: tAnswered 9000',
        'queue sales voice 10:30 provisional 1: tHandle 60000',
      )
  })

  test('that is older than one that was counted changes nothing', () => {
    given(details)
      .facts(recorded('c1', { a: offered, b: answered, c: handled }), ticked('12:00'))
      .emitsIn(
        'queue',
        'queue sales voice 10:00 final 2: nOffered 1',
        'queue sales voice 10:15 final 2: tAnswered 9000',
        'queue sales voice 10:30 final 2: tHandle 60000',
      )
      .then(recorded('c1', { a: offered }))
      .emitsNothing()
  })

  test('of another conversation counts its own, under equal keys', () => {
    given(details)
      .facts(recorded('c1', { a: offered }), recorded('c2', { a: offered }))
      .emits('queue sales voice 10:00 provisional 2: nOffered 2')
  })

  test('equal emissions under different keys are two', () => {
    given(details)
      .facts(recorded('c1', { a: offered, b: offered }))
      .emits('queue sales voice 10:00 provisional 2: nOffered 2')
  })

  test('is known across snapshots, from the snapshot or from the cold store', () => {
    const profile: Profile = { ...defaultProfile, ...details }
    for (const spills of [false, true]) {
      const coldStore = jsonColdStore()
      const before = new KpiProjection('acme', profile, { coldStore })
      before.apply(recorded('c1', { a: offered }))
      before.drainEvents()
      const state = before.save()
      if (spills) coldStore.put(state.spilled)
      const after = new KpiProjection('acme', profile, {
        coldStore,
        state: JSON.parse(JSON.stringify(spills ? { ...state, spilled: [] } : state)),
      })
      after.apply(recorded('c1', { a: offered, b: answered }))
      expect(
        rowsIn(after.drainEvents()).map(({ start, revision }) => [
          new Date(start).toISOString().slice(11, 16),
          revision,
        ]),
      ).toEqual([['10:15', 1]])
    }
  })

  test('counts only where the profile takes its points from such records, and then nothing else does', () => {
    const facts: readonly Fact[] = [recorded('c1', { a: offered }), offered]
    given({ families: ['queue'] })
      .facts(...facts)
      .emits('queue sales voice 10:00 provisional 1: nOffered 1')
    given(details)
      .facts(...facts)
      .emits('queue sales voice 10:00 provisional 1: nOffered 1')
    given({ ...details, points: 'detail-events' })
      .facts(...facts)
      .emitsNothing()
  })
})
