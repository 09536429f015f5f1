import { describe, expect, test } from 'vitest'
import { familyNames } from '../../src/domain/family.js'
import { measureIn } from '../../src/domain/row.js'
import {
  emitted,
  flowEnded,
  flowStarted,
  initiated,
  leftQueue,
  outcomeReached,
  queued,
  sessionEnded,
  sessionStarted,
  ticked,
  voicemailEnded,
  worked,
} from '../support/fact-builders.js'
import { given, lineOf } from '../support/given.js'

const all = { families: familyNames }
const detail = { points: 'detail-events' as const }

describe('a point falls into each family whose dimension it carries', () => {
  const everything = {
    ...{ queue: 'sales', agent: 'ann', skillIds: ['german', 'billing'], languageId: 'de', wrapUpCode: 'sold' },
    ...{
      campaignId: 'spring',
      divisionIds: ['home', 'north'],
      direction: 'inbound',
      messageType: 'sms',
      media: 'message',
    },
  }

  test('once per family, and once per value where it carries several values', () => {
    given(all)
      .facts(emitted('tHandle', 9_000, '10:05', everything))
      .emits(
        ...[
          'queue sales',
          'agent ann sales',
          'skill german',
          'skill billing',
          'language de',
          'wrap-up sold',
          'campaign spring',
          'division home',
          'division north',
          'organisation',
        ].map((cell) => `${cell} message 10:00 provisional 1: tHandle 9000`),
      )
  })

  test('so rows of skills and divisions add up to more than the total', () => {
    const rows = given(all)
      .facts(emitted('nOffered', 1, '10:05', everything))
      .look()
    const total = (family: string) =>
      rows
        .filter((row) => row.family === family)
        .reduce((sum, row) => sum + (measureIn(row, 'nOffered')?.count ?? 0), 0)
    expect([total('skill'), total('division'), total('organisation')]).toEqual([2, 2, 1])
  })

  test('a skill or division that a point names twice counts once', () => {
    given({ families: ['skill', 'division'] })
      .facts(
        emitted('nOffered', 1, '10:05', { skillIds: ['german', 'german'], divisionIds: ['home', 'north', 'home'] }),
      )
      .emits(
        ...['skill german', 'division home', 'division north'].map(
          (cell) => `${cell} voice 10:00 provisional 1: nOffered 1`,
        ),
      )
  })

  test('a point without dimensions counts for the organisation alone; families that the profile does not ask for have no rows', () => {
    given(all)
      .facts(emitted('nConnected', 1, '10:05', {}))
      .emits('organisation voice 10:00 provisional 1: nConnected 1')
    given({ families: ['language'] })
      .facts(emitted('tHandle', 9_000, '10:05', everything))
      .emits('language de message 10:00 provisional 1: tHandle 9000')
    given({ families: [] })
      .facts(emitted('tHandle', 9_000, '10:05', everything), ticked('12:00'))
      .emitsNothing()
  })

  test('flow metrics belong to flows and the organisation, other metrics never to a flow', () => {
    given(all)
      .facts(
        emitted('tFlow', 9_000, '10:05', { ...everything, flowId: 'menu' }),
        emitted('tIvr', 9_500, '10:05', { flowId: 'menu', media: 'message' }),
      )
      .emits(
        'flow menu message 10:00 provisional 1: tFlow 9000',
        'organisation message 10:00 provisional 2: tIvr 9500, tFlow 9000',
      )
  })
})

