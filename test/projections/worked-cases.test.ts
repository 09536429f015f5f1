import { describe, expect, test } from 'vitest'
import type { Fact, MetricEmitted } from '../../src/domain/fact.js'
import type { MetricName } from '../../src/domain/metric.js'
import { defaultProfile, type Profile } from '../../src/domain/profile.js'
import {
  configured,
  customerEnded,
  customerStarted,
  emitted,
  entered,
  leftQueue,
  minutes,
  queued,
  sessionEnded,
  sessionStarted,
  ticked,
  worked,
} from '../support/fact-builders.js'
import { lastRows, rowsOf, sayingOf } from '../support/given.js'

/**
 * One conversation at a time, in words and numbers: what each queue and each agent is told in which interval, from
 * metric records and from detail events. Where both sources can say a case, they must say the same; what events cannot
 * tell is absent, not zero.
 */
const told = (
  points: Profile['points'],
  facts: readonly Fact[],
  overrides: Partial<Profile> = {},
): readonly string[] => {
  const profile = { ...defaultProfile, families: ['queue', 'agent'] as const, ...overrides, points }
  const settled = ticked('2026-01-20T00:00') // all is closed, and whoever waits for after-call work has waited long enough
  return [...lastRows(rowsOf([...facts, settled], profile)).values()].map(sayingOf).sort()
}

const recordsTell = (facts: readonly Fact[], ...lines: readonly string[]): void =>
  expect(told('metric-records', facts)).toEqual([...lines].sort())
const eventsTell = (facts: readonly Fact[], ...lines: readonly string[]): void =>
  expect(told('detail-events', facts)).toEqual([...lines].sort())
const bothTell = (records: readonly Fact[], events: readonly Fact[], ...lines: readonly string[]): void => {
  recordsTell(records, ...lines)
  eventsTell(events, ...lines)
}

/** Metric records of one queue, of one agent in a queue. */
const of =
  (queue: string, agent?: string, media = 'voice') =>
  (metric: MetricName, value: number, time: string): MetricEmitted =>
    emitted(metric, value, time, { queue, media, ...(agent === undefined ? {} : { agent }) })

const a = of('A')
const b = of('B')
const annInA = of('A', 'ann')
const bobInA = of('A', 'bob')
const bobInB = of('B', 'bob')
const session = (userId: string, queueId: string, time: string, more: Parameters<typeof sessionEnded>[2]) =>
  sessionEnded(userId, time, { queueId, ...more })

describe('an inbound call and one agent', () => {
  test('offered before the edge, answered, held and talked after it, worked after the next: each in the interval of its own instant', () => {
    bothTell(
      [
        a('nOffered', 1, '10:14:50'),
        a('tAcd', 12_000, '10:15:02'),
        annInA('tAnswered', 12_000, '10:15:02'),
        annInA('tAlert', 4_000, '10:15:02'),
        annInA('tHeldComplete', 40_000, '10:25'),
        annInA('tTalkComplete', 838_000, '10:29:40'),
        annInA('tAcw', 30_000, '10:30:10'),
        annInA('tHandle', 908_000, '10:30:10'),
      ],
      [
        queued('A', '10:14:50'),
        leftQueue('A', 'ANSWERED', 12_000, '10:15:02', { answeredUserId: 'ann' }),
        sessionStarted('ann', '10:14:58', { queueId: 'A' }),
        session('ann', 'A', '10:29:40', { alertMs: 4_000, talkMs: 838_000, heldMs: 40_000 }),
        worked('ann', 30_000, '10:30:10', { queueId: 'A' }),
      ],
      'queue A voice 10:00: nOffered 1',
      'queue A voice 10:15: tAnswered 12000, tAcd 12000, tTalkComplete 838000, tHeldComplete 40000, tAlert 4000',
      'queue A voice 10:30: tAcw 30000, tHandle 908000',
      'agent ann A voice 10:15: tAnswered 12000, tTalkComplete 838000, tHeldComplete 40000, tAlert 4000',
      'agent ann A voice 10:30: tAcw 30000, tHandle 908000',
    )
  })

  test('answered late: over the service level too', () => {
    bothTell(
      [
        a('nOffered', 1, '10:00'),
        a('tAcd', 25_000, '10:00:25'),
        annInA('tAnswered', 25_000, '10:00:25'),
        annInA('nOverSla', 1, '10:00:25'),
      ],
      [queued('A', '10:00'), leftQueue('A', 'ANSWERED', 25_000, '10:00:25', { answeredUserId: 'ann' })],
      'queue A voice 10:00: nOffered 1, tAnswered 25000, tAcd 25000, nOverSla 1',
      'agent ann A voice 10:00: tAnswered 25000, nOverSla 1',
    )
  })

  test('the agent connects some milliseconds after the queue session ended, over the edge: only records tell that', () => {
    recordsTell(
      [a('tAcd', 12_000, '10:14:59.990'), annInA('tAnswered', 12_000, '10:15:00.007')],
      'queue A voice 10:00: tAcd 12000',
      'queue A voice 10:15: tAnswered 12000',
      'agent ann A voice 10:15: tAnswered 12000',
    )
    eventsTell(
      [leftQueue('A', 'ANSWERED', 12_000, '10:14:59.990', { answeredUserId: 'ann' })],
      'queue A voice 10:00: tAnswered 12000, tAcd 12000',
      'agent ann A voice 10:00: tAnswered 12000',
    )
  })
})

