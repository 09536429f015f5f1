import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import type { Fact } from '../../src/domain/fact.js'
import { decodeBody, decodeRaw } from '../../src/ingress/decode.js'
import { at, bodies, bytes, changed, conversationId, eventBridge, notification, queueId, reversed, sessionId, userId } from './envelopes.js'
import type { Body } from './envelopes.js'

type Name = keyof typeof bodies

const factsOf = (name: Name, fields: Body = {}): E.Either<string, readonly Fact[]> => {
  const { template, id, body } = bodies[name]
  const decoded = decodeBody(template, id, changed(body, fields))
  return E.isLeft(decoded) ? E.left(decoded.left.detail) : decoded
}

const session = { at, conversationId, sessionId, mediaType: 'voice' }
const stated: Record<Name, readonly Fact[]> = {
  metrics: [{ type: 'MetricEmitted', metric: 'tAnswered', value: 12_411, at, queueId, userId, mediaType: 'voice' }],
  acdStart: [{ type: 'AcdStarted', ...session, queueId }],
  acdEnd: [{ type: 'AcdEnded', ...session, queueId, outcome: 'ANSWERED', answeredUserId: userId, connectedMs: 12_411 }],
  userStart: [{ type: 'UserSessionStarted', ...session, userId, queueId, outbound: false }],
  userEnd: [
    {
      type: 'UserSessionEnded',
      ...session,
      userId,
      queueId,
      outbound: false,
      disconnectType: 'CONSULT_TRANSFER',
      talkMs: 374_894,
      heldMs: 11_000,
      alertMs: 2_364,
      contactingMs: 0,
      dialingMs: 0,
    },
  ],
  acw: [{ type: 'AfterCallWorkCompleted', ...session, userId, queueId, acwMs: 3_000 }],
  routingStatus: [{ type: 'AgentStateEntered', userId, kind: 'routingStatus', state: 'NOT_RESPONDING', at }],
  presence: [{ type: 'AgentStateEntered', userId, kind: 'systemPresence', state: 'ON_QUEUE', at }],
  activity: [
    { type: 'AgentStateEntered', userId, kind: 'routingStatus', state: 'IDLE', at },
    { type: 'AgentStateEntered', userId, kind: 'systemPresence', state: 'ON_QUEUE', at: Date.parse('2026-01-05T09:58:00Z') },
  ],
}

describe.each(Object.keys(bodies) as Name[])('%s', (name) => {
  const { template, id, body } = bodies[name]
  test.each([
    ['EventBridge', eventBridge(template, id, body)],
    ['a notification channel', notification(template, id, body)],
    ['EventBridge, keys in another order', reversed(eventBridge(template, id, body))],
    ['a notification channel, keys in another order', reversed(notification(template, id, body))],
  ])('from %s states its facts', (_, envelope) => {
    expect(decodeRaw(template, bytes(envelope))).toEqual(E.right(stated[name]))
  })

  test('states the same with fields that nobody knows yet', () => {
    expect(factsOf(name, { somethingNew: { deep: [1, null] }, anotherNew: [] })).toEqual(E.right(stated[name]))
  })
})

describe('what may be missing', () => {
  test.each<[Name, Body, Body]>([
    ['metrics', { queueId: undefined, userId: undefined, mediaType: undefined }, { queueId: null, userId: null, mediaType: 'unknown' }],
    ['metrics', { queueId: null, userId: '' }, { queueId: null, userId: null }],
    [
      'acdEnd',
      { answeredUserId: undefined, connectedDurationMs: undefined, acdOutcome: 'ABANDON' },
      { answeredUserId: null, connectedMs: 0, outcome: 'ABANDON' },
    ],
    ['userStart', { queueId: undefined, direction: 'OUTBOUND' }, { queueId: null, outbound: true }],
    [
      'userEnd',
      { heldDurationMs: undefined, alertingDurationMs: null, disconnectType: undefined },
      { heldMs: 0, alertMs: 0, disconnectType: 'UNKNOWN' },
    ],
    ['acw', { wrapupDurationMs: undefined, queueId: undefined }, { acwMs: 0, queueId: null }],
  ])('%s %j', (name, fields, expected) => {
    expect(factsOf(name, fields)).toEqual(E.right([{ ...stated[name][0], ...expected }]))
  })

  test('an activity without presence states the routing status alone, and the other way round', () => {
    expect(factsOf('activity', { presence: undefined })).toEqual(E.right([stated.activity[0]]))
    expect(factsOf('activity', { routingStatus: undefined })).toEqual(E.right([stated.activity[1]]))
  })

  test('the presence of another source than the primary drives nothing', () => {
    expect(factsOf('presence', { primary: false })).toEqual(E.right([]))
  })
})

