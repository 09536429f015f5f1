import * as E from 'fp-ts/lib/Either.js'
import { deadLetterStream } from '../domain/stream-name.js'
import type { EpochMs } from '../domain/interval.js'
import type { NewEvent } from '../log/event-log.js'
import { decodeBody } from './decode.js'
import { brief, readEnvelope, type Unusable } from './envelope.js'
import { canonicalJson, contentId, TooDeep } from './identity.js'
import { topicOf } from './topics.js'

/** Where raw input came from, for the envelope we put around it. */
export type Origin = Readonly<{ tenant: string; source: string; receivedAt: EpochMs }>

/** A raw event ready for the log. `latest` is the latest instant that its facts speak of. */
export type RawEvent = Readonly<{ stream: string; event: NewEvent; latest: EpochMs | undefined; facts: readonly string[] }>

/** Names the stream and the identity of raw input, and refuses nonsense. The bytes themselves are kept as they came. */
export const readRawEvent = (raw: Uint8Array, origin: Origin): E.Either<Unusable, RawEvent> => {
  const envelope = readEnvelope(raw)
  if (E.isLeft(envelope)) return envelope
  const { topicName, body, timestamp } = envelope.right
  const topic = topicOf(topicName)
  if (topic === undefined)
    return E.left({
      reason: 'unknown-topic',
      detail: `${brief(topicName)} is not a topic that is taken; see docs/topics.md for those that are`,
      topic: brief(topicName),
    })
  let canonical: string
  try {
    canonical = canonicalJson(body)
  } catch (cause) {
    if (cause instanceof TooDeep) return E.left({ reason: 'too-deep', detail: `eventBody is ${cause.message}`, topic: topicName })
    throw cause
  }
  const facts = decodeBody(topic.template, topic.entityId, body)
  if (E.isLeft(facts)) return facts
  const id = topic.timed ? contentId(topicName, canonical) : contentId(topicName, canonical, timestamp ?? '')
  const event = { id, type: topic.template, data: raw, metadata: metadataOf(origin, topicName) }
  const latest = facts.right.reduce<EpochMs | undefined>((at, fact) => (at === undefined || fact.at > at ? fact.at : at), undefined)
  return E.right({ stream: topic.stream(origin.tenant), event, latest, facts: facts.right.map((fact) => fact.type) })
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

/** Input that cannot be used, with the reason, kept byte for byte. The same input refused for the same reason is kept once. */
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