describe('ring, no answer, then answered by another', () => {
  test('the queue offered and answered once; the first agent was alerted, did not respond and was in error, the second answered', () => {
    const records = [
      a('nOffered', 1, '10:14:30'),
      annInA('tAlert', 20_000, '10:14:55'),
      annInA('tNotResponding', 20_000, '10:14:55'),
      annInA('nError', 1, '10:14:55'),
      a('tAcd', 35_000, '10:15:05'),
      bobInA('tAnswered', 35_000, '10:15:05'),
      bobInA('nOverSla', 1, '10:15:05'),
      bobInA('tAlert', 8_000, '10:15:05'),
      bobInA('tTalkComplete', 60_000, '10:16:05'),
      bobInA('tHandle', 60_000, '10:16:05'),
    ]
    const events = [
      queued('A', '10:14:30'),
      session('ann', 'A', '10:14:55', { alertMs: 20_000, disconnectType: 'NO_ANSWER_TRANSFER' }),
      leftQueue('A', 'ANSWERED', 35_000, '10:15:05', { answeredUserId: 'bob' }),
      session('bob', 'A', '10:16:05', { alertMs: 8_000, talkMs: 60_000 }),
    ]
    const answered = [
      'queue A voice 10:15: tAnswered 35000, tAcd 35000, nOverSla 1, tTalkComplete 60000, tHandle 60000, tAlert 8000',
      'agent bob A voice 10:15: tAnswered 35000, nOverSla 1, tTalkComplete 60000, tHandle 60000, tAlert 8000',
    ]
    recordsTell(
      records,
      'queue A voice 10:00: nOffered 1, tAlert 20000, tNotResponding 20000, nError 1',
      'agent ann A voice 10:00: tAlert 20000, tNotResponding 20000, nError 1',
      ...answered,
    )
    // Detail events say nothing of errors.
    eventsTell(
      events,
      'queue A voice 10:00: nOffered 1, tAlert 20000, tNotResponding 20000',
      'agent ann A voice 10:00: tAlert 20000, tNotResponding 20000',
      ...answered,
    )
  })

  test('the agent who did not respond may have after-call work, and is then handled, though never talked', () => {
    bothTell(
      [
        annInA('tAlert', 20_000, '10:14:55'),
        annInA('tNotResponding', 20_000, '10:14:55'),
        annInA('tAcw', 6_000, '10:15:01'),
        annInA('tHandle', 6_000, '10:15:01'),
      ],
      [
        session('ann', 'A', '10:14:55', { alertMs: 20_000, disconnectType: 'TIMEOUT' }),
        worked('ann', 6_000, '10:15:01', { queueId: 'A' }),
      ],
      ...['queue A', 'agent ann A'].flatMap((cell) => [
        `${cell} voice 10:00: tAlert 20000, tNotResponding 20000`,
        `${cell} voice 10:15: tAcw 6000, tHandle 6000`,
      ]),
    )
  })
})

test('a caller who hangs up while it rings: abandoned; the alerted agent was alerted and nothing else', () => {
  bothTell(
    [
      a('nOffered', 1, '10:14:50'),
      a('tAcd', 15_000, '10:15:05'),
      a('tAbandon', 15_000, '10:15:05'),
      annInA('tAlert', 8_000, '10:15:05'),
    ],
    [
      queued('A', '10:14:50'),
      leftQueue('A', 'ABANDON', 15_000, '10:15:05'),
      session('ann', 'A', '10:15:05', { alertMs: 8_000, disconnectType: 'PEER' }),
    ],
    'queue A voice 10:00: nOffered 1',
    'queue A voice 10:15: tAbandon 15000, tAcd 15000, tAlert 8000',
    'agent ann A voice 10:15: tAlert 8000',
  )
})

