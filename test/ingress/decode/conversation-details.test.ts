import { readFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import type { ConversationRecorded, MetricPoint } from '../../../src/domain/fact.js'
import { isMetricName } from '../../../src/domain/metric.js'
import { decodeRaw } from '../../../src/ingress/decode/decoders.js'
import { ingest } from '../../../src/ingress/ingest.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { bytes } from '../envelopes.js'
import { allEvents } from '../log-content.js'

const live = readFileSync(new URL('../fixtures/conversation-details-chat.json', import.meta.url))
const origin = { tenant: 'acme', source: 'test', receivedAt: Date.parse('2026-02-01T00:00:00Z') }

const recorded = (record: unknown): ConversationRecorded => {
  const facts = decodeRaw('conversation-detail', Buffer.isBuffer(record) ? record : bytes(record))
  if (E.isLeft(facts)) throw new Error(facts.left.detail)
  return facts.right[0] as ConversationRecorded
}
const refusal = (record: unknown): string => {
  const facts = decodeRaw('conversation-detail', bytes(record))
  return E.isLeft(facts) ? facts.left.detail : 'it was taken'
}

type Segment = Readonly<{ segmentStart: string }> & Readonly<Record<string, unknown>>
type Session = Readonly<{ segments?: readonly Segment[]; metrics: readonly unknown[] }> &
  Readonly<Record<string, unknown>>
const at = (time: string): string => `2026-01-05T${time}Z`
const segment = (from: string, more: Readonly<Record<string, unknown>>): Segment => ({
  segmentStart: at(from),
  ...more,
})
const emission = (name: string, time: string, value = 1) => ({ name, value, emitDate: at(time) })
const record = (
  session: Session,
  participant: Readonly<Record<string, unknown>> = { purpose: 'agent', userId: 'kim' },
) => ({
  conversationId: 'c1',
  divisionIds: ['home', 'abroad'],
  participants: [
    { ...participant, sessions: [{ sessionId: 's1', mediaType: 'VOICE', direction: 'inbound', ...session }] },
  ],
})
const pointsOf = (...given: Parameters<typeof record>) => recorded(record(...given)).points

describe('the live chat', () => {
  const queueId = 'a623d83c-96d7-4baa-af1f-d46ad6700d8b'
  const agent = '50fcd33c-f432-4726-abc9-979f3ca01555'

  test('gives exactly its metrics, each at its instant, with queue and agent', () => {
    const fact = recorded(live)
    expect(fact.conversationId).toBe('1bc96a39-6725-40c4-9345-db72aa67b8c6')
    expect(
      fact.points.map(({ metric, value, at: instant, userId }) => [
        metric,
        value,
        new Date(instant).toISOString().slice(11, -1),
        userId,
      ]),
    ).toEqual([
      ['nConnected', 1, '12:27:53.386', null],
      ['nOffered', 1, '12:27:53.388', null],
      ['tAcd', 11_179, '12:28:04.567', null],
      ['tAlert', 11_050, '12:28:04.569', agent],
      ['tAnswered', 11_179, '12:28:04.569', agent],
      ['tTalk', 374_561, '12:34:19.130', agent],
      ['tTalkComplete', 374_561, '12:34:19.130', agent],
      ['nError', 1, '12:43:23.306', agent],
      ['tHandle', 918_737, '12:43:23.306', agent],
      ['tHeld', 544_176, '12:43:23.306', agent],
      ['tHeldComplete', 544_176, '12:43:23.306', agent],
    ])
    for (const point of fact.points) {
      expect(point).toMatchObject({
        queueId,
        mediaType: 'chat',
        direction: 'inbound',
        messageType: null,
        skillIds: [],
        wrapUpCode: null,
      })
      expect(point.divisionIds).toEqual(['1b6b98a6-3d70-47be-9406-61a5aa8cc570'])
      expect(isMetricName(point.metric)).toBe(true)
    }
  })

  test('is one event of its conversation, however its members are ordered, and another when it has gone on', async () => {
    const log = memoryLog()
    const parsed = JSON.parse(live.toString()) as Record<string, unknown>
    const otherwise = bytes(Object.fromEntries(Object.entries(parsed).reverse()))
    expect(await ingest(log, [live, otherwise], origin)).toMatchObject({
      stored: 1,
      duplicate: 1,
      latest: Date.parse('2021-04-01T12:43:23.306Z'),
    })
    expect(await ingest(log, [bytes({ ...parsed, selfServed: false })], origin)).toMatchObject({
      stored: 1,
      duplicate: 0,
    })
    const events = await allEvents(log)
    expect(events.map(({ type, stream }) => [type, stream])).toEqual([
      ['conversation-detail', 'acme.0f.conversation-1bc96a39-6725-40c4-9345-db72aa67b8c6'],
      ['conversation-detail', 'acme.0f.conversation-1bc96a39-6725-40c4-9345-db72aa67b8c6'],
    ])
    expect(Buffer.from(events[0]?.data ?? [])).toEqual(live)
  })

  test('states the same points when it is fetched again in another order', () => {
    const points = recorded(live).points
    expect(points).toHaveLength(11)
    const parsed = JSON.parse(live.toString()) as { participants: { sessions: { metrics: unknown[] }[] }[] }
    for (const { sessions } of parsed.participants.reverse()) for (const { metrics } of sessions) metrics.reverse()
    const texts = (of: readonly MetricPoint[]) => of.map((point) => JSON.stringify(point)).sort()
    expect(texts(recorded(parsed).points)).toEqual(texts(points))
  })
})

describe('a point takes from the segments what held at its instant', () => {
  const handled: readonly Segment[] = [
    segment('10:00:00', {
      segmentType: 'alert',
      queueId: 'sales',
      requestedRoutingSkillIds: ['french'],
      requestedLanguageId: 'fr',
    }),
    segment('10:00:10', { segmentType: 'interact', queueId: 'sales' }),
    segment('10:05:00', { segmentType: 'wrapup', queueId: 'sales', wrapUpCode: 'sold' }),
  ]

  test('the wrap-up code is known once the wrap-up began, not to what ended as it began', () => {
    const points = pointsOf({
      segments: handled,
      metrics: [
        emission('tTalkComplete', '10:05:00', 290_000),
        emission('tAcw', '10:05:56', 60_000),
        emission('tHandle', '10:05:56', 360_000),
      ],
    })
    expect(points.map(({ metric, wrapUpCode }) => [metric, wrapUpCode])).toEqual([
      ['tTalkComplete', null],
      ['tAcw', 'sold'],
      ['tHandle', 'sold'],
    ])
    for (const point of points)
      expect(point).toMatchObject({
        queueId: 'sales',
        userId: 'kim',
        skillIds: ['french'],
        languageId: 'fr',
        divisionIds: ['home', 'abroad'],
      })
  })

  test('segments may come in any order', () => {
    const metrics = [emission('tAcw', '10:05:56', 60_000)]
    expect(pointsOf({ segments: [...handled].reverse(), metrics })).toEqual(pointsOf({ segments: handled, metrics }))
  })

  test('a count belongs to the segment that it begins, a duration to the one that it ends', () => {
    const segments = [segment('10:00:00', { queueId: 'sales' }), segment('10:01:00', { queueId: 'service' })]
    const points = pointsOf(
      { segments, metrics: [emission('nOffered', '10:01:00'), emission('tAcd', '10:01:00', 60_000)] },
      { purpose: 'acd' },
    )
    expect(points.map(({ metric, queueId, userId }) => [metric, queueId, userId])).toEqual([
      ['nOffered', 'service', null],
      ['tAcd', 'sales', null],
    ])
  })

  test('a caller who connects before being sent to a queue has none yet; an agent whose segment begins a little late has one', () => {
    const segments = [segment('10:00:00', { segmentType: 'system' }), segment('10:01:00', { queueId: 'sales' })]
    const metrics = [emission('nConnected', '10:00:05')]
    expect(pointsOf({ segments, metrics }, { purpose: 'customer' })[0]?.queueId).toBeNull()
    const late = [segment('10:00:06', { queueId: 'sales' })]
    expect(pointsOf({ segments: late, metrics: [emission('nOutbound', '10:00:05')] })[0]?.queueId).toBe('sales')
    expect(pointsOf({ segments: late, metrics }, { purpose: 'customer' })[0]?.queueId).toBeNull()
  })

  describe('on the side of the caller, whose one segment spans the IVR, the queues and the talk', () => {
    const whole = segment('10:00:00', { segmentType: 'interact', queueId: 'service' })
    const session = (purpose: string, segments: readonly Segment[], metrics: readonly unknown[] = []) => ({
      purpose,
      sessions: [{ sessionId: purpose, mediaType: 'voice', segments, metrics }],
    })
    const queuesOf = (metrics: readonly unknown[]) =>
      recorded({
        conversationId: 'c1',
        participants: [
          session('customer', [whole], metrics),
          session('ivr', [segment('10:00:00', { segmentType: 'ivr', queueId: 'service' })]),
          session('acd', [segment('10:01:04', { queueId: 'sales' })]),
          session('agent', [segment('10:01:10', { queueId: 'sales' })]),
          session('acd', [segment('10:05:00', { queueId: 'service' })]),
        ],
      }).points.map(({ metric, queueId }) => [metric, queueId])

    test('there is no queue before the first one is entered', () => {
      expect(queuesOf([emission('nConnected', '10:00:00'), emission('tUserResponseTime', '10:01:00', 900)])).toEqual([
        ['nConnected', null],
        ['tUserResponseTime', null],
      ])
    })

    test('there is one where the caller is sent to it at once, though clocks differ by milliseconds', () => {
      expect(queuesOf([emission('nConnected', '10:01:03.998')])).toEqual([['nConnected', 'sales']])
    })

    test('the queue is the one entered last, until the one that the segment names is entered', () => {
      expect(
        queuesOf([
          emission('nConnected', '10:01:04'),
          emission('tUserResponseTime', '10:04:00', 900),
          emission('tConnected', '10:09:00', 540_000),
        ]),
      ).toEqual([
        ['nConnected', 'sales'],
        ['tUserResponseTime', 'sales'],
        ['tConnected', 'service'],
      ])
    })
  })

  test('nOverSla counts where the session was answered, not where a customer-first callback was', () => {
    const over = emission('nOverSla', '10:00:10')
    const metricsOf = (metrics: readonly unknown[]) => pointsOf({ metrics }).map(({ metric }) => metric)
    expect(metricsOf([emission('tAnswered', '10:00:10', 90_000), over])).toEqual(['tAnswered', 'nOverSla'])
    expect(metricsOf([emission('tCfcAnswered', '10:00:10', 90_000), over])).toEqual(['tCfcAnswered'])
  })

  test('campaign, flow and message type are those of the session', () => {
    const session = {
      outboundCampaignId: 'spring',
      flow: { flowId: 'welcome', flowType: 'INBOUNDCALL' },
      messageType: 'WHATSAPP',
      direction: 'OUTBOUND',
    }
    expect(pointsOf({ ...session, metrics: [emission('nFlow', '10:00:00')] }, { purpose: 'ivr' })).toMatchObject([
      {
        campaignId: 'spring',
        flowId: 'welcome',
        messageType: 'whatsapp',
        direction: 'outbound',
        mediaType: 'voice',
        queueId: null,
        userId: null,
      },
    ])
  })
})

test('a metric that is emitted several times in a session is several points, equal ones too', () => {
  const metrics = [
    emission('tTalk', '10:00:00', 5),
    emission('tTalk', '10:00:00', 5),
    emission('tTalk', '10:00:00', 6),
    emission('oMediaCount', '10:00:00', 2.5),
  ]
  const points = pointsOf({ metrics })
  expect(points.map(({ value }) => value)).toEqual([5, 5, 6, 2.5])
})

test('a conversation that is still open, or has no participants, is valid', () => {
  expect(recorded({ conversationId: 'c1', participants: [] })).toEqual({
    type: 'ConversationRecorded',
    conversationId: 'c1',
    points: [],
  })
  expect(
    recorded({ conversationId: 'c1', participants: [{ purpose: 'customer' }, { sessions: [{ sessionId: 's1' }] }] })
      .points,
  ).toEqual([])
})

describe('an invalid value is refused with the field', () => {
  test.each([
    [{ conversationId: 'c1', participants: 'none' }, /participants is "none"; expected an array of objects/],
    [{ conversationId: 'c1', participants: [null] }, /participants\[0\] is null; expected an object/],
    [record({ sessionId: undefined, metrics: [emission('nError', '10:00:00')] }), /sessionId is missing/],
    [record({ metrics: [{ name: 'nError', value: 1 }] }), /emitDate is missing/],
    [
      record({ metrics: [{ name: 'tTalk', value: 1.5, emitDate: at('10:00:00') }] }),
      /value is 1.5; expected a whole number/,
    ],
    [
      record({ segments: [{ queueId: 'sales' } as never], metrics: [emission('nError', '10:00:00')] }),
      /segmentStart is missing/,
    ],
    [record({ flow: 'welcome', metrics: [emission('nError', '10:00:00')] }), /flow is "welcome"; expected an object/],
  ])('%#', (given, detail) => {
    expect(refusal(given)).toMatch(detail)
  })

  test('an id that cannot be part of a stream name is refused', async () => {
    const log = memoryLog()
    const odd = bytes({ conversationId: 'no such id\n', participants: [] })
    expect(await ingest(log, [odd], origin)).toMatchObject({
      stored: 0,
      deadLettered: 1,
      problems: [{ reason: 'undecodable' }],
    })
  })
})
