import * as E from 'fp-ts/lib/Either.js'
import type { ClockTakenBack, ClockTicked, Fact } from '../../domain/fact.js'
import { countsDetails, countsMetricRecords, type PointSource } from '../../domain/profile.js'
import { agentDecoders } from './agents.js'
import { importedFact, isImportedType } from './configuration.js'
import { CONVERSATION_DETAIL, conversationRecorded } from './conversation-details.js'
import { detailEventDecoders } from './detail-events.js'
import { metricRecordDecoders } from './metric-records.js'
import type { Decoders } from './decoder.js'
import { USER_DETAIL, userStates } from './user-details.js'
import type { PlainPoint } from './plain-metric-record.js'
import { parseJson, readEnvelope, readText } from '../envelope.js'
import { plainBody } from '../plain/plain-body.js'
import { PlainEvent } from '../plain/plain-event.js'
import type { Unusable } from '../unusable.js'
import { BadField, epochMs, isObject, type Body } from './fields.js'

/**
 * Raised by hand with every change of the facts that the same raw event gives, and of what `feeds` answers: facts that
 * were kept are then decoded again.
 */
export const DECODERS_VERSION = 1

/** The decoder of each topic, by its template. */
export const decoders: Decoders = { ...metricRecordDecoders, ...detailEventDecoders, ...agentDecoders }

/** A map, because templates of unknown topics are foreign text. */
const byTemplate = new Map(Object.entries(decoders))

/** Types of the events that `src/ingress/clock.ts` appends. */
export const CLOCK_TICKED = 'ClockTicked'
export const CLOCK_TAKEN_BACK = 'ClockTakenBack'
const isClockType = (type: string): type is ClockTicked['type'] | ClockTakenBack['type'] =>
  type === CLOCK_TICKED || type === CLOCK_TAKEN_BACK

/** The facts in a body of this topic; none for a topic without a decoder. */
export const decodeBody = (template: string, entityId: string, body: Body): E.Either<Unusable, readonly Fact[]> => {
  const decoder = byTemplate.get(template)
  return decoder === undefined ? E.right([]) : unlessBad(template, () => decoder.facts(body, entityId))
}

/** The same of an event that was read without parsing it; nearly all need no id of their topic name. */
export const decodePlain = (
  template: string,
  entityId: () => string,
  event: PlainEvent,
): E.Either<Unusable, readonly Fact[]> => {
  const decoder = byTemplate.get(template)
  if (decoder === undefined) return E.right([])
  return unlessBad(template, () => {
    const fact = decoder.plainFact?.(event)
    return fact === undefined ? decoder.facts(plainBody(event, decoder.fields), entityId()) : [fact]
  })
}

/** The facts in a record of the analytics API. */
export const decodeRecord = (kind: 'conversation' | 'user', record: Body): E.Either<Unusable, readonly Fact[]> =>
  kind === 'conversation'
    ? unlessBad(CONVERSATION_DETAIL, () => [conversationRecorded(record)])
    : unlessBad(USER_DETAIL, () => userStates(record))

/**
 * The facts in a raw event of the log. `type` is a topic template and `data` the envelope as received, or `type` is
 * one of those without an envelope (a conversation of the analytics API, configuration, a tick of the clock).
 */
export const decodeRaw = (type: string, data: Uint8Array): E.Either<Unusable, readonly Fact[]> => {
  if (!byTemplate.has(type)) return decodeOwn(type, data)
  if (plain.read(data)) return decodePlain(type, () => entityIn(type, plain.topicName), plain)
  const envelope = E.flatMap(readText(data), readEnvelope)
  if (E.isLeft(envelope)) return envelope
  if (envelope.right.kind !== 'notification')
    return E.left({ reason: 'not-an-envelope', detail: `a record of the analytics API in an event of ${type}` })
  const { topicName, body } = envelope.right
  return decodeBody(type, entityIn(type, topicName), body)
}

/**
 * The only fact of a raw event, where it is a metric point that is read without making an object of its event; for all
 * others `undefined`, and `decodeRaw` says what they hold.
 */
export const decodePoint = (type: string, data: Uint8Array): PlainPoint | undefined => {
  const read = byTemplate.get(type)?.plainPoint
  if (read === undefined || !plain.read(data)) return undefined
  try {
    return read(plain)
  } catch (cause) {
    if (cause instanceof BadField) return undefined
    throw cause
  }
}

/** One after the other, events are read into it. */
const plain = new PlainEvent()

/** Detail events whose facts enter no figure. */
const figureless: ReadonlySet<string> = new Set(
  ['attributes', 'contact', 'wrapup', 'voicemail.start', 'flow.start'].map(
    (event) => `v2.detail.events.conversation.{id}.${event}`,
  ),
)

/**
 * Whether a raw event of this type can change a figure if points come from this source. A projection need not decode
 * the others: they were checked when they were ingested.
 */
export const feeds = (type: string, points: PointSource): boolean => {
  if (type.startsWith('v2.analytics.')) return countsMetricRecords(points)
  if (type.startsWith('v2.detail.events.conversation.')) return points === 'detail-events' && !figureless.has(type)
  if (type === CONVERSATION_DETAIL) return countsDetails(points)
  return ![
    'v2.detail.events.agent.{id}.state',
    'v2.users.{id}.conversationsummary',
    'v2.routing.queues.{id}.users',
  ].includes(type)
}

const decodeOwn = (type: string, data: Uint8Array): E.Either<Unusable, readonly Fact[]> => {
  const isImported = isImportedType(type)
  if (!isImported && type !== CONVERSATION_DETAIL && type !== USER_DETAIL && !isClockType(type)) return E.right([])
  const json = E.flatMap(readText(data), parseJson)
  if (E.isLeft(json)) return json
  const body = json.right
  return unlessBad(type, () => {
    if (!isObject(body)) throw new BadField('not an object')
    if (isImported) return [importedFact(type, body)]
    if (type === USER_DETAIL) return userStates(body)
    return isClockType(type) ? [{ type, at: epochMs(body, 'at') }] : [conversationRecorded(body)]
  })
}

const unlessBad = (topic: string, read: () => readonly Fact[]): E.Either<Unusable, readonly Fact[]> => {
  try {
    return E.right(read())
  } catch (cause) {
    if (cause instanceof BadField) return E.left({ reason: 'undecodable', detail: `${topic}: ${cause.message}`, topic })
    throw cause
  }
}

/** The id at the place of `{id}` in the template. */
const entityIn = (template: string, topicName: string): string => {
  const at = template.indexOf('{id}')
  const suffix = template.length - at - '{id}'.length
  return topicName.slice(at, topicName.length - suffix)
}
