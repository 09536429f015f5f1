import { readFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import type { Fact } from '../../../src/domain/fact.js'
import { decodeBody, decodeRaw, decoders } from '../../../src/ingress/decode/decoders.js'
import { readRawEvent } from '../read-one.js'
import {
  at,
  bodies,
  bytes,
  changed,
  conversationId,
  eventBridge,
  notification,
  queueId,
  reversed,
  sessionId,
  userId,
} from '../envelopes.js'
import type { Body } from '../envelopes.js'

type Name = keyof typeof bodies

const factsOf = (name: Name, fields: Body = {}): E.Either<string, readonly Fact[]> => {
  const { template, id, body } = bodies[name]
  const decoded = decodeBody(template, id, changed(body, fields))
  return E.isLeft(decoded) ? E.left(decoded.left.detail) : decoded
}

const divisionId = 'f0e1d2c3-b4a5-4968-8778-695a4b3c2d77'
const session = {
  at,
  conversationId,
  sessionId,
  mediaType: 'voice',
  direction: 'inbound',
  messageType: null,
  divisionId,
}
const flow = { ...session, flowId: 'welcome', flowType: 'INBOUNDCALL' }
const noDimensions = {
  ...{
    queueId: null,
    userId: null,
    mediaType: 'unknown',
    direction: null,
    messageType: null,
    skillIds: [],
    languageId: null,
  },
  ...{ wrapUpCode: null, flowId: null, campaignId: null, divisionIds: [] },
}
const stated: Record<Name, readonly Fact[]> = {
  metrics: [
    {
      type: 'MetricEmitted',
      metric: 'tAnswered',
      value: 12_411,
      at,
      queueId,
      userId,
      mediaType: 'voice',
      direction: 'inbound',
      messageType: 'webmessaging',
      skillIds: ['french', 'billing'],
      languageId: 'fr',
      wrapUpCode: 'sold',
      flowId: null,
      campaignId: 'spring',
      divisionIds: [divisionId],
    },
  ],
  flowMetrics: [
    {
      type: 'MetricEmitted',
      metric: 'tFlow',
      value: 64_300,
      at,
      ...noDimensions,
      ...{ mediaType: 'voice', direction: 'inbound', flowId: 'welcome', divisionIds: ['d1', 'd2'] },
    },
  ],
  acdStart: [{ type: 'AcdStarted', ...session, queueId, skillIds: ['french'] }],
  acdEnd: [
    {
      type: 'AcdEnded',
      ...session,
      queueId,
      outcome: 'ANSWERED',
      answeredUserId: userId,
      connectedMs: 12_411,
      skillIds: ['french', 'billing'],
      languageId: 'fr',
    },
  ],
  customerStart: [{ type: 'CustomerStarted', ...session }],
  customerEnd: [{ type: 'CustomerEnded', ...session, disconnectType: 'PEER', connectedMs: 400_123 }],
  userStart: [{ type: 'UserSessionStarted', ...session, userId, queueId }],
  userEnd: [
    {
      type: 'UserSessionEnded',
      ...session,
      userId,
      queueId,
      disconnectType: 'CONSULT_TRANSFER',
      talkMs: 374_894,
      heldMs: 11_000,
      alertMs: 2_364,
      contactingMs: 0,
      dialingMs: 0,
      callbackMs: 0,
    },
  ],
  acw: [
    { type: 'AfterCallWorkCompleted', ...session, userId, queueId, wrapUpCode: 'ININ-WRAP-UP-TIMEOUT', acwMs: 3_000 },
  ],
  wrapUp: [{ type: 'WrapUpApplied', ...session, queueId, wrapUpCode: 'sold', acwMs: 3_000 }],
  outbound: [{ type: 'OutboundInitiated', ...session, direction: 'outbound', campaignId: 'spring' }],
  voicemailStart: [{ type: 'VoicemailStarted', ...session, userId, queueId }],
  voicemailEnd: [{ type: 'VoicemailEnded', ...session, userId, queueId, voicemailMs: 8_250 }],
  flowStart: [{ type: 'FlowStarted', ...flow }],
  flowEnd: [{ type: 'FlowEnded', ...flow, exitReason: 'TRANSFER', connectedMs: 64_300 }],
  flowOutcome: [
    { type: 'FlowOutcomeReached', ...flow, outcome: 'FAILURE', startedAt: at - 5_000, endedAt: at, milestones: 2 },
  ],
  contact: [{ type: 'ConversationAnnotated', at, conversationId, what: 'contact' }],
  attributes: [{ type: 'ConversationAnnotated', at, conversationId, what: 'attributes' }],
  agentState: [
    {
      type: 'AgentSegmentEntered',
      userId,
      conversationId,
      sessionId,
      state: 'INTERACT',
      at,
      queueId,
      mediaType: 'voice',
    },
  ],
  summary: [{ type: 'ConversationLoadReported', userId, active: 4, acw: 1 }],
  membership: [{ type: 'QueueMembershipChanged', queueId, userId, joined: true }],
  routingStatus: [{ type: 'AgentStateEntered', userId, kind: 'routingStatus', state: 'NOT_RESPONDING', at }],
  presence: [
    { type: 'AgentStateEntered', userId, kind: 'systemPresence', state: 'ON_QUEUE', at },
    {
      type: 'AgentStateEntered',
      userId,
      kind: 'organizationPresence',
      state: '31fe3bac-dea6-44b7-bed7-47f91660a1a0',
      at,
    },
  ],
  activity: [
    { type: 'AgentStateEntered', userId, kind: 'routingStatus', state: 'IDLE', at },
    {
      type: 'AgentStateEntered',
      userId,
      kind: 'systemPresence',
      state: 'ON_QUEUE',
      at: Date.parse('2026-01-05T09:58:00Z'),
    },
    {
      type: 'AgentStateEntered',
      userId,
      kind: 'organizationPresence',
      state: '31fe3bac-dea6-44b7-bed7-47f91660a1a0',
      at: Date.parse('2026-01-05T09:58:00Z'),
    },
  ],
}

test('every decoder is tested with a body; audits with a real one below', () => {
  const audits = 'v2.audits.entitytype.{id}.entityid.{id}'
  expect([...Object.values(bodies).map(({ template }) => template), audits].sort()).toEqual(
    Object.keys(decoders).sort(),
  )
})

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

  test('gives the same facts with unknown fields', () => {
    expect(factsOf(name, { somethingNew: { deep: [1, null] }, anotherNew: [] })).toEqual(E.right(stated[name]))
  })
})

