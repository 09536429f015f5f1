import { isUtf8 } from 'node:buffer'
import * as E from 'fp-ts/lib/Either.js'
import { canonicalJson, TooDeep } from '../domain/canonical-json.js'
import { isConfiguration, type Fact } from '../domain/fact.js'
import type { EpochMs } from '../domain/interval.js'
import { defaultProfile } from '../domain/profile.js'
import { conversationStream, userStream } from '../domain/stream-name.js'
import { EVENT_BYTES_MAX } from '../log/append-rules.js'
import { contentId } from '../log/content-id.js'
import type { NewEvent } from '../log/event-log.js'
import { CONVERSATION_DETAIL } from './decode/conversation-details.js'
import { decodeBody, decodePlain, decodeRecord } from './decode/decoders.js'
import { isObject } from './decode/fields.js'
import { USER_DETAIL } from './decode/user-details.js'
import {
  envelopeOf,
  parseJson,
  readEnvelope,
  readText,
  type AnalyticsRecord,
  type Envelope,
  type Notification,
} from './envelope.js'
import { brief, type Unusable } from './unusable.js'
import { markFor, mayHoldInexactNumber, withMarkedNumbers, withoutMarks } from './exact-numbers.js'
import { metadataOf, type Origin } from './metadata.js'
import { plainContentId } from './plain/canonical-bytes.js'
import { plainBody } from './plain/plain-body.js'
import { PlainEvent } from './plain/plain-event.js'
import { contradicts, isStreamId, topicOf, type Topic } from './topics.js'
import { WRAPPED_MAX } from './wrappings/wrapping.js'
import { tooManyWrapped, unwrapped } from './wrappings/wrappings.js'

/** Bytes that one raw event may have: what the log takes as one event, less the room for what is stored beside it. */
export const RAW_BYTES_MAX = EVENT_BYTES_MAX - 64 * 1024

/**
 * A raw event ready for the log. `facts` are the types of the facts it states, and `latest` is the latest instant among
 * them; `earliest` is the earliest of those that enter figures. An event that is not `known` belongs to a topic that this version cannot read yet. `contradiction` says how its
 * envelope contradicts itself.
 */
export type RawEvent = Readonly<{
  stream: string
  event: NewEvent
  latest: EpochMs | undefined
  earliest: EpochMs | undefined
  facts: readonly string[]
  known: boolean
  contradiction?: string
  /** The stream in which an earlier version stored this event, where it is another. */
  formerly?: string
}>

/** One event of raw input: its own bytes, and how it is stored or why it cannot be used. */
export type ReadEvent = Readonly<{ raw: Uint8Array; read: E.Either<Unusable, RawEvent> }>

/** Wrappings within wrappings: EventBridge → SNS → SQS → Firehose is the deepest that is known. */
const WRAPPINGS_MAX = 4

/**
 * Reads raw input: one event, or the events within a wrapping (src/ingress/wrappings), which are read as if they had
 * come bare. Determines stream, identity and type of each, and checks that it can be decoded.
 */
export const readRawEvents = (raw: Uint8Array, origin: Origin, wrappings = 0): readonly ReadEvent[] => {
  const plainly = plainNotification(raw, origin)
  if (plainly !== undefined) return [{ raw, read: E.right(plainly) }]
  const text = readText(raw)
  if (E.isLeft(text)) return [{ raw, read: text }]
  const json = parseJson(text.right)
  if (E.isLeft(json)) return [{ raw, read: json }]
  const envelope = envelopeOf(json.right)
  if (E.isRight(envelope)) return [{ raw, read: eventOf(raw, text.right, envelope.right, origin) }]
  const within = isObject(json.right) ? unwrapped(json.right, text.right) : undefined
  if (within === undefined || wrappings === WRAPPINGS_MAX) return [{ raw, read: envelope }]
  if (E.isLeft(within)) return [{ raw, read: within }]
  const events: ReadEvent[] = []
  for (const event of within.right) {
    events.push(...readRawEvents(event, origin, wrappings + 1))
    if (events.length > WRAPPED_MAX) return [{ raw, read: E.left(tooManyWrapped) }]
  }
  return events
}

const eventOf = (raw: Uint8Array, text: string, envelope: Envelope, origin: Origin): E.Either<Unusable, RawEvent> => {
  const canonical = canonicalOf(envelope, text)
  if (E.isLeft(canonical)) return canonical
  return envelope.kind === 'notification'
    ? notificationEvent(raw, envelope, canonical.right, origin)
    : recordEvent(raw, envelope, canonical.right, origin)
}

/** One after the other, events are read into it. */
const plain = new PlainEvent()

/**
 * A notification that one pass over its bytes reads, as nearly all are. `undefined` for any other input, and for one
 * that cannot be used: what is wrong with it is for `notificationEvent` to say.
 */
const plainNotification = (raw: Uint8Array, origin: Origin): RawEvent | undefined => {
  if (!isUtf8(raw) || !plain.read(raw)) return undefined
  const { topicName, detailType } = plain
  const topic = topicOf(topicName)
  if (topic === undefined) return undefined
  const facts = decodePlain(topic.template, () => topic.entityId, plain)
  if (E.isLeft(facts)) return undefined
  const id = plainContentId(plain, topic.timed)
  if (id === undefined) return undefined
  const body = topic.streamFields === undefined ? {} : plainBody(plain, topic.streamFields)
  return stored(raw, id, { topicName, detailType, body, topic, facts: facts.right }, origin)
}

