import { describe, expect, test } from 'vitest'
import { defaultProfile } from '../../../src/domain/profile.js'
import { measureIn } from '../../../src/domain/row.js'
import {
  emitted,
  entered,
  initiated,
  minutes,
  published,
  sessionEnded,
  ticked,
  worked,
} from '../../support/fact-builders.js'
import { given, sayingOf } from '../../support/given.js'

const queue = { families: ['queue'] as const }
const answered = (time: string, more: Parameters<typeof emitted>[3] = {}) =>
  emitted('tAnswered', 9_000, time, { queue: 'sales', ...more })

describe('a published profile takes effect from its instant on', () => {
  test('for the families: an interval is wholly under the profile in force when it began', () => {
    given(queue)
      .facts(published('10:15', { families: ['language'] }))
      .then(answered('10:14:59.999', { languageId: 'de' }), answered('10:15', { languageId: 'de' }))
      .emits(
        'queue sales voice 10:00 provisional 1: tAnswered 9000',
        'language de voice 10:15 provisional 1: tAnswered 9000',
      )
    given(queue)
      .facts(published('10:20', { families: ['language'] }))
      .then(answered('10:29', { languageId: 'de' }), answered('10:30', { languageId: 'de' }))
      .emits(
        'queue sales voice 10:15 provisional 1: tAnswered 9000',
        'language de voice 10:30 provisional 1: tAnswered 9000',
      )
  })

  test('for the families of agent states', () => {
    given({ families: ['agent-state'] })
      .facts(
        published('10:15', { families: ['agent-occupancy'] }),
        entered('ann', 'IDLE', '10:10'),
        entered('ann', 'INTERACTING', '10:20'),
      )
      .emits(
        'agent-state ann routingStatus IDLE 10:00 provisional 1: tAgentRoutingStatus 300000',
        'agent-occupancy ann 10:15 provisional 1: tRoutingStatusIdle 300000',
      )
  })

  test('the split', () => {
    const inbound = { direction: 'inbound' }
    given(queue)
      .facts(
        published('10:15', { ...queue, splitBy: ['direction'] }),
        answered('10:05', inbound),
        answered('10:20', inbound),
      )
      .emits(
        'queue sales voice 10:00 provisional 1: tAnswered 9000',
        'queue sales voice inbound 10:15 provisional 1: tAnswered 9000',
      )
  })

  test('the quantiles', () => {
    const [before, after] = given(queue)
      .facts(published('10:15', { ...queue, quantiles: ['tAnswered'] }), answered('10:05'), answered('10:20'))
      .look()
    expect(before && measureIn(before, 'tAnswered')?.sketch).toHaveLength(0)
    expect(after && measureIn(after, 'tAnswered')?.sketch).toHaveLength(1)
  })

  test('KPIs, options and the short-abandon threshold', () => {
    const kpi = {
      name: 'waitSeconds',
      unit: 'number',
      formula: 'tWait.sum / 1000',
      families: ['queue'],
      doc: 'Waited.',
    } as const
    const serviceLevel = { ...defaultProfile.serviceLevel, includeAbandons: false }
    const short = { ...queue, shortAbandonMs: 1_000, serviceLevel, kpis: [kpi] }
    const facts = ['10:05', '10:20'].flatMap((time) => [
      answered(time),
      emitted('tAbandon', 2_000, time, { queue: 'sales' }),
    ])
    const [before, after] = given(queue)
      .facts(published('10:15', short), ...facts)
      .look()
    expect(before && measureIn(before, 'tShortAbandon')?.count).toBe(1)
    expect(after && measureIn(after, 'tShortAbandon')).toBeUndefined()
    expect(before?.kpis['serviceLevel']).toEqual({ numerator: 1, denominator: 2 })
    expect(after?.kpis['serviceLevel']).toEqual({ numerator: 1, denominator: 1 })
    expect(before?.kpis['waitSeconds']).toBeUndefined()
    expect(after?.kpis['waitSeconds']).toEqual({ numerator: 11, denominator: null })
  })

  test('for the reading of detail events: transfers, missed alerts, and the horizon of after-call work', () => {
    const correlation = {
      ...defaultProfile.correlation,
      transfers: ['PEER'],
      blindTransfers: [],
      acwHorizonMs: minutes(5),
    }
    given({ families: ['agent'], points: 'detail-events' })
      .facts(published('10:15', { families: ['agent'], correlation }))
      .then(
        sessionEnded('ann', '10:10', { talkMs: 1_000 }),
        sessionEnded('bob', '10:16', { talkMs: 2_000 }),
        ticked('10:30'),
      )
      .emits(
        'agent ann sales voice 10:00 final 2: tTalkComplete 1000',
        'agent bob sales voice 10:15 provisional 3: tTalkComplete 2000, tHandle 2000, nTransferred 1',
      )
  })

  test('for campaigns, where no profile before asked for them', () => {
    const out = { direction: 'outbound' }
    given({ families: ['agent'], points: 'detail-events' })
      .facts(initiated('spring', '10:10'), published('10:15', { families: ['campaign'] }))
      .then(sessionEnded('ann', '10:20', { ...out, talkMs: 1_000 }))
      .emits('campaign spring voice 10:15 provisional 1: tTalkComplete 1000')
    given({ families: ['agent'], points: 'detail-events' })
      .facts(published('10:15', { families: ['campaign'] }), sessionEnded('ann', '10:20', { ...out, talkMs: 1_000 }))
      .emitsNothing()
      .then(initiated('spring', '10:10'))
      .emits('campaign spring voice 10:15 provisional 1: tTalkComplete 1000')
  })

  test('the later of two profiles is in force after its own instant, in whatever order they were published', () => {
    const [skills, languages] = [
      published('10:15', { families: ['skill'] }),
      published('10:30', { families: ['language'] }),
    ]
    for (const profiles of [
      [skills, languages],
      [languages, skills],
    ])
      given(queue)
        .facts(...profiles)
        .then(...['10:05', '10:20', '10:35'].map((time) => answered(time, { languageId: 'de', skillIds: ['german'] })))
        .emits(
          'queue sales voice 10:00 provisional 1: tAnswered 9000',
          'skill german voice 10:15 provisional 1: tAnswered 9000',
          'language de voice 10:30 provisional 1: tAnswered 9000',
        )
  })
})

