import type { Body } from './decode/fields.js'
import { bucketOf, configStream, conversationStream, userStream } from '../domain/stream-name.js'

/**
 * What a topic's name determines. `template` is the event type in the log. In a `timed` topic the body holds its own
 * instant; otherwise two equal bodies are two facts, and the envelope's timestamp is part of their identity. Events of
 * a topic that is not `known` are stored for a later version to read.
 */
export type Topic = Readonly<{
  template: string
  entityId: string
  /** The stream of a tenant; `body` need hold no more than `streamFields`. */
  stream: (tenant: string, body: Body) => string
  streamFields?: readonly string[]
  /** The stream of an earlier version for the same event, where it was another. */
  formerly?: (tenant: string) => string
  timed: boolean
  known: boolean
}>

const detailEvents = new Set(
  'acd.start acd.end acw attributes contact customer.start customer.end flow.start flow.end flow.outcome outbound user.start user.end voicemail.start voicemail.end wrapup'.split(
    ' ',
  ),
)

type Rule = Readonly<{ pattern: RegExp; read: (groups: readonly string[]) => Topic | undefined }>

const rules: readonly Rule[] = [
  {
    pattern: /^v2\.detail\.events\.conversation\.([^.]+)\.(.+)$/,
    read: ([id = '', event = '']) =>
      detailEvents.has(event) ? conversationTopic(id, `v2.detail.events.conversation.{id}.${event}`) : undefined,
  },
  {
    pattern: /^v2\.analytics\.conversation\.([^.]+)\.metrics$/,
    read: ([id = '']) => conversationTopic(id, 'v2.analytics.conversation.{id}.metrics'),
  },
  {
    // The name tells the flow, but a record belongs to its conversation, and is erased with it.
    pattern: /^v2\.analytics\.flow\.([^.]+)\.metrics$/,
    read: ([id = '']) => ({
      ...conversationTopic(id, 'v2.analytics.flow.{id}.metrics'),
      streamFields: ['conversationId'],
      stream: (tenant, { conversationId }) =>
        conversationStream(
          tenant,
          typeof conversationId === 'string' && isStreamId(conversationId) ? conversationId : id,
        ),
      formerly: (tenant) => conversationStream(tenant, id),
    }),
  },
  {
    pattern: /^v2\.users\.([^.]+)\.(routingStatus|presence|activity)$/,
    read: ([id = '', event = '']) => userTopic(id, `v2.users.{id}.${event}`, true),
  },
  {
    pattern: /^v2\.users\.([^.]+)\.conversationsummary$/,
    read: ([id = '']) => userTopic(id, 'v2.users.{id}.conversationsummary', false),
  },
  {
    pattern: /^v2\.detail\.events\.agent\.([^.]+)\.state$/,
    read: ([id = '']) => userTopic(id, 'v2.detail.events.agent.{id}.state', true),
  },
  {
    pattern: /^v2\.routing\.queues\.([^.]+)\.users$/,
    read: ([id = '']) => ({
      template: 'v2.routing.queues.{id}.users',
      entityId: id,
      stream: (tenant) => configStream(tenant, 'queue', id),
      timed: false,
      known: true,
    }),
  },
  {
    pattern: /^v2\.audits\.entitytype\.([^.]+)\.entityid\.([^.]+)$/,
    read: ([kind = '', id = '']) => ({
      template: 'v2.audits.entitytype.{id}.entityid.{id}',
      entityId: id,
      stream: (tenant) => configStream(tenant, `audit-${kind.toLowerCase()}`, id),
      timed: true,
      known: true,
    }),
  },
]

const conversationTopic = (id: string, template: string): Topic => ({
  template,
  entityId: id,
  stream: remembered((tenant) => conversationStream(tenant, id)),
  timed: true,
  known: true,
})
const userTopic = (id: string, template: string, timed: boolean): Topic => ({
  template,
  entityId: id,
  stream: remembered((tenant) => userStream(tenant, id)),
  timed,
  known: true,
})

/** The name of a stream is made once, for the tenant that is asked for. */
const remembered = (name: (tenant: string) => string): ((tenant: string) => string) => {
  let last: Readonly<{ tenant: string; stream: string }> | undefined
  return (tenant) => {
    if (last?.tenant !== tenant) last = { tenant, stream: name(tenant) }
    return last.stream
  }
}

/** An id in a topic name becomes part of a stream name, so it must be short and plain; Genesys ids are UUIDs. */
const PLAIN = /^[\w.:-]{1,128}$/
export const isStreamId = (id: string): boolean => PLAIN.test(id)

/** Topics that were read last, by name: a conversation or user has many events within minutes. */
const topics = new Map<string, Topic>()
const TOPICS_MAX = 20_000

/** Reads a topic name; `undefined` if it does not have the form of Genesys topic names. */
export const topicOf = (topicName: string): Topic | undefined => {
  const known = topics.get(topicName)
  if (known !== undefined) return known
  const topic = readTopic(topicName)
  if (topic === undefined) return undefined
  if (topics.size >= TOPICS_MAX) topics.clear()
  topics.set(topicName, topic)
  return topic
}

const readTopic = (topicName: string): Topic | undefined => {
  for (const { pattern, read } of rules) {
    const match = pattern.exec(topicName)
    if (match === null) continue
    const groups = match.slice(1)
    if (!groups.every((group) => PLAIN.test(group))) return undefined
    return read(groups) ?? unknownTopic(topicName)
  }
  return unknownTopic(topicName)
}

/** The form of all `v2` topic names. Several topics of one entity can be combined with `?` and `&`. */
const GENERAL_FORM = /^v2(\.[\w:-]{1,128})*\.[\w:-]{1,128}(\?[\w&:-]{1,128})?$/
const NAME_MAX = 256
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const UUIDS = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi

/** Detail-types that name a topic, which those of Genesys do. */
const NAMES_TOPIC = /^v\d+\./

/**
 * Does the detail-type of an EventBridge event name another topic than its notification? Genesys writes the template of
 * the topic there: `v2.users.{id}.presence`.
 */
export const contradicts = (detailType: string, topicName: string): boolean => {
  if (!NAMES_TOPIC.test(detailType)) return false
  const [expected, actual] = [detailType, topicName].map((name) => (name.split('?')[0] as string).split('.'))
  return (
    expected?.length !== actual?.length ||
    (expected ?? []).some((word, i) => !/^\{.*\}$/.test(word) && word !== actual?.[i])
  )
}

/**
 * A topic that this version does not know. Genesys adds topics with every release, and an event that was not stored
 * cannot be read later. It goes to the stream of the first entity in its name, or to a stream of its own. The template
 * has `{id}` for every UUID, so that a later version which knows the topic finds the events by their type.
 */
const unknownTopic = (topicName: string): Topic | undefined => {
  if (topicName.length > NAME_MAX || !GENERAL_FORM.test(topicName)) return undefined
  const words = topicName.split(/[.?]/)
  const place = words.findIndex((word) => UUID.test(word))
  const [kind = '', id = ''] = [words[place - 1], words[place]]
  const stream = (tenant: string): string => {
    if (place < 0) return configStream(tenant, 'topic', topicName)
    if (/^conversations?$/.test(kind)) return conversationStream(tenant, id)
    return /^users?$/.test(kind) ? userStream(tenant, id) : `${tenant}.${bucketOf(id)}.topic-${id}`
  }
  return { template: topicName.replace(UUIDS, '{id}'), entityId: id, stream, timed: false, known: false }
}
