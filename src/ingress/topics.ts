import { configStream, conversationStream, userStream } from '../domain/stream-name.js'

/**
 * The topics that are taken. `template` is the event type in the log. `timed` says that the body holds its own instant; where it does not,
 * two equal bodies are two facts and the envelope's timestamp is part of their identity.
 */
export type Topic = Readonly<{ template: string; entityId: string; stream: (tenant: string) => string; timed: boolean }>

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
  { pattern: /^v2\.users\.([^.]+)\.conversationsummary$/, read: ([id = '']) => userTopic(id, 'v2.users.{id}.conversationsummary', false) },
  { pattern: /^v2\.detail\.events\.agent\.([^.]+)\.state$/, read: ([id = '']) => userTopic(id, 'v2.detail.events.agent.{id}.state', true) },
  {
    pattern: /^v2\.routing\.queues\.([^.]+)\.users$/,
    read: ([id = '']) => ({
      template: 'v2.routing.queues.{id}.users',
      entityId: id,
      stream: (tenant) => configStream(tenant, 'queue', id),
      timed: false,
    }),
  },
  {
    pattern: /^v2\.audits\.entitytype\.([^.]+)\.entityid\.([^.]+)$/,
    read: ([kind = '', id = '']) => ({
      template: 'v2.audits.entitytype.{id}.entityid.{id}',
      entityId: id,
      stream: (tenant) => configStream(tenant, `audit-${kind.toLowerCase()}`, id),
      timed: true,
    }),
  },
]

const conversationTopic = (id: string, template: string): Topic => ({
  template,
  entityId: id,
  stream: (tenant) => conversationStream(tenant, id),
  timed: true,
})
const userTopic = (id: string, template: string, timed: boolean): Topic => ({
  template,
  entityId: id,
  stream: (tenant) => userStream(tenant, id),
  timed,
})

/** What varies in a topic name becomes part of a stream's name, so it must be short and plain; the ids of Genesys are UUIDs. */
const PLAIN = /^[\w.:-]{1,128}$/

/** What a topic name means to us; `undefined` if nothing. */
export const topicOf = (topicName: string): Topic | undefined => {
  for (const { pattern, read } of rules) {
    const match = pattern.exec(topicName)
    if (match === null) continue
    const groups = match.slice(1)
    return groups.every((group) => PLAIN.test(group)) ? read(groups) : undefined
  }
  return undefined
}
