import { bucketOf, configStream, conversationStream, userStream } from '../domain/stream-name.js'

/**
 * What the name of a topic says. `template` is the event type in the log. `timed` says that the body holds its own
 * instant; where it does not, two equal bodies are two facts and the envelope's timestamp is part of their identity.
 * What is not `known` is kept for a later version to read.
 */
export type Topic = Readonly<{
  template: string
  entityId: string
  stream: (tenant: string) => string
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
    pattern: /^v2\.analytics\.(conversation|flow)\.([^.]+)\.metrics$/,
    read: ([kind = '', id = '']) => conversationTopic(id, `v2.analytics.${kind}.{id}.metrics`),
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
  stream: (tenant) => conversationStream(tenant, id),
  timed: true,
  known: true,
})
const userTopic = (id: string, template: string, timed: boolean): Topic => ({
  template,
  entityId: id,
  stream: (tenant) => userStream(tenant, id),
  timed,
  known: true,
})

/**
 * What varies in a topic name becomes part of a stream's name, so it must be short and plain; the ids of Genesys are
 * UUIDs.
 */
const PLAIN = /^[\w.:-]{1,128}$/
export const isStreamId = (id: string): boolean => PLAIN.test(id)

/** What a topic name means; `undefined` if it is none that Genesys could have given. */
export const topicOf = (topicName: string): Topic | undefined => {
  for (const { pattern, read } of rules) {
    const match = pattern.exec(topicName)
    if (match === null) continue
    const groups = match.slice(1)
    if (!groups.every((group) => PLAIN.test(group))) return undefined
    return read(groups) ?? unknownTopic(topicName)
  }
  return unknownTopic(topicName)
}

/**
 * The form of all topic names of this version of the platform; several topics of one entity may be asked for at once
 * with `?` and `&`.
 */
const GENERAL_FORM = /^v2(\.[\w:-]{1,128})*\.[\w:-]{1,128}(\?[\w&:-]{1,128})?$/
const NAME_MAX = 256
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const UUIDS = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi

/**
 * A topic that we know nothing of: Genesys adds some with every release, and what was not kept cannot be read later. It
 * goes to the stream of the first entity that it names, or to one of its own. The template has `{id}` for every UUID,
 * so that a later version which knows the topic finds it by its type.
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
