import type { Fact } from '../../domain/fact.js'
import type { Decoders } from './decoder.js'
import {
  optionalWord,
  BadField,
  epochMs,
  flag,
  isObject,
  isoInstant,
  object,
  objects,
  optionalText,
  text,
  type Body,
} from './fields.js'
import { mediaType, systemPresence, upperSnake } from './spelling.js'

const routingStatus = (userId: string, status: Body): Fact => ({
  type: 'AgentStateEntered',
  userId,
  kind: 'routingStatus',
  state: upperSnake(text(status, 'status')),
  at: isoInstant(status, 'startTime'),
})

/** A presence is two states: the system presence, and the organisation's own presence that maps to it. */
const presence = (userId: string, body: Body): readonly Fact[] => {
  const definition = object(body, 'presenceDefinition')
  const at = isoInstant(body, 'modifiedDate')
  const state = systemPresence(text(definition, 'systemPresence'))
  const presenceId = optionalText(definition, 'id')
  const ofSystem: Fact = { type: 'AgentStateEntered', userId, kind: 'systemPresence', state, at }
  return presenceId === null
    ? [ofSystem]
    : [ofSystem, { type: 'AgentStateEntered', userId, kind: 'organizationPresence', state: presenceId, at }]
}

/** Media types by which a conversation summary counts the conversations of an agent. */
const loads = ['call', 'callback', 'email', 'message', 'chat', 'socialExpression', 'video']

const load = (body: Body, what: 'active' | 'acw'): number => {
  let sum = 0
  for (const media of loads)
    if (body[media] !== undefined && body[media] !== null)
      for (const side of ['contactCenter', 'enterprise'])
        sum += count(object(body, media)[side], what, `${media}.${side}`)
  return sum
}

const count = (side: unknown, what: string, name: string): number => {
  const value = isObject(side) ? (side[what] ?? 0) : side === undefined || side === null ? 0 : side
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= COUNT_MAX) return value
  throw new BadField(`${name}.${what} is not a whole number from 0 to ${COUNT_MAX}`)
}
const COUNT_MAX = 1_000_000

/** Decoders for the states of agents, and for the members of queues. */
export const agentDecoders: Decoders = {
  'v2.users.{id}.routingStatus': {
    fields: ['routingStatus'],
    facts: (body, userId) => [routingStatus(userId, object(body, 'routingStatus'))],
  },
  'v2.users.{id}.presence': {
    fields: ['primary', 'presenceDefinition', 'modifiedDate'],
    // Only the primary source drives analytics; an integration's own presence says primary: false.
    facts: (body, userId) => (body['primary'] === false ? [] : presence(userId, body)),
  },
  'v2.users.{id}.activity': {
    fields: ['routingStatus', 'presence'],
    facts: (body, userId) => [
      ...(body['routingStatus'] === undefined ? [] : [routingStatus(userId, object(body, 'routingStatus'))]),
      ...(body['presence'] === undefined ? [] : presence(userId, object(body, 'presence'))),
    ],
  },
  'v2.users.{id}.conversationsummary': {
    fields: loads,
    facts: (body, userId) => [
      { type: 'ConversationLoadReported', userId, active: load(body, 'active'), acw: load(body, 'acw') },
    ],
  },
  'v2.detail.events.agent.{id}.state': {
    fields: ['userId', 'conversationId', 'sessionId', 'currentState', 'currentStateStart', 'queueId', 'mediaType'],
    facts: (body, userId) => [
      {
        type: 'AgentSegmentEntered',
        userId: optionalText(body, 'userId') ?? userId,
        conversationId: text(body, 'conversationId'),
        sessionId: text(body, 'sessionId'),
        state: upperSnake(text(body, 'currentState')),
        at: epochMs(body, 'currentStateStart'),
        queueId: optionalText(body, 'queueId'),
        mediaType: mediaType(optionalWord(body, 'mediaType')),
      },
    ],
  },
  'v2.routing.queues.{id}.users': {
    fields: ['queueId', 'user', 'joined'],
    facts: (body, queueId) => [
      {
        type: 'QueueMembershipChanged',
        queueId: optionalText(body, 'queueId') ?? queueId,
        userId: text(object(body, 'user'), 'id'),
        joined: flag(body, 'joined'),
      },
    ],
  },
  // An audit says only that the configuration should be read again: its values are not documented.
  'v2.audits.entitytype.{id}.entityid.{id}': {
    fields: ['eventTime', 'serviceName', 'action', 'entityType', 'entity', 'propertyChanges'],
    facts: (body) => [
      {
        type: 'ConfigurationAudited',
        at: isoInstant(body, 'eventTime'),
        service: text(body, 'serviceName'),
        action: text(body, 'action'),
        entityType: text(body, 'entityType'),
        entityId:
          body['entity'] === undefined || body['entity'] === null ? null : optionalText(object(body, 'entity'), 'id'),
        changed: objects(body, 'propertyChanges').map((change) => text(change, 'property')),
      },
    ],
  },
}
