import { describe, expect, test } from 'vitest'
import { defaultProfile } from '../../../src/domain/profile.js'
import {
  customerEnded,
  customerStarted,
  emitted,
  entered,
  leftQueue,
  queued,
  sessionEnded,
  sessionStarted,
  ticked,
  worked,
} from '../../support/fact-builders.js'
import { lastRows, rowsOf, sayingOf } from '../../support/given.js'
import {
  a,
  annInA,
  b,
  bobInB,
  bothTell,
  eventsTell,
  of,
  recordsTell,
  session,
  told,
} from '../../support/worked-case.js'

describe('transfers', () => {
  test('blind, to queue B: A answered and transferred, B offered and answered from its own offer; both agents handled', () => {
    bothTell(
      [
        a('nOffered', 1, '10:00'),
        a('tAcd', 5_000, '10:00:05'),
        annInA('tAnswered', 5_000, '10:00:05'),
        annInA('tTalkComplete', 895_000, '10:15'),
        annInA('tHandle', 895_000, '10:15'),
        annInA('nTransferred', 1, '10:15'),
        annInA('nBlindTransferred', 1, '10:15'),
        b('nOffered', 1, '10:15'),
        b('tAcd', 6_000, '10:15:06'),
        bobInB('tAnswered', 6_000, '10:15:06'),
        bobInB('tTalkComplete', 900_000, '10:30:06'),
        bobInB('tHandle', 900_000, '10:30:06'),
      ],
      [
        queued('A', '10:00'),
        leftQueue('A', 'ANSWERED', 5_000, '10:00:05', { answeredUserId: 'ann' }),
        session('ann', 'A', '10:15', { talkMs: 895_000, disconnectType: 'TRANSFER' }),
        queued('B', '10:15', { sessionId: 'acd-2' }),
        leftQueue('B', 'ANSWERED', 6_000, '10:15:06', { sessionId: 'acd-2', answeredUserId: 'bob' }),
        session('bob', 'B', '10:30:06', { talkMs: 900_000 }),
      ],
      'queue A voice 10:00: nOffered 1, tAnswered 5000, tAcd 5000',
      'queue A voice 10:15: tTalkComplete 895000, tHandle 895000, nTransferred 1, nBlindTransferred 1',
      'queue B voice 10:15: nOffered 1, tAnswered 6000, tAcd 6000',
      'queue B voice 10:30: tTalkComplete 900000, tHandle 900000',
      'agent ann A voice 10:00: tAnswered 5000',
      'agent ann A voice 10:15: tTalkComplete 895000, tHandle 895000, nTransferred 1, nBlindTransferred 1',
      'agent bob B voice 10:15: tAnswered 6000',
      'agent bob B voice 10:30: tTalkComplete 900000, tHandle 900000',
    )
  })

  test('consult, to agent bob: consulted and transferred by ann; bob handled without having answered, in no queue', () => {
    const records = [
      annInA('nConsult', 1, '10:14'),
      annInA('nTransferred', 1, '10:16'),
      annInA('nConsultTransferred', 1, '10:16'),
      annInA('tTalkComplete', 300_000, '10:16'),
      annInA('tHandle', 300_000, '10:16'),
      emitted('tTalkComplete', 240_000, '10:20', { agent: 'bob' }),
      emitted('tHandle', 240_000, '10:20', { agent: 'bob' }),
    ]
    const events = [
      session('ann', 'A', '10:16', { talkMs: 300_000, disconnectType: 'CONSULT_TRANSFER' }),
      sessionStarted('bob', '10:14', { queueId: null }),
      sessionEnded('bob', '10:20', { queueId: null, talkMs: 240_000 }),
    ]
    const lines = [
      'queue A voice 10:15: tTalkComplete 300000, tHandle 300000, nTransferred 1, nConsultTransferred 1',
      'agent ann A voice 10:15: tTalkComplete 300000, tHandle 300000, nTransferred 1, nConsultTransferred 1',
      'agent bob - voice 10:15: tTalkComplete 240000, tHandle 240000',
    ]
    recordsTell(records, 'queue A voice 10:00: nConsult 1', 'agent ann A voice 10:00: nConsult 1', ...lines)
    // Events do not tell when a consultation began.
    eventsTell(events, ...lines)
  })
})

