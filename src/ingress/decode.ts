import { isAscii } from 'node:buffer'
import * as E from 'fp-ts/lib/Either.js'
import type { AcdOutcome, Fact } from '../domain/fact.js'
import { readEnvelope, type Unusable } from './envelope.js'
import { BadField, durationMs, epochMs, isoInstant, number, object, optionalText, text, wholeNumber, type Body } from './fields.js'
import { namesOf, scanBody } from './scan.js'
import { disconnectType, mediaType, systemPresence, upperSnake } from './spelling.js'

/** From the body of one topic to the facts it states; none if it states nothing that KPIs need. Throws `BadField`. */
type Decoder = (body: Body, entityId: string) => readonly Fact[]

const session = (body: Body) => ({
  at: epochMs(body, 'eventTime'),
  conversationId: text(body, 'conversationId'),
  sessionId: text(body, 'sessionId'),
  mediaType: mediaType(optionalText(body, 'mediaType')),
})

const outcomes: ReadonlySet<unknown> = new Set<AcdOutcome>(['ANSWERED', 'ABANDON', 'FLOW_OUT'])

const acdOutcome = (value: unknown): AcdOutcome => (outcomes.has(value) ? (value as AcdOutcome) : 'UNKNOWN')

/** Observations (`o…`) may be averages; counts and durations are whole. */
const metricValue = (body: Body, metric: string): number => (metric.startsWith('o') ? number(body, 'value') : wholeNumber(body, 'value'))

const isOutbound = (body: Body): boolean => typeof body['direction'] === 'string' && body['direction'].toUpperCase() === 'OUTBOUND'

const routingStatus = (userId: string, status: Body): Fact => ({
  type: 'AgentStateEntered',
  userId,
  kind: 'routingStatus',
  state: upperSnake(text(status, 'status')),
  at: isoInstant(status, 'startTime'),
})

const presence = (userId: string, body: Body): Fact => ({
  type: 'AgentStateEntered',
  userId,
  kind: 'systemPresence',
  state: systemPresence(text(object(body, 'presenceDefinition'), 'systemPresence')),
  at: isoInstant(body, 'modifiedDate'),
})

const decoders: Readonly<Record<string, Decoder>> = {
  'v2.analytics.conversation.{id}.metrics': (body) => [
    {
      type: 'MetricEmitted',
      metric: text(body, 'metric'),
      value: metricValue(body, text(body, 'metric')),
      at: isoInstant(body, 'metricDate'),
      queueId: optionalText(body, 'queueId'),
      userId: optionalText(body, 'userId'),
      mediaType: mediaType(optionalText(body, 'mediaType')),
    },
  ],
  'v2.detail.events.conversation.{id}.acd.start': (body) => [{ type: 'AcdStarted', ...session(body), queueId: text(body, 'queueId') }],
  'v2.detail.events.conversation.{id}.acd.end': (body) => [
    {
      type: 'AcdEnded',
      ...session(body),
      queueId: text(body, 'queueId'),
      outcome: acdOutcome(body['acdOutcome']),
      answeredUserId: optionalText(body, 'answeredUserId'),
      connectedMs: durationMs(body, 'connectedDurationMs'),
    },
  ],
  'v2.detail.events.conversation.{id}.user.start': (body) => [
    {
      type: 'UserSessionStarted',
      ...session(body),
      userId: text(body, 'userId'),
      queueId: optionalText(body, 'queueId'),
      outbound: isOutbound(body),
    },
  ],
  'v2.detail.events.conversation.{id}.user.end': (body) => [
    {
      type: 'UserSessionEnded',
      ...session(body),
      userId: text(body, 'userId'),
      queueId: optionalText(body, 'queueId'),
      outbound: isOutbound(body),
      disconnectType: disconnectType(body['disconnectType']),
      talkMs: durationMs(body, 'interactingDurationMs'),
      heldMs: durationMs(body, 'heldDurationMs'),
      alertMs: durationMs(body, 'alertingDurationMs'),
      contactingMs: durationMs(body, 'contactingDurationMs'),
      dialingMs: durationMs(body, 'dialingDurationMs'),
    },
  ],
  'v2.detail.events.conversation.{id}.acw': (body) => [
    {
      type: 'AfterCallWorkCompleted',
      ...session(body),
      userId: text(body, 'userId'),
      queueId: optionalText(body, 'queueId'),
      acwMs: durationMs(body, 'wrapupDurationMs'),
    },
  ],
  'v2.users.{id}.routingStatus': (body, userId) => [routingStatus(userId, object(body, 'routingStatus'))],
  // Only the primary source drives analytics; an integration's own presence says primary: false.
  'v2.users.{id}.presence': (body, userId) => (body['primary'] === false ? [] : [presence(userId, body)]),
  'v2.users.{id}.activity': (body, userId) => [
    ...(body['routingStatus'] === undefined ? [] : [routingStatus(userId, object(body, 'routingStatus'))]),
    ...(body['presence'] === undefined ? [] : [presence(userId, object(body, 'presence'))]),
  ],
}

/** Every member that a decoder of a conversation topic looks at: what `scanBody` has to read. */
const conversationFields = namesOf(
  'metric',
  'metricDate',
  'value',
  'queueId',
  'userId',
  'mediaType',
  'eventTime',
  'conversationId',
  'sessionId',
  'direction',
  'disconnectType',
  'acdOutcome',
  'answeredUserId',
  'connectedDurationMs',
  'interactingDurationMs',
  'heldDurationMs',
  'alertingDurationMs',
  'contactingDurationMs',
  'dialingDurationMs',
  'wrapupDurationMs',
)

/** The same for the user topics. */
const userFields = namesOf('routingStatus', 'presence', 'presenceDefinition', 'modifiedDate', 'primary')

/** Bytes that are all ASCII, as nearly all are, need no decoding. */
const asText = (data: Uint8Array): string =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString(isAscii(data) ? 'latin1' : 'utf8')

/** Type of the events that `src/ingress/clock.ts` appends. */
export const CLOCK_TICKED = 'ClockTicked'

/** The facts in a body of this topic. A topic without a decoder is kept raw and states nothing yet. */
export const decodeBody = (template: string, entityId: string, body: Body): E.Either<Unusable, readonly Fact[]> => {
  const decoder = decoders[template]
  if (decoder === undefined) return E.right([])
  try {
    return E.right(decoder(body, entityId))
  } catch (cause) {
    if (cause instanceof BadField) return E.left({ reason: 'undecodable', detail: `${template}: ${cause.message}`, topic: template })
    throw cause
  }
}

/** The facts in a raw event of the log: `type` is its topic template or `ClockTicked`, `data` the envelope as received. */
export const decodeRaw = (type: string, data: Uint8Array): E.Either<Unusable, readonly Fact[]> => {
  if (type === CLOCK_TICKED)
    return E.right([{ type: 'ClockTicked', at: (JSON.parse(Buffer.from(data).toString('utf8')) as { at: number }).at }])
  if (decoders[type] === undefined) return E.right([])
  const scanned = scanBody(asText(data), type.startsWith('v2.users.') ? userFields : conversationFields)
  if (scanned !== undefined) return decodeBody(type, entityIn(type, scanned.topicName), scanned.body)
  const envelope = readEnvelope(data)
  if (E.isLeft(envelope)) return envelope
  const { topicName, body } = envelope.right
  return decodeBody(type, entityIn(type, topicName), body)
}

/** The id that stands where the template has `{id}`. */
const entityIn = (template: string, topicName: string): string => {
  const at = template.indexOf('{id}')
  const suffix = template.length - at - '{id}'.length
  return topicName.slice(at, topicName.length - suffix)
}
