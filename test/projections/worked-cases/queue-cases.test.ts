import { describe, test } from 'vitest'
import { configured, leftQueue, queued, sessionStarted, worked } from '../../support/fact-builders.js'
import {
  a,
  annInA,
  b,
  bobInA,
  bobInB,
  bothTell,
  eventsTell,
  of,
  recordsTell,
  session,
} from '../../support/worked-case.js'

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
