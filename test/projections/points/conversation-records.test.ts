import { describe, expect, test } from 'vitest'
import type { Fact, MetricPoint } from '../../../src/domain/fact.js'
import { defaultProfile, type Profile } from '../../../src/domain/profile.js'
import { KpiProjection } from '../../../src/projections/kpi-projection.js'
import { at, emitted, recorded, ticked } from '../../support/fact-builders.js'
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
      .facts(recorded('c1', offered, answered))
      .emits(
        'queue sales voice 10:00 provisional 1: nOffered 1',
        'queue sales voice 10:15 provisional 1: tAnswered 9000',
      )
  })

  test('of a conversation that went on counts only the points that it adds', () => {
    given(details)
      .facts(recorded('c1', offered, answered))
      .then(recorded('c1', offered, answered), recorded('c1', answered, offered, handled))
      .emits(
        'queue sales voice 10:00 provisional 1: nOffered 1',
        'queue sales voice 10:15 provisional 1: tAnswered 9000',
        'queue sales voice 10:30 provisional 1: tHandle 60000',
      )
  })

  test('that only adds to closed intervals restates them as late', () => {
    const [row] = given(details)
      .facts(recorded('c1', offered), ticked('12:00'), recorded('c1', offered, answered))
      .look()
      .slice(-1)
    expect(row).toMatchObject({ status: 'corrected', correction: 'late' })
  })

  test('of another conversation counts its own', () => {
    given(details)
      .facts(recorded('c1', offered), recorded('c2', offered))
      .emits('queue sales voice 10:00 provisional 2: nOffered 2')
  })

  test('may state equal emissions: each counts', () => {
    given(details)
      .facts(recorded('c1', offered, offered))
      .emits('queue sales voice 10:00 provisional 2: nOffered 2')
      .then(recorded('c1', offered))
      .emits('queue sales voice 10:00 provisional 3: nOffered 1')
  })

  test.each([false, true])(
    'is known across snapshots, and a newer one takes back what it said (in the cold store: %s)',
    (spills) => {
      const profile: Profile = { ...defaultProfile, ...details }
      const coldStore = jsonColdStore()
      const before = new KpiProjection('acme', profile, { coldStore })
      before.apply(recorded('c1', offered, answered))
      before.apply(ticked('12:00'))
      before.drainEvents()
      const state = before.save()
      if (spills) coldStore.put(state.spilled)
      const after = new KpiProjection('acme', profile, {
        coldStore,
        state: JSON.parse(JSON.stringify(spills ? { ...state, spilled: [] } : state)),
      })
      after.apply(recorded('c1', answered, handled))
      expect(
        rowsIn(after.drainEvents()).map(({ start, revision, correction }) => [
          new Date(start).toISOString().slice(11, 16),
          revision,
          correction,
        ]),
      ).toEqual([
        ['10:00', 3, 'recomputed'],
        ['10:30', 1, 'recomputed'],
      ])
    },
  )

  test('counts only where the profile takes its points from such records, and then nothing else does', () => {
    const facts: readonly Fact[] = [recorded('c1', offered), offered]
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

describe('a record fetched again after Genesys computed the conversation again', () => {
  const talk = emitted('tTalkComplete', 60_000, '10:05', { queue: 'sales', agent: 'ann', wrapUpCode: 'sold' })
  const other = emitted('tTalkComplete', 30_000, '10:06', { queue: 'sales', agent: 'bob', wrapUpCode: 'sold' })
  const profile = { ...details, families: ['queue', 'agent', 'wrap-up'] as const }
  const closed = (...corrected: readonly MetricPoint[]) =>
    given(profile)
      .facts(recorded('c1', talk), recorded('c2', other), ticked('12:00'))
      .emits(
        'queue sales voice 10:00 final 3: tTalkComplete 2x90000 (30000..60000)',
        'agent ann sales voice 10:00 final 2: tTalkComplete 60000',
        'agent bob sales voice 10:00 final 2: tTalkComplete 30000',
        'wrap-up sold voice 10:00 final 3: tTalkComplete 2x90000 (30000..60000)',
      )
      .then(recorded('c1', ...corrected))

  test('with another value restates the rows with that value, minimum and maximum included', () => {
    closed({ ...talk, value: 20_000 }).emits(
      'queue sales voice 10:00 corrected 5: tTalkComplete 2x50000 (20000..30000)',
      'agent ann sales voice 10:00 corrected 4: tTalkComplete 20000',
      'wrap-up sold voice 10:00 corrected 5: tTalkComplete 2x50000 (20000..30000)',
    )
  })

  test('with another instant moves the emission to its interval', () => {
    closed({ ...talk, at: at('10:20') }).emits(
      'queue sales voice 10:00 corrected 4: tTalkComplete 30000',
      'agent ann sales voice 10:00 corrected 3: ',
      'wrap-up sold voice 10:00 corrected 4: tTalkComplete 30000',
      'queue sales voice 10:15 corrected 1: tTalkComplete 60000',
      'agent ann sales voice 10:15 corrected 1: tTalkComplete 60000',
      'wrap-up sold voice 10:15 corrected 1: tTalkComplete 60000',
    )
  })

  test('with another queue and wrap-up code moves the emission to their rows', () => {
    closed({ ...talk, queueId: 'service', wrapUpCode: 'lost' }).emits(
      'queue sales voice 10:00 corrected 4: tTalkComplete 30000',
      'agent ann sales voice 10:00 corrected 3: ',
      'wrap-up sold voice 10:00 corrected 4: tTalkComplete 30000',
      'queue service voice 10:00 corrected 1: tTalkComplete 60000',
      'agent ann service voice 10:00 corrected 1: tTalkComplete 60000',
      'wrap-up lost voice 10:00 corrected 1: tTalkComplete 60000',
    )
  })

  test('without an emission takes it back', () => {
    closed().emits(
      'queue sales voice 10:00 corrected 4: tTalkComplete 30000',
      'agent ann sales voice 10:00 corrected 3: ',
      'wrap-up sold voice 10:00 corrected 4: tTalkComplete 30000',
    )
  })

  test('names the reason in every row that it restates', () => {
    for (const row of closed({ ...talk, at: at('10:20') }).look()) expect(row.correction).toBe('recomputed')
  })

  test('of which the later in the log is the newer, whichever was fetched first', () => {
    given(details)
      .facts(recorded('c1', offered, answered))
      .emits(
        'queue sales voice 10:00 provisional 1: nOffered 1',
        'queue sales voice 10:15 provisional 1: tAnswered 9000',
      )
      .then(recorded('c1', offered))
      .emits('queue sales voice 10:15 provisional 2: ')
  })

  test('is refused as a whole where one of its changes lies beyond the late horizon, and counts in a rebuild', () => {
    const hour = { ...details, lateHorizonMs: 3_600_000 }
    const late = recorded('c1', { ...offered, at: at('08:00') })
    const corrected = recorded('c1', { ...offered, at: at('11:50') })
    given(hour)
      .facts(late, ticked('12:00'))
      .emits('queue sales voice 08:00 final 2: nOffered 1')
      .refuses(corrected, 'too-late', /08:00/)
      .emitsNothing()
    given(hour, { inHistory: true })
      .facts(late, ticked('12:00'))
      .emits('queue sales voice 08:00 final 2: nOffered 1')
      .then(corrected)
      .emits('queue sales voice 08:00 corrected 3: ', 'queue sales voice 11:45 provisional 1: nOffered 1')
  })

  test('recomputes what is in time though another of its emissions was too late from the start', () => {
    const hour = { ...details, lateHorizonMs: 3_600_000 }
    const early = { ...offered, at: at('08:00') }
    const timely = { ...answered, at: at('11:50') }
    given(hour)
      .facts(ticked('12:00'))
      .refuses(recorded('c1', early, timely), 'too-late', /08:00/)
      .emits('queue sales voice 11:45 provisional 1: tAnswered 9000')
      .refuses(recorded('c1', early, { ...timely, value: 8_000 }), 'too-late', /08:00/)
      .emits('queue sales voice 11:45 provisional 3: tAnswered 8000')
  })
})
