import * as E from 'fp-ts/lib/Either.js'
import type { Fact } from '../domain/fact.js'
import type { EpochMs } from '../domain/interval.js'
import { conversationStream, deadLetterStream } from '../domain/stream-name.js'
import type { NewEvent } from '../log/event-log.js'
import { CONVERSATION_DETAIL, isConversationDetail } from './decode/conversation-details.js'
import { decodeBody, decodeConversationDetail } from './decode/decoders.js'
import { brief, envelopeOf, readJson, type Unusable } from './envelope.js'
import { isObject, type Body } from './decode/fields.js'
import { canonicalJson, TooDeep } from '../domain/canonical-json.js'
import { contentId } from '../log/content-id.js'
import { isStreamId, topicOf } from './topics.js'

/** Where raw input came from, for the envelope we put around it. */
export type Origin = Readonly<{ tenant: string; source: string; receivedAt: EpochMs }>

/**
 * A raw event ready for the log. `latest` is the latest instant that its facts speak of. What is not `known` is of a
 * topic that nobody here can read yet.
 */
export type RawEvent = Readonly<{
  stream: string
  event: NewEvent
  latest: EpochMs | undefined
  facts: readonly string[]
  known: boolean
}>

/** Names the stream and the identity of raw input, and refuses nonsense. The bytes themselves are kept as they came. */
export const readRawEvent = (raw: Uint8Array, origin: Origin): E.Either<Unusable, RawEvent> => {
  const json = readJson(raw)
  if (E.isLeft(json)) return json
  return isObject(json.right) && isConversationDetail(json.right)
    ? readConversation(raw, json.right, origin)
    : readNotification(raw, json.right, origin)
}

const readNotification = (raw: Uint8Array, json: unknown, origin: Origin): E.Either<Unusable, RawEvent> => {
  const envelope = envelopeOf(json)
  if (E.isLeft(envelope)) return envelope
  const { topicName, body, timestamp } = envelope.right
  const topic = topicOf(topicName)
  if (topic === undefined)
    return E.left({
      reason: 'unknown-topic',
      detail: `${brief(topicName)} is no name of a topic that Genesys could have given; see docs/topics.md`,
      topic: brief(topicName),
    })
  const canonical = canonicalOf(body, 'eventBody', topicName)
  if (E.isLeft(canonical)) return canonical
  const facts = decodeBody(topic.template, topic.entityId, body)
  if (E.isLeft(facts)) return facts
  const id = topic.timed
    ? contentId(topicName, canonical.right)
    : contentId(topicName, canonical.right, timestamp ?? '')
  const event = { id, type: topic.template, data: raw, metadata: metadataOf(origin, topicName) }
  return E.right(rawEvent(topic.stream(origin.tenant), event, facts.right, topic.known))
}

/**
 * A conversation of the analytics API, as it stands there: fetched again when it has gone on, it is another event of
 * the same stream.
 */
const readConversation = (raw: Uint8Array, record: Body, origin: Origin): E.Either<Unusable, RawEvent> => {
  const conversationId = record['conversationId'] as string
  if (!isStreamId(conversationId))
    return E.left({
      reason: 'undecodable',
      detail: `${CONVERSATION_DETAIL}: conversationId is ${JSON.stringify(brief(conversationId))}; expected an id of letters, digits and -`,
      topic: CONVERSATION_DETAIL,
    })
  const canonical = canonicalOf(record, 'the conversation', CONVERSATION_DETAIL)
  if (E.isLeft(canonical)) return canonical
  const facts = decodeConversationDetail(record)
  if (E.isLeft(facts)) return facts
  const id = contentId(CONVERSATION_DETAIL, canonical.right)
  const event = { id, type: CONVERSATION_DETAIL, data: raw, metadata: metadataOf(origin, CONVERSATION_DETAIL) }
  return E.right(rawEvent(conversationStream(origin.tenant, conversationId), event, facts.right, true))
}

const canonicalOf = (body: Body, what: string, topic: string): E.Either<Unusable, string> => {
  try {
    return E.right(canonicalJson(body))
  } catch (cause) {
    if (cause instanceof TooDeep) return E.left({ reason: 'too-deep', detail: `${what} is ${cause.message}`, topic })
    throw cause
  }
}

const rawEvent = (stream: string, event: NewEvent, facts: readonly Fact[], known: boolean): RawEvent => {
  let latest: EpochMs | undefined
  const see = (at: EpochMs): void => {
    if (latest === undefined || at > latest) latest = at
  }
  for (const fact of facts)
    if (fact.type === 'ConversationRecorded') for (const point of fact.points) see(point.at)
    else if ('at' in fact) see(fact.at)
  return { stream, event, latest, facts: facts.map((fact) => fact.type), known }
}

/** A batch has one origin: what it says is written once. */
const origins = new WeakMap<Origin, string>()

const metadataOf = (origin: Origin, topicName: string): Buffer => {
  let opening = origins.get(origin)
  if (opening === undefined) {
    opening = JSON.stringify({ ...origin, receivedAt: new Date(origin.receivedAt).toISOString() }).slice(0, -1)
    origins.set(origin, opening)
  }
  return Buffer.from(`${opening},"topic":${JSON.stringify(topicName)}}`)
}

export const DEAD_LETTERED = 'DeadLettered'

/** Which step could not use the input. */
export type Stage = 'ingress' | 'projector'

/** What is kept beside the bytes of a dead letter. */
export type DeadLetterNote = Readonly<{
  reason: string
  detail: string
  stage: Stage
  /** Source of the input, or stream and revision of the raw event. */
  origin: string
  topic?: string
  receivedAt: string
}>

/**
 * Input that cannot be used, with the reason, kept byte for byte. The same input refused for the same reason is kept
 * once.
 */
export const deadLetter = (
  raw: Uint8Array,
  unusable: Unusable,
  origin: Origin,
  stage: Stage,
): Readonly<{ stream: string; event: NewEvent }> => {
  const note: DeadLetterNote = {
    reason: unusable.reason,
    detail: unusable.detail,
    stage,
    origin: origin.source,
    ...(unusable.topic === undefined ? {} : { topic: unusable.topic }),
    receivedAt: new Date(origin.receivedAt).toISOString(),
  }
  return {
    stream: deadLetterStream(origin.tenant),
    event: {
      id: contentId('dead-letter', stage, unusable.reason, raw),
      type: DEAD_LETTERED,
      data: raw,
      metadata: Buffer.from(JSON.stringify(note)),
    },
  }
}