describe('optional fields', () => {
  test.each<[Name, Body, Body]>([
    [
      'metrics',
      {
        ...{
          queueId: undefined,
          userId: undefined,
          mediaType: undefined,
          direction: undefined,
          messageType: undefined,
        },
        ...{ requestedRoutingSkillIds: undefined, requestedLanguageId: undefined, wrapUpCode: undefined },
        ...{ outboundCampaignId: undefined, divisionIds: undefined },
      },
      noDimensions,
    ],
    [
      'metrics',
      { queueId: null, userId: '', requestedRoutingSkillIds: null, divisionIds: [] },
      { queueId: null, userId: null, skillIds: [], divisionIds: [] },
    ],
    ['metrics', { requestedRoutingSkillIds: ['a', 'b', 'a'] }, { skillIds: ['a', 'b'] }],
    [
      'flowOutcome',
      { flowOutcomeStartTime: undefined, flowOutcomeEndTime: null, flowMilestones: undefined },
      { startedAt: null, endedAt: null, milestones: 0 },
    ],
    ['flowEnd', { flowType: undefined, exitReason: undefined }, { flowType: 'UNKNOWN', exitReason: 'UNKNOWN' }],
    [
      'voicemailEnd',
      { userId: undefined, queueId: undefined, voicemailDurationMs: undefined },
      { userId: null, queueId: null, voicemailMs: 0 },
    ],
    ['summary', { call: undefined, message: { contactCenter: { active: 3 } }, video: null }, { active: 3, acw: 0 }],
    [
      'agentState',
      { userId: undefined, queueId: undefined, mediaType: undefined },
      { queueId: null, mediaType: 'unknown' },
    ],
    ['membership', { queueId: undefined, joined: false }, { joined: false }],
    [
      'acdEnd',
      { answeredUserId: undefined, connectedDurationMs: undefined, acdOutcome: 'ABANDON' },
      { answeredUserId: null, connectedMs: 0, outcome: 'ABANDON' },
    ],
    [
      'userStart',
      { queueId: undefined, direction: 'OUTBOUND', divisionId: undefined },
      { queueId: null, direction: 'outbound', divisionId: null },
    ],
    [
      'userStart',
      { direction: undefined, messageType: 'WEBMESSAGING' },
      { direction: null, messageType: 'webmessaging' },
    ],
    [
      'userEnd',
      { heldDurationMs: undefined, alertingDurationMs: null, disconnectType: undefined },
      { heldMs: 0, alertMs: 0, disconnectType: 'UNKNOWN' },
    ],
    [
      'acw',
      { wrapupDurationMs: undefined, queueId: undefined, wrapupCode: undefined },
      { acwMs: 0, queueId: null, wrapUpCode: null },
    ],
  ])('%s %j', (name, fields, expected) => {
    expect(factsOf(name, fields)).toEqual(E.right([{ ...stated[name][0], ...expected }]))
  })

  test('an activity without presence gives only the routing status, and one without routing status only the presence', () => {
    expect(factsOf('activity', { presence: undefined })).toEqual(E.right([stated.activity[0]]))
    expect(factsOf('activity', { routingStatus: undefined })).toEqual(E.right(stated.activity.slice(1)))
  })

  test('a presence without a definition of the organisation is one state, not two', () => {
    expect(factsOf('presence', { presenceDefinition: { systemPresence: 'OnQueue' } })).toEqual(
      E.right([stated.presence[0]]),
    )
  })

  test('a presence of a source that is not primary gives no facts', () => {
    expect(factsOf('presence', { primary: false })).toEqual(E.right([]))
  })
})

