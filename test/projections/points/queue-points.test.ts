import { describe, test } from 'vitest'
import { defaultProfile } from '../../../src/domain/profile.js'
import { leftQueue, queued, sessionEnded, ticked } from '../../support/fact-builders.js'
import { given } from '../../support/given.js'

const detail = { points: 'detail-events' as const }

describe('an interaction that enters a queue is offered, and leaves it as one of three', () => {
  test('answered by an agent: the wait is the queue’s and the agent’s, the time in queue the queue’s alone', () => {
    given(detail)
      .facts(queued('sales', '10:05'), leftQueue('sales', 'ANSWERED', 12_000, '10:05:12', { answeredUserId: 'ann' }))
      .emits(
        'queue sales voice 10:00 provisional 3: nOffered 1, tAnswered 12000, tAcd 12000',
        'agent ann sales voice 10:00 provisional 1: tAnswered 12000',
      )
  })

  test('abandoned: no agent has a part in it', () => {
    given(detail)
      .facts(queued('sales', '10:05'), leftQueue('sales', 'ABANDON', 40_000, '10:05:40'))
      .emits('queue sales voice 10:00 provisional 3: nOffered 1, tAbandon 40000, tAcd 40000')
  })

  test('flowed out to another queue, which counts it again from its own offer', () => {
    given(detail)
      .facts(
        queued('sales', '10:14'),
        leftQueue('sales', 'FLOW_OUT', 90_000, '10:15:30'),
        queued('service', '10:15:30', { sessionId: 'acd-2' }),
        leftQueue('service', 'ANSWERED', 5_000, '10:15:35', { sessionId: 'acd-2', answeredUserId: 'bob' }),
      )
      .emits(
        'queue sales voice 10:00 provisional 1: nOffered 1',
        'queue sales voice 10:15 provisional 2: tFlowOut 90000, tAcd 90000',
        'queue service voice 10:15 provisional 3: nOffered 1, tAnswered 5000, tAcd 5000',
        'agent bob service voice 10:15 provisional 1: tAnswered 5000',
      )
  })

  test('an unknown outcome still spent its time in the queue', () => {
    given(detail)
      .facts(leftQueue('sales', 'UNKNOWN', 7_000, '10:05'))
      .emits('queue sales voice 10:00 provisional 1: tAcd 7000')
  })
})

describe('an answer is over the service level', () => {
  const serviceLevel = {
    ...defaultProfile.serviceLevel,
    durationMsByMediaType: { chat: 60_000 },
    durationMsByQueue: { vip: 5_000 },
  }
  const answered = (queue: string, waitMs: number, mediaType = 'voice') =>
    leftQueue(queue, 'ANSWERED', waitMs, '10:05', { mediaType })

  test('when its wait is strictly longer than the threshold', () => {
    given(detail)
      .facts(answered('sales', 20_000))
      .emits('queue sales voice 10:00 provisional 2: tAnswered 20000, tAcd 20000')
    given(detail)
      .facts(answered('sales', 20_001))
      .emits('queue sales voice 10:00 provisional 3: tAnswered 20001, tAcd 20001, nOverSla 1')
  })

  test('by the threshold of its media type', () => {
    given({ ...detail, serviceLevel })
      .facts(answered('sales', 60_000, 'chat'))
      .emits('queue sales chat 10:00 provisional 2: tAnswered 60000, tAcd 60000')
    given({ ...detail, serviceLevel })
      .facts(answered('sales', 60_001, 'chat'))
      .emits('queue sales chat 10:00 provisional 3: tAnswered 60001, tAcd 60001, nOverSla 1')
  })

  test('by the threshold of its queue before that', () => {
    given({ ...detail, serviceLevel })
      .facts(answered('vip', 5_001, 'chat'))
      .emits('queue vip chat 10:00 provisional 3: tAnswered 5001, tAcd 5001, nOverSla 1')
  })

  test('and an abandon never is, however long', () => {
    given(detail)
      .facts(leftQueue('sales', 'ABANDON', 900_000, '10:05'))
      .emits('queue sales voice 10:00 provisional 2: tAbandon 900000, tAcd 900000')
  })
})

test('a blind transfer to a queue: answered and handled twice, once in each queue, transferred once', () => {
  given(detail)
    .facts(
      queued('sales', '10:00'),
      leftQueue('sales', 'ANSWERED', 5_000, '10:00:05', { answeredUserId: 'ann' }),
      sessionEnded('ann', '10:02:05', { talkMs: 120_000, disconnectType: 'TRANSFER' }),
      queued('service', '10:02:05', { sessionId: 'acd-2' }),
      leftQueue('service', 'ANSWERED', 6_000, '10:02:11', { sessionId: 'acd-2', answeredUserId: 'bob' }),
      sessionEnded('bob', '10:05', { queueId: 'service', talkMs: 60_000 }),
      ticked('12:00'),
    )
    .emitsIn(
      'queue',
      'queue sales voice 10:00 final 8: nOffered 1, tAnswered 5000, tAcd 5000, tTalkComplete 120000, tHandle 120000, nTransferred 1, nBlindTransferred 1',
      'queue service voice 10:00 final 6: nOffered 1, tAnswered 6000, tAcd 6000, tTalkComplete 60000, tHandle 60000',
    )
})
