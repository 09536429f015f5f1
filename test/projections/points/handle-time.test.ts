import { describe, expect, test } from 'vitest'
import { metricIndex } from '../../../src/domain/metric.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import { cellStateOf, type SavedCell } from '../../../src/projections/cells/saved-cell.js'
import { KpiProjection } from '../../../src/projections/kpi-projection.js'
import { at, minutes, sessionEnded, ticked, worked } from '../../support/fact-builders.js'
import { given } from '../../support/given.js'
import { rowsIn } from '../../support/kpi-events.js'

const detail = { points: 'detail-events' as const }
const { correlation } = defaultProfile
const talked = (time: string) => sessionEnded('ann', time, { talkMs: 60_000, queueId: null })
const acw = (acwMs: number, time: string) => worked('ann', acwMs, time, { queueId: null })

describe('the handle time of a session', () => {
  test('waits for the after-call work and is stamped at its end', () => {
    given(detail)
      .facts(talked('10:05'))
      .emits('agent ann - voice 10:00 provisional 1: tTalkComplete 60000')
      .then(acw(30_000, '10:15'))
      .emits('agent ann - voice 10:15 provisional 2: tAcw 30000, tHandle 90000')
  })

  test('is contacting + dialing + talk + hold + after-call work, and no alert', () => {
    given(detail)
      .facts(
        sessionEnded('ann', '10:05', {
          queueId: null,
          alertMs: 7,
          contactingMs: 1_000,
          dialingMs: 2_000,
          talkMs: 30_000,
          heldMs: 400_000,
        }),
        acw(5_000_000, '10:05:30'),
      )
      .emits(
        'agent ann - voice 09:45 provisional 3: tAlert 7, tContacting 1000, tDialing 2000',
        'agent ann - voice 10:00 provisional 4: tTalkComplete 30000, tHeldComplete 400000, tAcw 5000000, tHandle 5433000',
      )
  })

  test('is the same where the after-call work arrives before the end of the session', () => {
    given(detail)
      .facts(acw(30_000, '10:15'))
      .emits('agent ann - voice 10:15 provisional 1: tAcw 30000')
      .then(talked('10:05'))
      .emits(
        'agent ann - voice 10:00 provisional 1: tTalkComplete 60000',
        'agent ann - voice 10:15 provisional 2: tAcw 30000, tHandle 90000',
      )
  })

  test('is stamped at the end of the session where after-call work was completed before it', () => {
    given(detail)
      .facts(acw(30_000, '10:14'), talked('10:16'))
      .emits(
        'agent ann - voice 10:00 provisional 1: tAcw 30000',
        'agent ann - voice 10:15 provisional 2: tTalkComplete 60000, tHandle 90000',
      )
  })

  test('belongs to its own session: two conversations of one agent do not mix', () => {
    given(detail)
      .facts(talked('10:05'), { ...acw(30_000, '10:06'), conversationId: 'c2' })
      .emits('agent ann - voice 10:00 provisional 2: tTalkComplete 60000, tAcw 30000')
  })

  test('of an agent who only missed an alert is nothing, unless he had after-call work', () => {
    const missed = sessionEnded('ann', '10:05', { queueId: null, alertMs: 20_000, disconnectType: 'TIMEOUT' })
    given(detail)
      .facts(missed, ticked('12:00'))
      .emits('agent ann - voice 10:00 final 3: tAlert 20000, tNotResponding 20000')
    given(detail)
      .facts(missed, acw(4_000, '10:06'))
      .emits('agent ann - voice 10:00 provisional 4: tAcw 4000, tHandle 4000, tAlert 20000, tNotResponding 20000')
  })
})

describe('without after-call work', () => {
  test('a session is handled once the horizon has passed when an interval closes', () => {
    given(detail)
      .facts(talked('10:05'), ticked('11:04'))
      .emits('agent ann - voice 10:00 final 2: tTalkComplete 60000')
      .then(ticked('11:20'))
      .emits('agent ann - voice 10:00 corrected 3: tTalkComplete 60000, tHandle 60000')
  })

  test('a session whose end arrives after the horizon is handled at once', () => {
    given(detail)
      .facts(ticked('12:00'), talked('10:05'))
      .emits('agent ann - voice 10:00 corrected 2: tTalkComplete 60000, tHandle 60000')
  })

  test('it stays handled when it is too old to be restated, and that alone is no change', () => {
    given(detail)
      .facts(talked('10:05'), ticked('12:00'))
      .emits('agent ann - voice 10:00 final 3: tTalkComplete 60000, tHandle 60000')
      .then(ticked(at('10:05') + correlation.restateHorizonMs + minutes(60)))
      .emitsNothing()
  })
})