test('a time-out in queue A to queue B: A offered and flowed out; B offered, and its wait begins at its own offer', () => {
  bothTell(
    [
      a('nOffered', 1, '10:14'),
      a('tAcd', 120_000, '10:16'),
      a('tFlowOut', 120_000, '10:16'),
      b('nOffered', 1, '10:16'),
      b('tAcd', 5_000, '10:16:05'),
      bobInB('tAnswered', 5_000, '10:16:05'),
    ],
    [
      queued('A', '10:14'),
      leftQueue('A', 'FLOW_OUT', 120_000, '10:16'),
      queued('B', '10:16', { sessionId: 'acd-2' }),
      leftQueue('B', 'ANSWERED', 5_000, '10:16:05', { sessionId: 'acd-2', answeredUserId: 'bob' }),
    ],
    'queue A voice 10:00: nOffered 1',
    'queue A voice 10:15: tFlowOut 120000, tAcd 120000',
    'queue B voice 10:15: nOffered 1, tAnswered 5000, tAcd 5000',
    'agent bob B voice 10:15: tAnswered 5000',
  )
})

test('a callback asked for in the queue: the voice session flowed out, the callback is offered again as callback, handled on its voice leg', () => {
  const c = of('A', undefined, 'callback')
  const media = { mediaType: 'callback', sessionId: 'acd-cb' }
  const leg = { direction: 'outbound', sessionId: 's-leg' }
  bothTell(
    [
      a('nOffered', 1, '10:00'),
      a('tAcd', 90_000, '10:01:30'),
      a('tFlowOut', 90_000, '10:01:30'),
      c('nOffered', 1, '10:20'),
      c('tAcd', 60_000, '10:21'),
      of('A', 'ann', 'callback')('tAnswered', 60_000, '10:21'),
      annInA('nOutbound', 1, '10:29:40'),
      annInA('tContacting', 5_000, '10:29:45'),
      annInA('tDialing', 15_000, '10:30'),
      annInA('nConnected', 1, '10:30'),
      annInA('tTalkComplete', 60_000, '10:31'),
      annInA('tHandle', 80_000, '10:31'),
    ],
    [
      queued('A', '10:00'),
      leftQueue('A', 'FLOW_OUT', 90_000, '10:01:30'),
      { ...configured('A', '09:00', {}), callbackMode: 'AgentFirst' },
      queued('A', '10:20', media),
      leftQueue('A', 'ANSWERED', 60_000, '10:21', { ...media, answeredUserId: 'ann' }),
      sessionStarted('ann', '10:29:40', { queueId: 'A', ...leg }),
      session('ann', 'A', '10:31', { ...leg, contactingMs: 5_000, dialingMs: 15_000, talkMs: 60_000 }),
    ],
    'queue A voice 10:00: nOffered 1, tFlowOut 90000, tAcd 90000',
    'queue A callback 10:15: nOffered 1, tAnswered 60000, tAcd 60000',
    'agent ann A callback 10:15: tAnswered 60000',
    ...['queue A', 'agent ann A'].flatMap((cell) => [
      `${cell} voice 10:15: nOutbound 1, tContacting 5000`,
      `${cell} voice 10:30: tTalkComplete 60000, tHandle 80000, nConnected 1, tDialing 15000`,
    ]),
  )
})

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

