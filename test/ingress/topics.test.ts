import { describe, expect, test } from 'vitest'
import { bucketOf } from '../../src/domain/stream-name.js'
import { simulate } from '../../src/simulator/simulate.js'
import { contradicts, topicOf } from '../../src/ingress/topics.js'

const id = '4f1c8a52-7b0e-4d3a-9c61-2e5d8b7f0a11'
const queue = 'a3e7f915-2c48-4b6d-b0f3-6d1e9c5a7b33'
const detail =
  'acd.start acd.end acw attributes contact customer.start customer.end flow.start flow.end flow.outcome outbound user.start user.end voicemail.start voicemail.end wrapup'

describe('known topics', () => {
  test.each([
    ...detail
      .split(' ')
      .map(
        (event) =>
          [`v2.detail.events.conversation.{id}.${event}`, /^acme\.[0-3][0-9a-f]\.conversation-/, true] as const,
      ),
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
    expect(topic).toMatchObject({ template, entityId: id, timed, known: true })
    expect(topic?.stream('acme', {})).toMatch(stream)
    expect(topic?.stream('acme', {}).endsWith(id)).toBe(true)
  })

  test('audits go to a stream of their kind and entity', () => {
    const topic = topicOf(`v2.audits.entitytype.UserPresence.entityid.${id}`)
    expect(topic).toMatchObject({ template: 'v2.audits.entitytype.{id}.entityid.{id}', timed: true })
    expect(topic?.stream('acme', {})).toBe(`acme.config-audit-userpresence-${id}`)
  })
})

test('a flow metric record is stored with its conversation, which the name of its topic does not tell', () => {
  const topic = topicOf(`v2.analytics.flow.${id}.metrics`)
  expect(topic?.stream('acme', { conversationId: queue })).toBe(`acme.${bucketOf(queue)}.conversation-${queue}`)
  for (const conversationId of [undefined, 7, 'no id at all'])
    expect(topic?.stream('acme', { conversationId })).toBe(`acme.${bucketOf(id)}.conversation-${id}`)
  expect(topic?.formerly?.('acme')).toBe(`acme.${bucketOf(id)}.conversation-${id}`)
})

describe('events of unknown topics are stored with their entity', () => {
  const bucket = bucketOf(id)
  test.each([
    [`v2.users.${id}.station`, 'v2.users.{id}.station', `acme.${bucket}.user-${id}`],
    [`v2.users.${id}?presence&routingStatus`, 'v2.users.{id}?presence&routingStatus', `acme.${bucket}.user-${id}`],
    [`v2.analytics.users.${id}.aggregates`, 'v2.analytics.users.{id}.aggregates', `acme.${bucket}.user-${id}`],
    [
      `v2.conversations.${id}.transcription`,
      'v2.conversations.{id}.transcription',
      `acme.${bucket}.conversation-${id}`,
    ],
    [
      `v2.detail.events.conversation.${id}.acd.start.more`,
      'v2.detail.events.conversation.{id}.acd.start.more',
      `acme.${bucket}.conversation-${id}`,
    ],
    [`v2.analytics.queues.${id}.observations`, 'v2.analytics.queues.{id}.observations', `acme.${bucket}.topic-${id}`],
    [`v2.a.${id}.b.${queue}`, 'v2.a.{id}.b.{id}', `acme.${bucket}.topic-${id}`],
    [
      'v2.analytics.conversations.details.jobs.availability',
      undefined,
      'acme.config-topic-v2.analytics.conversations.details.jobs.availability',
    ],
    ['v2.users.kim.station', undefined, 'acme.config-topic-v2.users.kim.station'],
  ])('%s', (topicName, template, stream) => {
    const topic = topicOf(topicName)
    expect(topic).toMatchObject({ template: template ?? topicName, known: false, timed: false })
    expect(topic?.stream('acme', {})).toBe(stream)
  })
})

test.each([
  '',
  'channel.metadata',
  `v2.detail.events.conversation..acd.start`,
  'v2.detail.events.conversation.{id}.acd.start',
  `v2.users.${'x'.repeat(129)}.presence`,
  'v2.users.a b.presence',
  'v2.users.a\nb.presence',
  'v2.users.lone\ud800.presence',
  'v2.users.é.presence',
  `v2.audits.entitytype.a/b.entityid.${id}`,
  ` v2.users.${id}.presence`,
  'v2',
  'v2.',
  'v3.users.kim.presence',
  `v2.${'x'.repeat(129)}`,
  `v2${'.x'.repeat(128)}`,
])('%j is no name of a topic', (topicName) => {
  expect(topicOf(topicName)).toBeUndefined()
})

describe('a detail-type', () => {
  test.each([
    ['v2.users.{id}.presence', `v2.users.${id}.presence`],
    ['v2.audits.entitytype.{id}.entityid.{id}', `v2.audits.entitytype.UserPresence.entityid.${id}`],
    ['v2.users.{id}', `v2.users.${id}?presence&routingStatus`],
    ['v2.detail.events.conversation.{conversationId}.acd.end', `v2.detail.events.conversation.${id}.acd.end`],
    [`v2.users.${id}.presence`, `v2.users.${id}.presence`],
    ['Genesys Cloud event', `v2.users.${id}.presence`],
    ['', `v2.users.${id}.presence`],
  ])('%s agrees with %s', (detailType, topicName) => expect(contradicts(detailType, topicName)).toBe(false))

  test.each([
    ['v2.users.{id}.presence', `v2.users.${id}.routingStatus`],
    ['v2.detail.events.conversation.{id}.acd.start', `v2.detail.events.conversation.${id}.acd.end`],
    ['v2.detail.events.conversation.{id}.acd', `v2.detail.events.conversation.${id}.acd.end`],
    ['v2.analytics.conversation.{id}.metrics', `v2.analytics.flow.${id}.metrics`],
    [`v2.users.${queue}.presence`, `v2.users.${id}.presence`],
  ])('%s contradicts %s', (detailType, topicName) => expect(contradicts(detailType, topicName)).toBe(true))

  test('of a simulated event never contradicts its topic name', () => {
    const options = { seed: 5, fromMs: 1_767_592_800_000, hours: 1, queues: 3, agents: 12 } as const
    let count = 0
    for (const { line } of simulate(options)) {
      const event = JSON.parse(line) as { 'detail-type': string; detail: { topicName: string } }
      expect(contradicts(event['detail-type'], event.detail.topicName)).toBe(false)
      count++
    }
    expect(count).toBeGreaterThan(100)
  })
})