describe('splits divide the families of points', () => {
  const calls = [
    emitted('nOffered', 1, '10:05', { queue: 'sales', direction: 'inbound' }),
    emitted('nOffered', 1, '10:05', { queue: 'sales', direction: 'outbound', messageType: 'sms' }),
    emitted('nOffered', 1, '10:05', { queue: 'sales' }),
  ]
  const keys = (...splitBy: readonly ('direction' | 'messageType')[]) =>
    given({ families: ['queue', 'organisation'], splitBy })
      .facts(...calls)
      .look()
      .map(({ key }) => key.replace('/PT15M/2026-01-05T10:00:00.000Z', ''))
      .sort()

  test('by direction, by message type, or by both; a value that a point does not carry is unknown', () => {
    expect(keys()).toEqual(['organisation/voice/-/-', 'queue/sales/voice/-/-'])
    expect(keys('direction')).toEqual(
      ['organisation/voice', 'queue/sales/voice'].flatMap((cell) =>
        ['inbound', 'outbound', 'unknown'].map((way) => `${cell}/${way}/-`),
      ),
    )
    expect(keys('messageType')).toEqual(
      ['organisation/voice', 'queue/sales/voice'].flatMap((cell) =>
        ['sms', 'unknown'].map((kind) => `${cell}/-/${kind}`),
      ),
    )
    expect(keys('direction', 'messageType')).toEqual(
      ['organisation/voice', 'queue/sales/voice'].flatMap((cell) =>
        ['inbound/unknown', 'outbound/sms', 'unknown/unknown'].map((both) => `${cell}/${both}`),
      ),
    )
  })

  test('splits do not divide the families of agent states', () => {
    const rows = given({ families: ['agent-state'], splitBy: ['direction', 'messageType'] })
      .facts(
        {
          type: 'AgentStateEntered',
          userId: 'ann',
          kind: 'routingStatus',
          state: 'IDLE',
          at: Date.UTC(2026, 0, 5, 10),
        },
        ticked('10:20'),
      )
      .look()
    expect(rows.map(({ dimensions }) => dimensions)).toEqual([['ann', 'routingStatus', 'IDLE']])
  })
})