describe('the structure of a generation does not change while it runs', () => {
  test('source, interval, roll-ups, grace and horizon of a published profile wait for the next generation', () => {
    given(queue)
      .facts(
        published('09:00', {
          ...queue,
          ...{
            points: 'detail-events',
            intervalMs: minutes(60),
            rollUps: ['P1D'],
            graceMs: minutes(30),
            lateHorizonMs: 0,
          },
        }),
      )
      .then(answered('10:05'), ticked('10:20'))
      .emits('queue sales voice 10:00 final 2: tAnswered 9000')
      .then(answered('10:06'))
      .emits('queue sales voice 10:00 corrected 3: tAnswered 2x18000 (9000..9000)')
  })
})

describe('a profile that becomes known after intervals under it have begun', () => {
  const skills = { families: ['skill'] as const }

  test('leaves those intervals, open or closed, their choice of cells, and chooses the cells of the next', () => {
    const german = { skillIds: ['german'] }
    given(queue)
      .facts(answered('10:05', german), ticked('10:20'), answered('10:25', german))
      .emits('queue sales voice 10:00 final 2: tAnswered 9000', 'queue sales voice 10:15 provisional 1: tAnswered 9000')
      .then(published('10:00', skills), ...['10:06', '10:26', '10:31'].map((time) => answered(time, german)))
      .emits(
        'queue sales voice 10:00 corrected 3: tAnswered 2x18000 (9000..9000)',
        'queue sales voice 10:15 provisional 2: tAnswered 2x18000 (9000..9000)',
        'skill german voice 10:30 provisional 1: tAnswered 9000',
      )
  })

  test('lets a handle time be taken back from the cells that counted it', () => {
    given({ ...queue, points: 'detail-events' })
      .facts(sessionEnded('ann', '10:05', { talkMs: 60_000 }), ticked('11:30'))
      .emits('queue sales voice 10:00 final 3: tTalkComplete 60000, tHandle 60000')
      .then(published('10:00', { ...queue, splitBy: ['direction'] }), worked('ann', 5_000, '11:40'))
      .emits(
        'queue sales voice 10:00 corrected 4: tTalkComplete 60000',
        'queue sales voice inbound 11:30 provisional 2: tAcw 5000, tHandle 65000',
      )
      .then(ticked('12:00'))
      .emits('queue sales voice inbound 11:30 final 3: tAcw 5000, tHandle 65000')
  })

  test('takes no time in states from rows that never had it', () => {
    given({ families: ['agent-state'] })
      .facts(entered('ann', 'IDLE', '10:00'), ticked('10:20'))
      .emits('agent-state ann routingStatus IDLE 10:00 final 2: tAgentRoutingStatus 900000')
      .then(published('10:00', { families: ['agent-occupancy'] }), entered('ann', 'OFF_QUEUE', '10:10'))
      .emits(
        'agent-state ann routingStatus IDLE 10:00 corrected 3: tAgentRoutingStatus 600000',
        'agent-state ann routingStatus OFF_QUEUE 10:00 corrected 1: tAgentRoutingStatus 300000',
      )
  })

  test('renders the rows of those intervals, because KPIs are computed from what was counted', () => {
    const kpis = [
      { name: 'answers', unit: 'count', formula: 'tAnswered.count + 0 * tWait.count', families: ['queue'], doc: '' },
    ] as const
    const row = given(queue)
      .facts(answered('10:05'), published('10:00', { ...queue, kpis }))
      .lookAtOne()
    expect(row.revision).toBe(2)
    expect(row.kpis['answers']).toEqual({ numerator: 1, denominator: null })
  })
})

test('a profile published twice takes effect once', () => {
  const profile = published('10:00', { ...queue, shortAbandonMs: 1 })
  const story = given(queue).facts(emitted('tAbandon', 2_000, '10:05', { queue: 'sales' }), profile)
  expect(story.look().map((row) => [sayingOf(row), row.revision])).toEqual([
    ['queue sales voice 10:00: tAbandon 2000', 2],
  ])
  story.then({ ...profile }).emitsNothing()
})