describe('values nobody has seen before', () => {
  test.each<[Name, Body, Body]>([
    ['metrics', { metric: 'tTelepathy', mediaType: 'hologram' }, { metric: 'tTelepathy', mediaType: 'hologram' }],
    ['metrics', { metric: 'oMediaCount', value: 2.5 }, { metric: 'oMediaCount', value: 2.5 }],
    ['acdEnd', { acdOutcome: 'PARKED', mediaType: 'HOLOGRAM' }, { outcome: 'UNKNOWN', mediaType: 'hologram' }],
    ['acdEnd', { acdOutcome: 'constructor' }, { outcome: 'UNKNOWN' }],
    ['userEnd', { disconnectType: 'mindTransfer' }, { disconnectType: 'MIND_TRANSFER' }],
    ['routingStatus', { routingStatus: { status: 'Daydreaming', startTime: '2026-01-05T10:00:12.411Z' } }, { state: 'DAYDREAMING' }],
  ])('pass: %s %j', (name, fields, expected) => {
    expect(factsOf(name, fields)).toEqual(E.right([{ ...stated[name][0], ...expected }]))
  })
})

describe('what cannot be meant is refused with the field and what was expected', () => {
  test.each<[Name, Body, RegExp]>([
    ['metrics', { metricDate: undefined }, /metricDate is missing; expected an ISO 8601/],
    ['metrics', { metricDate: '2026-01-05T10:00:12' }, /metricDate .* with zone/],
    ['metrics', { metricDate: '2026-13-45T10:00:12Z' }, /no such date/],
    ['metrics', { metricDate: '1970-01-01T00:00:00Z' }, /between 2000 and 2200/],
    ['metrics', { value: '12' }, /value is "12"; expected a whole number/],
    ['metrics', { value: 1.5 }, /value is 1.5; expected a whole number/],
    ['metrics', { value: 1e300 }, /expected a whole number/],
    ['metrics', { metric: '' }, /metric is ""; expected a non-empty string/],
    ['metrics', { queueId: 'q'.repeat(300) }, /queueId has 300 characters/],
    ['metrics', { userId: 'lone \ud800' }, /userId .* well-formed Unicode/],
    ['metrics', { mediaType: 7 }, /mediaType is 7/],
    ['acdStart', { queueId: undefined }, /queueId is missing/],
    ['acdStart', { eventTime: '1767607212411' }, /eventTime .* epoch milliseconds/],
    ['acdStart', { eventTime: 1_767_607_212 }, /between 2000 and 2200/],
    ['acdEnd', { connectedDurationMs: -1 }, /connectedDurationMs is -1; .* not negative/],
    ['userEnd', { interactingDurationMs: 0.5 }, /interactingDurationMs is 0.5/],
    ['userEnd', { userId: ['x'] }, /userId is an array/],
    ['presence', { presenceDefinition: 'On Queue' }, /presenceDefinition is "On Queue"; expected an object/],
    ['activity', { routingStatus: null }, /routingStatus is null; expected an object/],
  ])('%s %j', (name, fields, detail) => {
    expect(factsOf(name, fields)).toEqual(E.left(expect.stringMatching(detail)))
  })
})

test('an instant may carry any offset and any number of fractional digits', () => {
  for (const metricDate of ['2026-01-05T11:00:12.411+01:00', '2026-01-05T10:00:12.411000Z', '2026-01-05T04:30:12.411-0530'])
    expect(factsOf('metrics', { metricDate })).toEqual(E.right(stated.metrics))
})

test('a tick is read back, and a topic without a decoder states nothing', () => {
  expect(decodeRaw('ClockTicked', bytes({ at }))).toEqual(E.right([{ type: 'ClockTicked', at }]))
  expect(decodeRaw('v2.detail.events.conversation.{id}.customer.start', bytes('{}'))).toEqual(E.right([]))
})
