import { isUtf8 } from 'node:buffer'
import * as E from 'fp-ts/lib/Either.js'
import { printable } from '../domain/printable.js'
import { isObject, type Body } from './decode/fields.js'
import { brief, type Unusable } from './unusable.js'

/**
 * What an event is: a notification (bare, or in an EventBridge event), or a record of the analytics API, which has no
 * envelope.
 */
export type Envelope = Notification | AnalyticsRecord

/** A conversation or a user's states as the details queries and jobs return them. */
export type AnalyticsRecord = Readonly<{ kind: 'conversation' | 'user'; body: Body }>

/**
 * `timestamp` is when the notification was published, and `detailType` the detail-type of the EventBridge event around
 * it, where the envelope has them.
 */
export type Notification = Readonly<{
  kind: 'notification'
  topicName: string
  body: Body
  timestamp: string | undefined
  detailType: string | undefined
}>

/** The text of raw input, which must be UTF-8. */
export const readText = (raw: Uint8Array): E.Either<Unusable, string> =>
  // Decoding would put the same replacement character for every wrong byte, and so make one event of two.
  isUtf8(raw)
    ? E.right(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8'))
    : E.left({ reason: 'malformed-json', detail: 'not valid UTF-8; JSON is sent as UTF-8' })

export const parseJson = (text: string): E.Either<Unusable, unknown> => {
  try {
    return E.right(JSON.parse(text))
  } catch (cause) {
    return E.left({ reason: 'malformed-json', detail: `not valid JSON: ${printable((cause as Error).message)}` })
  }
}

/**
 * Reads an EventBridge event (`detail.topicName`, `detail.eventBody`), a bare notification (`topicName`, `eventBody`)
 * or a record of the analytics API: a conversation (`conversationId`, `participants`), or the states of a user
 * (`userId`, `primaryPresence` or `routingStatus`).
 */
export const readEnvelope = (text: string): E.Either<Unusable, Envelope> => E.flatMap(parseJson(text), envelopeOf)

/** The same of JSON that is parsed. */
export const envelopeOf = (value: unknown): E.Either<Unusable, Envelope> => {
  if (!isObject(value))
    return E.left({
      reason: 'not-an-envelope',
      detail: 'expected a JSON object with topicName and eventBody, or an EventBridge event with them in detail',
    })
  if (isConversation(value)) return E.right({ kind: 'conversation', body: value })
  if (isUserDetail(value)) return E.right({ kind: 'user', body: value })
  const notification = isObject(value['detail']) ? value['detail'] : value
  const { topicName, eventBody, timestamp } = notification
  if (typeof topicName !== 'string' || topicName === '')
    return E.left({
      reason: 'not-an-envelope',
      detail:
        'no topicName (nor detail.topicName): this is not a Genesys notification or EventBridge envelope, nor a conversation of the analytics API',
    })
  if (!isObject(eventBody))
    return E.left({
      reason: 'not-an-envelope',
      detail: `eventBody of ${brief(topicName)} is missing or not an object`,
      topic: brief(topicName),
    })
  return E.right({
    kind: 'notification',
    topicName,
    body: eventBody,
    timestamp: stringOr(timestamp),
    detailType: notification === value ? undefined : stringOr(value['detail-type']),
  })
}

const stringOr = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const isConversation = (value: Body): boolean =>
  value['topicName'] === undefined &&
  typeof value['conversationId'] === 'string' &&
  Array.isArray(value['participants'])

const isUserDetail = (value: Body): boolean =>
  value['topicName'] === undefined &&
  value['detail'] === undefined &&
  typeof value['userId'] === 'string' &&
  (Array.isArray(value['primaryPresence']) || Array.isArray(value['routingStatus']))