const notificationEvent = (
  raw: Uint8Array,
  { topicName, body, timestamp, detailType }: Notification,
  canonical: string,
  origin: Origin,
): E.Either<Unusable, RawEvent> => {
  const topic = topicOf(topicName)
  if (topic === undefined)
    return E.left({
      reason: 'unknown-topic',
      detail: `${brief(topicName)} is no name of a topic that Genesys could have given; see docs/topics.md`,
      topic: brief(topicName),
    })
  const facts = decodeBody(topic.template, topic.entityId, body)
  if (E.isLeft(facts)) return facts
  const id = topic.timed ? contentId(topicName, canonical) : contentId(topicName, canonical, timestamp ?? '')
  return E.right(stored(raw, id, { topicName, detailType, body, topic, facts: facts.right }, origin))
}

/** What was read of a notification; of its body perhaps only the members that name its stream. */
type Read = Omit<Notification, 'kind' | 'timestamp'> & Readonly<{ topic: Topic; facts: readonly Fact[] }>

const stored = (
  raw: Uint8Array,
  id: string,
  { topicName, detailType, body, topic, facts }: Read,
  origin: Origin,
): RawEvent => {
  const event = { id, type: topic.template, data: raw, metadata: metadataOf(origin, topicName) }
  const stream = topic.stream(origin.tenant, body)
  const read = rawEvent(stream, event, facts, topic.known, origin)
  const formerly = topic.formerly?.(origin.tenant)
  // The template of a known topic names this very topic.
  const agrees = detailType === undefined || (topic.known && detailType === topic.template)
  const contradiction =
    agrees || !contradicts(detailType, topicName)
      ? {}
      : {
          contradiction: `detail-type is ${brief(detailType)}, but topicName is ${brief(topicName)}: stored by its topicName`,
        }
  return formerly === undefined && agrees
    ? read
    : { ...read, ...(formerly === undefined || formerly === stream ? {} : { formerly }), ...contradiction }
}

/** Records of the analytics API: how their events are named. */
const records = {
  conversation: { type: CONVERSATION_DETAIL, id: 'conversationId', stream: conversationStream },
  user: { type: USER_DETAIL, id: 'userId', stream: userStream },
} as const

/** A record of the analytics API. Fetched again after it has gone on, it is another event of the same stream. */
const recordEvent = (
  raw: Uint8Array,
  { kind, body }: AnalyticsRecord,
  canonical: string,
  origin: Origin,
): E.Either<Unusable, RawEvent> => {
  const { type, id: member, stream } = records[kind]
  const entityId = body[member] as string
  if (!isStreamId(entityId))
    return E.left({
      reason: 'undecodable',
      detail: `${type}: ${member} is ${JSON.stringify(brief(entityId))}; expected an id of letters, digits and -`,
      topic: type,
    })
  const facts = decodeRecord(kind, body)
  if (E.isLeft(facts)) return facts
  const event = { id: contentId(type, canonical), type, data: raw, metadata: metadataOf(origin, type) }
  return E.right(rawEvent(stream(origin.tenant, entityId), event, facts.right, true, origin))
}

/** Canonical JSON of the body, with numbers that JavaScript does not hold as they are written in `text`. */
const canonicalOf = (envelope: Envelope, text: string): E.Either<Unusable, string> => {
  try {
    const canonical = canonicalJson(envelope.body)
    if (!mayHoldInexactNumber(text)) return E.right(canonical)
    const mark = markFor(canonical)
    const exact = readEnvelope(withMarkedNumbers(text, mark))
    return E.map(({ body }: Envelope) => withoutMarks(canonicalJson(body), mark))(exact)
  } catch (cause) {
    if (!(cause instanceof TooDeep)) throw cause
    const [what, topic] =
      envelope.kind === 'notification'
        ? ['eventBody', brief(envelope.topicName)]
        : [`the ${envelope.kind}`, records[envelope.kind].type]
    return E.left({ reason: 'too-deep', detail: `${what} is ${cause.message}`, topic })
  }
}

const rawEvent = (
  stream: string,
  event: NewEvent,
  facts: readonly Fact[],
  known: boolean,
  { receivedAt }: Origin,
): RawEvent => {
  let latest: EpochMs | undefined
  let earliest: EpochMs | undefined
  const see = (at: EpochMs): void => {
    // An instant far ahead of the clock is an error of its sender. No clock may follow it.
    if (at <= receivedAt + defaultProfile.aheadMaxMs && (latest === undefined || at > latest)) latest = at
  }
  for (const fact of facts)
    for (const at of instantsOf(fact)) {
      see(at)
      // Settings take effect in the past too.
      if (!isConfiguration(fact) && (earliest === undefined || at < earliest)) earliest = at
    }
  return { stream, event, latest, earliest, facts: facts.map((fact) => fact.type), known }
}

const instantsOf = (fact: Fact): readonly EpochMs[] =>
  fact.type === 'ConversationRecorded' ? fact.points.map(({ at }) => at) : 'at' in fact ? [fact.at] : []