describe('the law of attribution, by its published examples', () => {
  const half = { intervalMs: minutes(30) }
  const hour = { intervalMs: minutes(60) }
  const both = (
    records: readonly Fact[],
    events: readonly Fact[],
    overrides: Partial<Profile>,
    ...lines: readonly string[]
  ): void => {
    expect(told('metric-records', records, overrides)).toEqual([...lines].sort())
    expect(told('detail-events', events, overrides)).toEqual([...lines].sort())
  }

  test('offered at 7:28, answered at 7:32: offered counts in 7:00, answered in 7:30, and no interval balances by itself', () => {
    both(
      [
        a('nOffered', 1, '07:28'),
        a('tAcd', 240_000, '07:32'),
        annInA('tAnswered', 240_000, '07:32'),
        annInA('nOverSla', 1, '07:32'),
      ],
      [queued('A', '07:28'), leftQueue('A', 'ANSWERED', 240_000, '07:32', { answeredUserId: 'ann' })],
      half,
      'queue A voice 07:00 PT30M: nOffered 1',
      'queue A voice 07:30 PT30M: tAnswered 240000, tAcd 240000, nOverSla 1',
      'agent ann A voice 07:30 PT30M: tAnswered 240000, nOverSla 1',
    )
  })

  test('answered at 10:25, ended at 10:45: answered counts in 10:00, handled in 10:30', () => {
    both(
      [
        a('tAcd', 9_000, '10:25'),
        annInA('tAnswered', 9_000, '10:25'),
        annInA('tTalkComplete', 1_200_000, '10:45'),
        annInA('tHandle', 1_200_000, '10:45'),
      ],
      [
        leftQueue('A', 'ANSWERED', 9_000, '10:25', { answeredUserId: 'ann' }),
        session('ann', 'A', '10:45', { talkMs: 1_200_000 }),
      ],
      half,
      'queue A voice 10:00 PT30M: tAnswered 9000, tAcd 9000',
      'queue A voice 10:30 PT30M: tTalkComplete 1200000, tHandle 1200000',
      'agent ann A voice 10:00 PT30M: tAnswered 9000',
      'agent ann A voice 10:30 PT30M: tTalkComplete 1200000, tHandle 1200000',
    )
  })

  test('calls of 9:16–9:32 and 9:35–10:05: talk is nothing at 9:00, 16 minutes at 9:30 and 30 minutes at 10:00', () => {
    const talked = (time: string, count: number) => [
      annInA('tTalkComplete', minutes(count), time),
      annInA('tHandle', minutes(count), time),
    ]
    both(
      [...talked('09:32', 16), ...talked('10:05', 30)],
      [
        session('ann', 'A', '09:32', { sessionId: 's1', talkMs: minutes(16) }),
        session('ann', 'A', '10:05', { sessionId: 's2', talkMs: minutes(30) }),
      ],
      half,
      ...['queue A', 'agent ann A'].flatMap((cell) => [
        `${cell} voice 09:30 PT30M: tTalkComplete 960000, tHandle 960000`,
        `${cell} voice 10:00 PT30M: tTalkComplete 1800000, tHandle 1800000`,
      ]),
    )
  })

  test('an e-mail handled for 2.83 hours stands whole in one hour', () => {
    const mail = of('A', 'ann', 'email')
    both(
      [mail('tTalkComplete', 10_188_000, '12:50'), mail('tHandle', 10_188_000, '12:50')],
      [session('ann', 'A', '12:50', { mediaType: 'email', talkMs: 10_188_000 })],
      hour,
      'queue A email 12:00 PT1H: tTalkComplete 10188000, tHandle 10188000',
      'agent ann A email 12:00 PT1H: tTalkComplete 10188000, tHandle 10188000',
    )
  })

  test('27 s of talk and 2.24 h of after-call work: talk in hour 5, work and handle time in hour 7, though the hour of the talk was closed', () => {
    both(
      [
        annInA('tTalkComplete', 27_035, '05:20'),
        ticked('07:00'),
        annInA('tAcw', 8_055_993, '07:34:16'),
        annInA('tHandle', 8_083_028, '07:34:16'),
      ],
      [
        session('ann', 'A', '05:20', { talkMs: 27_035 }),
        ticked('07:00'),
        worked('ann', 8_055_993, '07:34:16', { queueId: 'A' }),
      ],
      hour,
      ...['queue A', 'agent ann A'].flatMap((cell) => [
        `${cell} voice 05:00 PT1H: tTalkComplete 27035`,
        `${cell} voice 07:00 PT1H: tAcw 8055993, tHandle 8083028`,
      ]),
    )
  })

  test('an instant on the edge opens the next interval, one a millisecond earlier is the last of the one before', () => {
    both(
      [a('nOffered', 1, '10:14:59.999'), a('nOffered', 1, '10:15')],
      [queued('A', '10:14:59.999'), queued('A', '10:15', { sessionId: 'acd-2' })],
      {},
      'queue A voice 10:00: nOffered 1',
      'queue A voice 10:15: nOffered 1',
    )
  })

  test('no interval need balance, the closed range does: offered = answered + abandoned + flowed out', () => {
    const events = [
      queued('A', '10:14', { sessionId: '1' }),
      queued('A', '10:14:30', { sessionId: '2' }),
      queued('A', '10:29', { sessionId: '3' }),
      leftQueue('A', 'ANSWERED', 70_000, '10:15:10', { sessionId: '1' }),
      leftQueue('A', 'ABANDON', 60_000, '10:15:30', { sessionId: '2' }),
      leftQueue('A', 'FLOW_OUT', 70_000, '10:30:10', { sessionId: '3' }),
    ]
    eventsTell(
      events,
      'queue A voice 10:00: nOffered 2',
      'queue A voice 10:15: nOffered 1, tAnswered 70000, tAbandon 60000, tAcd 2x130000 (60000..70000), nOverSla 1',
      'queue A voice 10:30: tFlowOut 70000, tAcd 70000',
    )
  })
})