test('several queues in one conversation: each counts its own; the conversation counts once, where its record says', () => {
  const records = [
    a('nConversations', 1, '10:00'),
    ...[a, b].flatMap((queue, leg) => [
      queue('nOffered', 1, `10:0${leg}`),
      queue('tAcd', 30_000, `10:0${leg}:30`),
      queue('tFlowOut', 30_000, `10:0${leg}:30`),
    ]),
  ]
  const organisation = { families: ['organisation'] as const }
  expect(told('metric-records', records, organisation)).toEqual([
    'organisation voice 10:00: nOffered 2, tFlowOut 2x60000 (30000..30000), tAcd 2x60000 (30000..30000), nConversations 1',
  ])
  recordsTell(
    records,
    'queue A voice 10:00: nOffered 1, tFlowOut 30000, tAcd 30000, nConversations 1',
    'queue B voice 10:00: nOffered 1, tFlowOut 30000, tAcd 30000',
  )
  const events = ['A', 'B'].flatMap((queueId, leg) => [
    queued(queueId, `10:0${leg}`, { sessionId: `acd-${leg}` }),
    leftQueue(queueId, 'FLOW_OUT', 30_000, `10:0${leg}:30`, { sessionId: `acd-${leg}` }),
  ])
  eventsTell(
    events,
    'queue A voice 10:00: nOffered 1, tFlowOut 30000, tAcd 30000',
    'queue B voice 10:00: nOffered 1, tFlowOut 30000, tAcd 30000',
  )
})

describe('an agent calls out on behalf of a queue', () => {
  const leg = { direction: 'outbound' }
  const started = sessionStarted('ann', '10:14:40', { queueId: 'A', ...leg })

  test('and reaches the customer: outbound, contacting, dialing, connected, talk, handled', () => {
    bothTell(
      [
        annInA('nOutbound', 1, '10:14:40'),
        annInA('tContacting', 10_000, '10:14:50'),
        annInA('tDialing', 20_000, '10:15:10'),
        annInA('nConnected', 1, '10:15:10'),
        annInA('tTalkComplete', 60_000, '10:16:10'),
        annInA('tHandle', 90_000, '10:16:10'),
      ],
      [started, session('ann', 'A', '10:16:10', { ...leg, contactingMs: 10_000, dialingMs: 20_000, talkMs: 60_000 })],
      ...['queue A', 'agent ann A'].flatMap((cell) => [
        `${cell} voice 10:00: nOutbound 1, tContacting 10000`,
        `${cell} voice 10:15: tTalkComplete 60000, tHandle 90000, nConnected 1, tDialing 20000`,
      ]),
    )
  })

  test('and does not: nothing connected, handled all the same', () => {
    bothTell(
      [
        annInA('nOutbound', 1, '10:14:40'),
        annInA('tContacting', 10_000, '10:14:50'),
        annInA('tDialing', 20_000, '10:15:10'),
        annInA('tHandle', 30_000, '10:15:10'),
      ],
      [
        started,
        session('ann', 'A', '10:15:10', {
          ...leg,
          contactingMs: 10_000,
          dialingMs: 20_000,
          disconnectType: 'UNCALLABLE',
        }),
      ],
      ...['queue A', 'agent ann A'].flatMap((cell) => [
        `${cell} voice 10:00: nOutbound 1, tContacting 10000`,
        `${cell} voice 10:15: tHandle 30000, tDialing 20000`,
      ]),
    )
  })
})