describe('unknown values', () => {
  test.each<[Name, Body, Body]>([
    ['metrics', { metric: 'tTelepathy', mediaType: 'hologram' }, { metric: 'tTelepathy', mediaType: 'hologram' }],
    ['metrics', { metric: 'oMediaCount', value: 2.5 }, { metric: 'oMediaCount', value: 2.5 }],
    ['metrics', { direction: 'SIDEWAYS', messageType: 'Telex' }, { direction: 'sideways', messageType: 'telex' }],
    ['flowEnd', { flowType: 'dream', exitReason: 'wokeUp' }, { flowType: 'DREAM', exitReason: 'WOKE_UP' }],
    ['flowOutcome', { flowOutcomeValue: 'MAYBE' }, { outcome: 'UNKNOWN' }],
    ['agentState', { currentState: 'levitating' }, { state: 'LEVITATING' }],
    ['acdEnd', { acdOutcome: 'PARKED', mediaType: 'HOLOGRAM' }, { outcome: 'UNKNOWN', mediaType: 'hologram' }],
    ['acdEnd', { acdOutcome: 'constructor' }, { outcome: 'UNKNOWN' }],
    ['userEnd', { disconnectType: 'mindTransfer' }, { disconnectType: 'MIND_TRANSFER' }],
    [
      'routingStatus',
      { routingStatus: { status: 'Daydreaming', startTime: '2026-01-05T10:00:12.411Z' } },
      { state: 'DAYDREAMING' },
    ],
  ])('pass: %s %j', (name, fields, expected) => {
    expect(factsOf(name, fields)).toEqual(E.right([{ ...stated[name][0], ...expected }]))
  })
})

