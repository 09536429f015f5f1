import { describe, expect, test } from 'vitest'
import type { Fact } from '../../src/domain/fact.js'
import { defaultProfile, type Profile } from '../../src/domain/profile.js'
import { KpiProjection } from '../../src/projections/kpi-projection.js'
import {
  at,
  leftQueue,
  emitted,
  entered,
  minutes,
  queued,
  recorded,
  sessionEnded,
  ticked,
  worked,
} from '../support/fact-builders.js'
import { given, lineOf } from '../support/given.js'
import { rowsIn } from '../support/kpi-events.js'

const hour = { families: ['queue'] as const, lateHorizonMs: minutes(60) }
const offered = (time: string) => emitted('nOffered', 1, time, { queue: 'sales' })
const reasons = (story: ReturnType<typeof given>) =>
  story.look().map(({ status, correction, revision }) => [status, correction, revision])

describe('what comes late', () => {
  test('within the grace period is part of the final row, as if it had arrived in time', () => {
    const story = given(hour).facts(offered('10:05'), ticked('10:19:59.999'), offered('10:06'), ticked('10:20'))
    expect(reasons(story)).toEqual([['final', null, 3]])
  })

  test('after the grace period restates the row each time, with the reason late', () => {
    const story = given(hour).facts(offered('10:05'), ticked('10:20'))
    expect(reasons(story)).toEqual([['final', null, 2]])
    story.then(offered('10:06'))
    expect(reasons(story)).toEqual([['corrected', 'late', 3]])
    story.then(ticked('10:40'), offered('10:07'))
    expect(reasons(story)).toEqual([['corrected', 'late', 4]])
  })

  test('as the first point of its row is a correction too', () => {
    expect(reasons(given(hour).facts(ticked('10:20'), offered('10:05')))).toEqual([['corrected', 'late', 1]])
  })

  test('as after-call work moves a handle time, with the reason handled', () => {
    const detail = { ...hour, points: 'detail-events' as const, lateHorizonMs: minutes(600) }
    const story = given(detail).facts(sessionEnded('ann', '10:05', { talkMs: 60_000 }), ticked('12:00'))
    expect(reasons(story)).toEqual([['final', null, 3]])
    story.then(worked('ann', 1_000, '12:01'))
    expect(reasons(story).sort()).toEqual([
      ['corrected', 'handled', 4],
      ['provisional', null, 2],
    ])
  })

  test('counts up to the horizon and is refused beyond it, with the instants and the horizon in words', () => {
    const story = given(hour).facts(offered('10:05'), ticked('11:19:59.999'))
    expect(reasons(story)).toEqual([['final', null, 2]])
    story.then(offered('10:00'))
    expect(reasons(story)).toEqual([['corrected', 'late', 3]])
    story
      .refuses(
        offered('09:59:59.999'),
        'too-late',
        /happened at 2026-01-05T09:59:59\.999Z.*closed through 2026-01-05T11:00:00\.000Z.*3600000.*rebuild/,
      )
      .then(ticked('11:20'))
      .refuses(offered('10:14:59.999'), 'too-late', /2026-01-05T10:14:59\.999Z/)
      .emitsNothing()
      .then(offered('10:15'))
      .emits('queue sales voice 10:15 corrected 1: nOffered 1')
  })

  test('is never too late before an interval has closed', () => {
    given(hour).facts(offered('2020-01-01T00:00')).emits('queue sales voice 2020-01-01T00:00 provisional 1: nOffered 1')
  })

  test('detail events are refused by their own instant, before any of their points counts', () => {
    given({ ...hour, points: 'detail-events' })
      .facts(ticked('12:00'))
      .refuses(queued('sales', '10:05'), 'too-late', /10:05/)
      .refuses(leftQueue('sales', 'ABANDON', 1_000, '10:05'), 'too-late', /10:05/)
      .refuses(sessionEnded('ann', '10:05', { talkMs: 1_000 }), 'too-late', /10:05/)
      .refuses(worked('ann', 1_000, '10:05'), 'too-late', /10:05/)
      .emitsNothing()
      .then(sessionEnded('ann', '11:01', { talkMs: 1_000 }))
      .emits('queue sales voice 11:00 corrected 1: tTalkComplete 1000')
  })

  test('facts of another point source are not refused, because they would not count', () => {
    given({ ...hour, points: 'detail-events' })
      .facts(ticked('12:00'), offered('08:00'))
      .emitsNothing()
    given(hour).facts(ticked('12:00'), queued('sales', '08:00')).emitsNothing()
  })

  test('of a conversation record the points in time count, and the record is refused for the others', () => {
    const record = recorded('c1', offered('08:00'), offered('11:50'))
    given({ ...hour, points: 'conversation-details' })
      .facts(ticked('12:00'))
      .refuses(record, 'too-late', /08:00/)
      .emits('queue sales voice 11:45 provisional 1: nOffered 1')
      .refuses(record, 'too-late', /08:00/)
      .emitsNothing()
  })
})