test('several chats at once: talk adds up to more than the clock has, and occupancy is made of the time in states instead', () => {
  const families = ['agent', 'agent-occupancy'] as const
  const states = [
    entered('ann', 'INTERACTING', '10:00'),
    entered('ann', 'IDLE', '10:12'),
    entered('ann', 'OFF_QUEUE', '10:15'),
  ]
  const chats = ['1', '2'].map((sessionId) =>
    session('ann', 'A', '10:12', { sessionId, mediaType: 'chat', talkMs: 720_000 }),
  )
  const records = chats.flatMap(() =>
    (['tTalkComplete', 'tHandle'] as const).map((m) => of('A', 'ann', 'chat')(m, 720_000, '10:12')),
  )
  for (const [points, facts] of [
    ['metric-records', records],
    ['detail-events', chats],
  ] as const) {
    const rows = [
      ...lastRows(rowsOf([...states, ...facts, ticked('12:00')], { ...defaultProfile, points, families })).values(),
    ]
    const at10 = rows.filter((row) => sayingOf(row).includes(' 10:00:'))
    expect(at10.map(sayingOf).sort()).toEqual([
      'agent ann A chat 10:00: tTalkComplete 2x1440000 (720000..720000), tHandle 2x1440000 (720000..720000)',
      'agent-occupancy ann 10:00: tRoutingStatusIdle 180000, tRoutingStatusInteracting 720000',
    ])
    expect(at10.find(({ family }) => family === 'agent-occupancy')?.kpis['occupancy']).toEqual({
      numerator: 720_000,
      denominator: 900_000,
    })
  }
})

describe.each(['INACTIVITY', 'SESSION_EXPIRED', 'TAKEOVER'])(
  'a message that ends by %s a day later',
  (disconnectType) => {
    test('was answered when the agent accepted it, and its after-call work of days later takes the handle time with it', () => {
      const m = of('A', undefined, 'message')
      const ann = of('A', 'ann', 'message')
      const media = { mediaType: 'message' }
      bothTell(
        [
          m('nOffered', 1, '10:00'),
          m('tAcd', 40_000, '10:00:40'),
          ann('tAnswered', 40_000, '10:00:40'),
          ann('tTalkComplete', 86_400_000, '2026-01-06T10:00:40'),
          ann('tAcw', 60_000, '2026-01-08T09:00'),
          ann('tHandle', 86_460_000, '2026-01-08T09:00'),
        ],
        [
          queued('A', '10:00', media),
          leftQueue('A', 'ANSWERED', 40_000, '10:00:40', { ...media, answeredUserId: 'ann' }),
          session('ann', 'A', '2026-01-06T10:00:40', { ...media, talkMs: 86_400_000, disconnectType }),
          ticked('2026-01-07T12:00'),
          worked('ann', 60_000, '2026-01-08T09:00', { queueId: 'A', ...media }),
        ],
        'queue A message 10:00: nOffered 1, tAnswered 40000, tAcd 40000',
        'queue A message 2026-01-06T10:00: tTalkComplete 86400000',
        'queue A message 2026-01-08T09:00: tAcw 60000, tHandle 86460000',
        'agent ann A message 10:00: tAnswered 40000',
        'agent ann A message 2026-01-06T10:00: tTalkComplete 86400000',
        'agent ann A message 2026-01-08T09:00: tAcw 60000, tHandle 86460000',
      )
    })
  },
)

test("the customer's own leg carries no queue and no agent: it counts for the organisation alone", () => {
  const events = [customerStarted('10:14'), customerEnded(120_000, '10:16')]
  const records = [emitted('nConnected', 1, '10:14', {}), emitted('tConnected', 120_000, '10:16', {})]
  bothTell(records, events)
  for (const [points, facts] of [
    ['metric-records', records],
    ['detail-events', events],
  ] as const)
    expect(told(points, facts, { families: ['organisation'] })).toEqual([
      'organisation voice 10:00: nConnected 1',
      'organisation voice 10:15: tConnected 120000',
    ])
})