describe('after-call work after the horizon restates the handle time', () => {
  test('the old interval loses it with its extremes, the new one gains it', () => {
    const other = (time: string, talkMs: number) =>
      sessionEnded('ann', time, { queueId: null, talkMs, sessionId: `s-${talkMs}` })
    given(detail)
      .facts(other('10:03', 20_000), other('10:04', 40_000), talked('10:05'), ticked('11:30'))
      .emits('agent ann - voice 10:00 final 7: tTalkComplete 3x120000 (20000..60000), tHandle 3x120000 (20000..60000)')
      .then(acw(5_000_000, '12:20'))
      .emits(
        'agent ann - voice 10:00 corrected 8: tTalkComplete 3x120000 (20000..60000), tHandle 2x60000 (20000..40000)',
        'agent ann - voice 12:15 provisional 2: tAcw 5000000, tHandle 5060000',
      )
  })

  test('an interval that held nothing else is left without a handle time', () => {
    given(detail)
      .facts(talked('10:05'), ticked('12:00'))
      .emits('agent ann - voice 10:00 final 3: tTalkComplete 60000, tHandle 60000')
      .then(acw(1_000, '12:01'))
      .emits(
        'agent ann - voice 10:00 corrected 4: tTalkComplete 60000',
        'agent ann - voice 12:00 provisional 2: tAcw 1000, tHandle 61000',
      )
  })

  test('both within one interval: the one value takes the place of the other', () => {
    given(detail)
      .facts(ticked('12:00'), talked('10:05'), acw(1_000, '10:06'))
      .emits('agent ann - voice 10:00 corrected 5: tTalkComplete 60000, tAcw 1000, tHandle 61000')
  })

  test('a session without any time of its own takes nothing back and makes no empty row', () => {
    given({ ...detail, correlation: { ...correlation, acwHorizonMs: 0 } })
      .facts(sessionEnded('ann', '10:05', { queueId: null }), ticked('10:06'), acw(4_000, '10:31'))
      .emits('agent ann - voice 10:30 provisional 2: tAcw 4000, tHandle 4000')
      .then(ticked('10:20'))
      .emitsNothing()
  })

  test('beyond the restate horizon it counts by itself and the handle time stands', () => {
    const later = at('10:05') + correlation.restateHorizonMs + minutes(60)
    given(detail)
      .facts(talked('10:05'), ticked(later))
      .emits('agent ann - voice 10:00 final 3: tTalkComplete 60000, tHandle 60000')
      .then(acw(1_000, '12:01'), ticked(later + minutes(15)))
      .emits('agent ann - voice 12:00 corrected 1: tAcw 1000')
  })
})

test('a handle time that became certain is kept as such, and its revision is not handed out again after a restart', () => {
  const profile = { ...defaultProfile, ...detail }
  const before = new KpiProjection('acme', profile)
  for (const fact of [talked('10:05'), ticked('12:00')]) before.apply(fact)
  expect(rowsIn(before.drainEvents())).toHaveLength(1)
  const after = new KpiProjection('acme', profile, { state: before.save() })
  after.apply(ticked(at('10:05') + correlation.restateHorizonMs + minutes(60)))
  expect(rowsIn(after.drainEvents())).toEqual([])
  const [cell] = after.save().spilled.map(({ key, data }) => cellStateOf(key.slice('cell/'.length), data as SavedCell))
  expect(cell?.pending).toEqual([])
  const once = [1, 60_000, 60_000, 60_000]
  expect(cell?.measures).toEqual([metricIndex.get('tTalkComplete'), ...once, metricIndex.get('tHandle'), ...once])
})

test('no session is remembered beyond the restate horizon, whichever half of it came', () => {
  const fold = new KpiProjection('acme', { ...defaultProfile, ...detail })
  const facts = [
    talked('10:05'),
    worked('bob', 1_000, '10:05'),
    sessionEnded('cy', '10:05', { talkMs: 1 }),
    worked('cy', 1, '10:06'),
  ]
  for (const fact of facts) fold.apply(fact)
  expect(fold.save().correlator.handling.sessions).toHaveLength(3)
  fold.apply(ticked(at('10:05') + correlation.restateHorizonMs - 1)) // the one that is done was kept for an hour
  expect(fold.save().correlator.handling.sessions).toHaveLength(2)
  fold.apply(ticked(at('10:05') + correlation.restateHorizonMs + minutes(15)))
  expect(fold.save().correlator.handling.sessions).toEqual([])
})