describe('in history', () => {
  test('no point is too late, until history ends', () => {
    given(hour, { inHistory: true })
      .facts(ticked('12:00'), offered('08:00'))
      .emits('queue sales voice 08:00 corrected 1: nOffered 1')
      .endHistory()
      .refuses(offered('08:01'), 'too-late', /08:01/)
  })

  test('no state is too late either; outside history a state is', () => {
    const states = { ...hour, families: ['agent-state'] as const }
    given(states, { inHistory: true }).facts(ticked('12:00'), entered('ann', 'IDLE', '08:00'))
    given(states)
      .facts(ticked('12:00'))
      .refuses(entered('ann', 'IDLE', '10:44'), 'too-late', /10:44/)
      .then(entered('ann', 'IDLE', '10:45'))
  })
})

describe('what is stamped ahead of its receipt', () => {
  const receivedAt = at('10:00')
  const apply = (fact: Fact, overrides: Partial<Profile> = {}) => {
    const projection = new KpiProjection('acme', { ...defaultProfile, ...overrides })
    const refusal = projection.apply(fact, receivedAt)
    return { refusal, lines: rowsIn(projection.drainEvents()).map(lineOf), state: projection.save() }
  }
  const years = '2099-03-02T10:00:10'

  test('by no more than clocks differ counts', () => {
    expect(apply(offered('11:00')).refusal).toBeUndefined()
    expect(apply(offered('11:00:00.001')).refusal).toMatchObject({
      reason: 'too-early',
      detail: expect.stringMatching(
        /2026-01-05T11:00:00.001Z .* received at 2026-01-05T10:00.* aheadMaxMs \(3600000\)/,
      ) as unknown,
    })
  })

  test.each<[string, Fact, Partial<Profile>]>([
    ['a metric record', offered(years), {}],
    ['a detail event', queued('sales', years), { points: 'detail-events' }],
    ['an agent state', entered('ann', 'IDLE', years), {}],
  ])('by decades is refused and makes no row: %s', (_, fact, overrides) => {
    const { refusal, lines, state } = apply(fact, overrides)
    expect(refusal?.reason).toBe('too-early')
    expect(lines).toEqual([])
    expect([state.agentStates, state.cells.open]).toEqual([[], []])
  })

  test('is left out of a conversation record, whose other emissions count', () => {
    const record = recorded('c1', offered('09:50'), offered(years))
    const details = { points: 'conversation-details' as const, families: ['queue'] as const }
    const { refusal, lines } = apply(record, details)
    expect(refusal?.reason).toBe('too-early')
    expect(lines).toEqual(['queue sales voice 09:45 provisional 1: nOffered 1'])
  })

  test('counts under a profile that allows for it, and where the time of receipt is unknown', () => {
    expect(apply(offered('12:00'), { aheadMaxMs: 7_200_000 }).refusal).toBeUndefined()
    given(hour).facts(offered(years))
  })
})
