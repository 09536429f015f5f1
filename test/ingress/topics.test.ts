import { describe, expect, test } from 'vitest'
import { topicOf } from '../../src/ingress/topics.js'

const id = '4f1c8a52-7b0e-4d3a-9c61-2e5d8b7f0a11'
const detail =
  'acd.start acd.end acw attributes contact customer.start customer.end flow.start flow.end flow.outcome outbound user.start user.end voicemail.start voicemail.end wrapup'

describe('topics that are taken', () => {
  test.each([
    ...detail
      .split(' ')
      .map((event) => [`v2.detail.events.conversation.{id}.${event}`, /^acme\.[0-3][0-9a-f]\.conversation-/, true] as const),
    ['v2.analytics.conversation.{id}.metrics', /^acme\.[0-3][0-9a-f]\.conversation-/, true] as const,
    ['v2.analytics.flow.{id}.metrics', /^acme\.[0-3][0-9a-f]\.conversation-/, true] as const,
    ['v2.users.{id}.routingStatus', /^acme\.[0-3][0-9a-f]\.user-/, true] as const,
    ['v2.users.{id}.presence', /^acme\.[0-3][0-9a-f]\.user-/, true] as const,
    ['v2.users.{id}.activity', /^acme\.[0-3][0-9a-f]\.user-/, true] as const,
    ['v2.users.{id}.conversationsummary', /^acme\.[0-3][0-9a-f]\.user-/, false] as const,
    ['v2.detail.events.agent.{id}.state', /^acme\.[0-3][0-9a-f]\.user-/, true] as const,
    ['v2.routing.queues.{id}.users', /^acme\.config-queue-/, false] as const,
  ])('%s', (template, stream, timed) => {
    const topic = topicOf(template.replace('{id}', id))
    expect(topic).toMatchObject({ template, entityId: id, timed })
    expect(topic?.stream('acme')).toMatch(stream)
    expect(topic?.stream('acme').endsWith(id)).toBe(true)
  })

  test('audits go to a stream of their kind and entity', () => {
    const topic = topicOf(`v2.audits.entitytype.UserPresence.entityid.${id}`)
    expect(topic).toMatchObject({ template: 'v2.audits.entitytype.{id}.entityid.{id}', timed: true })
    expect(topic?.stream('acme')).toBe(`acme.config-audit-userpresence-${id}`)
  })
})

test.each([
  '',
  'channel.metadata',
  `v2.detail.events.conversation.${id}.acd`,
  `v2.detail.events.conversation.${id}.acd.start.more`,
  `v2.detail.events.conversation..acd.start`,
  'v2.detail.events.conversation.{id}.acd.start',
  `v2.users.${id}.station`,
  `v2.users.${id}?presence&routingStatus`,
  `v2.users.${'x'.repeat(129)}.presence`,
  'v2.users.a b.presence',
  'v2.users.a\nb.presence',
  'v2.users.lone\ud800.presence',
  'v2.users.é.presence',
  `v2.audits.entitytype.a/b.entityid.${id}`,
  ` v2.users.${id}.presence`,
])('%j is not a topic that is taken', (topicName) => {
  expect(topicOf(topicName)).toBeUndefined()
})