describe('from detail events', () => {
  test('points have skills and language of the queue session, divisions of each session, and the wrap-up code of the after-call work', () => {
    given({ ...detail, families: ['skill', 'language', 'division', 'wrap-up'] })
      .facts(
        queued('sales', '10:00', { skillIds: ['german', 'billing'], divisionId: 'home' }),
        leftQueue('sales', 'ANSWERED', 5_000, '10:00:05', {
          skillIds: ['german'],
          languageId: 'de',
          answeredUserId: 'ann',
        }),
        sessionEnded('ann', '10:05', { talkMs: 60_000, divisionId: 'north' }),
        worked('ann', 5_000, '10:06', { wrapUpCode: 'sold' }),
      )
      .emits(
        'skill billing voice 10:00 provisional 1: nOffered 1',
        'skill german voice 10:00 provisional 3: nOffered 1, tAnswered 5000, tAcd 5000',
        'language de voice 10:00 provisional 2: tAnswered 5000, tAcd 5000',
        'division home voice 10:00 provisional 1: nOffered 1',
        'division north voice 10:00 provisional 2: tTalkComplete 60000, tHandle 65000',
        'wrap-up sold voice 10:00 provisional 2: tAcw 5000, tHandle 65000',
      )
  })

  test('a voicemail counts at its end; one without length does not count', () => {
    given({ ...detail, families: ['queue'] })
      .facts(voicemailEnded(30_000, '10:15'), voicemailEnded(0, '10:16'))
      .emits('queue sales voice 10:15 provisional 1: tVoicemail 30000')
  })

  describe('a flow', () => {
    const flow = { ...detail, families: ['flow'] as const }

    test('counts when the interaction leaves it, with its duration, and not when it begins', () => {
      given(flow)
        .facts(flowStarted('10:14'))
        .emitsNothing()
        .then(flowEnded(90_000, 'TRANSFER', '10:15:30'))
        .emits('flow menu voice 10:15 provisional 3: nFlow 1, tFlow 90000, tFlowExit 90000')
    })

    test.each([
      ['TRANSFER', 'tFlowExit'],
      ['FLOW_EXIT', 'tFlowExit'],
      ['USER_EXIT', 'tFlowExit'],
      ['FLOW_ERROR_EXIT', 'tFlowExit'],
      ['RECOGNITION_FAILURE_EXIT', 'tFlowExit'],
      ['DISCONNECT', 'tFlowDisconnect'],
      ['FLOW_DISCONNECT', 'tFlowDisconnect'],
      ['FLOW_ERROR_DISCONNECT', 'tFlowDisconnect'],
      ['SESSION_EXPIRE_DISCONNECT', 'tFlowDisconnect'],
      ['RECOGNITION_FAILURE_DISCONNECT', 'tFlowDisconnect'],
    ])('left by %s counts as %s', (exitReason, metric) => {
      given(flow)
        .facts(flowEnded(9_000, exitReason, '10:05'))
        .emits(`flow menu voice 10:00 provisional 3: nFlow 1, tFlow 9000, ${metric} 9000`)
    })

    test('left for an unknown reason counts neither as exit nor as disconnect', () => {
      given(flow)
        .facts(flowEnded(9_000, 'UNKNOWN', '10:05'))
        .emits('flow menu voice 10:00 provisional 2: nFlow 1, tFlow 9000')
    })

    test('reaches outcomes: all of them count, failures also as failures, their time where start and end are known, and milestones', () => {
      const [startedAt, endedAt] = [Date.UTC(2026, 0, 5, 10, 4), Date.UTC(2026, 0, 5, 10, 4, 30)]
      const story = given(flow).facts(
        outcomeReached('SUCCESS', '10:05', { startedAt, endedAt, milestones: 2 }),
        outcomeReached('FAILURE', '10:06', { startedAt }),
        outcomeReached('UNKNOWN', '10:07', { startedAt: endedAt, endedAt: startedAt }),
      )
      const row = story.lookAtOne()
      expect(lineOf(row)).toBe(
        'flow menu voice 10:00 provisional 7: nFlowMilestone 2, nFlowOutcome 3, nFlowOutcomeFailed 1, tFlowOutcome 30000',
      )
      expect(row.kpis['flowOutcomeSuccess']).toEqual({ numerator: 2, denominator: 3 })
    })
  })

  describe('a campaign', () => {
    const campaign = { ...detail, families: ['campaign', 'queue'] as const }
    const outbound = { direction: 'outbound' }
    const call = [
      sessionStarted('ann', '10:00', outbound),
      sessionEnded('ann', '10:05', { ...outbound, dialingMs: 10_000, talkMs: 60_000 }),
      worked('ann', 5_000, '10:06', outbound),
    ]
    const counted = 'tTalkComplete 60000, tAcw 5000, tHandle 75000, nConnected 1, nOutbound 1, tDialing 10000'

    test('has all points of the conversations that it began, from the event that names it', () => {
      given(campaign)
        .facts(initiated('spring', '09:59'), ...call)
        .emits(
          `campaign spring voice 10:00 provisional 6: ${counted}`,
          `queue sales voice 10:00 provisional 6: ${counted}`,
        )
    })

    test('also has the points that arrived before the event that names it, and no other family counts them twice', () => {
      given(campaign)
        .facts(...call)
        .emits(`queue sales voice 10:00 provisional 6: ${counted}`)
        .then(initiated('spring', '09:59'))
        .emits(`campaign spring voice 10:00 provisional 6: ${counted}`)
    })

    test('takes back a handle time that after-call work moves, also where the campaign became known late', () => {
      const moved = [
        'campaign spring voice 10:00 corrected 6: tTalkComplete 60000, nConnected 1, nOutbound 1, tDialing 10000',
        'campaign spring voice 12:00 provisional 2: tAcw 5000, tHandle 75000',
      ]
      const work = worked('ann', 5_000, '12:01', outbound)
      const before = given({ ...campaign, families: ['campaign'] }).facts(
        ...call.slice(0, 2),
        initiated('spring', '09:59'),
        ticked('12:00'),
      )
      before.look()
      before
        .then(work)
        .emits(
          'campaign spring voice 10:00 corrected 7: tTalkComplete 60000, nConnected 1, nOutbound 1, tDialing 10000',
          moved[1] as string,
        )
      const between = given({ ...campaign, families: ['campaign'] }).facts(
        ...call.slice(0, 2),
        ticked('12:00'),
        initiated('spring', '09:59'),
      )
      between.emits(
        'campaign spring voice 10:00 corrected 5: tTalkComplete 60000, tHandle 70000, nConnected 1, nOutbound 1, tDialing 10000',
      )
      between.then(work).emits(...moved)
      given({ ...campaign, families: ['campaign'] })
        .facts(...call.slice(0, 2), ticked('12:00'), work, initiated('spring', '09:59'))
        .emits(
          'campaign spring voice 10:00 corrected 6: tTalkComplete 60000, nConnected 1, nOutbound 1, tDialing 10000',
          moved[1] as string,
        )
    })

    test('of a conversation is the one named first; inbound sessions and other conversations have none', () => {
      given({ ...campaign, families: ['campaign'] })
        .facts(initiated('spring', '09:59'), initiated('summer', '09:59'), ...call)
        .emits(`campaign spring voice 10:00 provisional 6: ${counted}`)
        .then(
          sessionEnded('bob', '10:05', { talkMs: 1_000, direction: 'inbound' }),
          sessionEnded('cy', '10:05', { talkMs: 1_000, ...outbound, conversationId: 'c2' }),
        )
        .emitsNothing()
    })
  })
})