describe('an invalid value is refused with the field and the expected form', () => {
  test.each<[Name, Body, RegExp]>([
    ['metrics', { metricDate: undefined }, /metricDate is missing; expected an ISO 8601/],
    ['metrics', { metricDate: '2026-01-05T10:00:12' }, /metricDate .* with zone/],
    ['metrics', { metricDate: '2026-13-45T10:00:12Z' }, /no such date/],
    ['metrics', { metricDate: '1970-01-01T00:00:00Z' }, /between 2000 and 2200/],
    ['metrics', { value: '12' }, /value is "12"; expected a whole number/],
    ['metrics', { value: 1.5 }, /value is 1.5; expected a whole number/],
    ['metrics', { value: 1e300 }, /expected a whole number/],
    ['metrics', { metric: 'oMessageTurn', value: 9.1e9 }, /value is 9100000000; expected a number, 9000000000 at most/],
    ['metrics', { requestedRoutingSkillIds: 'french' }, /requestedRoutingSkillIds is "french"; expected an array/],
    ['metrics', { divisionIds: ['d', 7] }, /divisionIds is 7; expected a non-empty string/],
    ['metrics', { wrapUpCode: '\u20ac'.repeat(65) }, /wrapUpCode has 195 bytes or more; expected at most 192/],
    ['metrics', { mediaType: 'v'.repeat(65) }, /mediaType has 65 bytes or more; expected at most 64/],
    [
      'metrics',
      { divisionIds: Array.from({ length: 101 }, (_, i) => `d${i}`) },
      /divisionIds has 101 members; expected at most 100/,
    ],
    ['metrics', { direction: 7 }, /direction is 7/],
    ['outbound', { outboundCampaignId: undefined }, /outboundCampaignId is missing/],
    ['flowStart', { flowId: undefined }, /flowId is missing/],
    ['flowOutcome', { flowMilestones: 2 }, /flowMilestones is 2; expected an array/],
    ['flowOutcome', { flowOutcomeStartTime: 'noon' }, /flowOutcomeStartTime is "noon"; expected epoch milliseconds/],
    ['summary', { call: { contactCenter: { active: 0.5 } } }, /call.contactCenter.active is not a whole number/],
    ['membership', { joined: 'yes' }, /joined is "yes"; expected true or false/],
    ['membership', { user: undefined }, /user is missing; expected an object/],
    ['agentState', { currentStateStart: '2026-01-05' }, /currentStateStart .* epoch milliseconds/],
    ['metrics', { metric: '' }, /metric is ""; expected a non-empty string/],
    ['metrics', { queueId: 'q'.repeat(300) }, /queueId has 300 bytes or more; expected at most 192/],
    ['metrics', { queueId: 'é'.repeat(97) }, /queueId has 194 bytes or more; expected at most 192/],
    ['metrics', { mediaType: 'v'.repeat(65) }, /mediaType has 65 bytes or more; expected at most 64/],
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
  for (const metricDate of [
    '2026-01-05T11:00:12.411+01:00',
    '2026-01-05T10:00:12.411000Z',
    '2026-01-05T04:30:12.411-0530',
  ])
    expect(factsOf('metrics', { metricDate })).toEqual(E.right(stated.metrics))
})

test('a tick is decoded; an event of an unknown type has no facts', () => {
  expect(decodeRaw('ClockTicked', bytes({ at }))).toEqual(E.right([{ type: 'ClockTicked', at }]))
  expect(decodeRaw('ClockTicked', bytes('{'))).toMatchObject({ left: { reason: 'malformed-json' } })
  for (const type of ['v2.users.{id}.station', 'constructor', '__proto__'])
    expect(decodeRaw(type, bytes('{}'))).toEqual(E.right([]))
})

describe('records of live organisations', () => {
  const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url))

  test('the start of a chat', () => {
    expect(
      decodeRaw('v2.detail.events.conversation.{id}.customer.start', fixture('eventbridge-customer-start.json')),
    ).toEqual(
      E.right([
        {
          type: 'CustomerStarted',
          at: Date.parse('2022-04-06T09:30:44.949Z'),
          conversationId: '2f7bf00a-0fc2-4d6a-9b56-92238191433e',
          sessionId: 'c03d300e-fa79-4353-9695-b97a71322785',
          mediaType: 'chat',
          direction: 'inbound',
          messageType: null,
          divisionId: null,
        },
      ]),
    )
  })

  test('an audit, which names its entity twice', () => {
    const audit = fixture('eventbridge-audit-presence.json')
    expect(decodeRaw('v2.audits.entitytype.{id}.entityid.{id}', audit)).toEqual(
      E.right([
        {
          type: 'ConfigurationAudited',
          at: Date.parse('2021-06-25T15:11:52Z'),
          service: 'Presence',
          action: 'Update',
          entityType: 'UserPresence',
          entityId: '278522be-1683-4877-8257-4164a177be89',
          changed: ['PRESENCE'],
        },
      ]),
    )
    expect(readRawEvent(audit, { tenant: 'acme', source: 'test', receivedAt: 0 })).toMatchObject({
      right: {
        stream: 'acme.config-audit-userpresence-278522be-1683-4877-8257-4164a177be89',
        facts: ['ConfigurationAudited'],
      },
    })
  })
})
