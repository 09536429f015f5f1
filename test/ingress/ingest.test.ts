import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { bucketOf } from '../../src/domain/stream-name.js'
import { decodeRaw } from '../../src/ingress/decode/decoders.js'
import { ingest } from '../../src/ingress/ingest.js'
import { addReceipts, emptyReceipt, PROBLEMS_MAX } from '../../src/ingress/receipt.js'
import { NotIngested } from '../../src/ingress/not-ingested.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { at, bodies, bytes, changed, conversationId, eventBridge, notification, queueId, userId } from './envelopes.js'
import { allEvents, eventsOf } from './log-content.js'

const origin = { tenant: 'acme', source: 'test', receivedAt: Date.parse('2026-01-05T10:01:00Z') }
const everyTopic = Object.values(bodies).map(({ template, id, body }) => bytes(eventBridge(template, id, body)))
const { template, body } = bodies.metrics

test('each event is stored in the stream of its entity with the bytes received', async () => {
  const log = memoryLog()
  const raw = bytes(JSON.stringify(notification(template, conversationId, body), null, 3))
  expect(await ingest(log, [raw], origin)).toEqual({
    stored: 1,
    duplicate: 0,
    deadLettered: 0,
    erased: 0,
    unknownTopic: 0,
    contradictory: 0,
    problems: [],
    latest: at,
  })
  const [event] = await eventsOf(log, `acme.${bucketOf(conversationId)}.conversation-${conversationId}`)
  expect(event?.type).toBe(template)
  expect(Buffer.from(event?.data ?? [])).toEqual(raw)
  expect(JSON.parse(Buffer.from(event?.metadata ?? []).toString())).toEqual({
    tenant: 'acme',
    source: 'test',
    receivedAt: '2026-01-05T10:01:00.000Z',
    topic: template.replace('{id}', conversationId),
  })
})

test('one event of each topic is stored, and delivered again it is a duplicate', async () => {
  const log = memoryLog()
  expect(await ingest(log, everyTopic, origin)).toMatchObject({
    stored: everyTopic.length,
    duplicate: 0,
    deadLettered: 0,
    latest: at,
  })
  expect(await ingest(log, everyTopic, { ...origin, source: 'again' })).toMatchObject({
    stored: 0,
    duplicate: everyTopic.length,
    deadLettered: 0,
  })
  expect(await allEvents(log)).toHaveLength(everyTopic.length)
})

test('a repeat inside one batch, in another envelope, is a duplicate', async () => {
  const log = memoryLog()
  const twice = [
    bytes(eventBridge(template, conversationId, body)),
    bytes(notification(template, conversationId, body)),
  ]
  expect(await ingest(log, twice, origin)).toMatchObject({ stored: 1, duplicate: 1, deadLettered: 0 })
})

test('an event of an unknown topic is stored in the stream of its entity and counted, and has no facts', async () => {
  const log = memoryLog()
  const snapshot = bytes(eventBridge('v2.routing.queues.{id}.conversations.calls', queueId, { participants: [] }))
  const later = bytes(
    eventBridge(
      'v2.routing.queues.{id}.conversations.calls',
      queueId,
      { participants: [] },
      '2026-01-05T11:00:00.000Z',
    ),
  )
  const counts = { deadLettered: 0, erased: 0, contradictory: 0, problems: [], latest: undefined }
  expect(await ingest(log, [snapshot, later], origin)).toEqual({ ...counts, stored: 2, duplicate: 0, unknownTopic: 2 })
  expect(await ingest(log, [snapshot], origin)).toEqual({ ...counts, stored: 0, duplicate: 1, unknownTopic: 1 })
  const events = await eventsOf(log, `acme.${bucketOf(queueId)}.topic-${queueId}`)
  expect(events.map(({ type, data }) => [type, Buffer.from(data)])).toEqual([
    ['v2.routing.queues.{id}.conversations.calls', snapshot],
    ['v2.routing.queues.{id}.conversations.calls', later],
  ])
  expect(decodeRaw(events[0]?.type ?? '', snapshot)).toEqual(E.right([]))
})

describe('what cannot be used', () => {
  const broken = changed(body, { metricDate: 'yesterday' })
  const unusable: readonly (readonly [string, Buffer, RegExp])[] = [
    ['malformed-json', bytes('{"topicName":'), /not valid JSON/],
    ['malformed-json', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]), /not valid UTF-8/],
    ['not-an-envelope', bytes('[]'), /expected a JSON object/],
    ['not-an-envelope', bytes('{"conversationId":"x"}'), /no topicName/],
    [
      'not-an-envelope',
      bytes(`{"topicName":"v2.users.${userId}.presence","eventBody":null}`),
      /eventBody .* missing or not an object/,
    ],
    ['unknown-topic', bytes(notification('v2.users.{id}.sta tion', userId, {})), /no name of a topic/],
    ['undecodable', bytes(notification(template, conversationId, broken)), /metricDate is "yesterday"/],
    [
      'too-deep',
      bytes(notification(template, conversationId, JSON.parse(`${'{"a":'.repeat(70)}1${'}'.repeat(70)}`))),
      /nested deeper/,
    ],
  ]

  test('becomes a dead letter, byte for byte and with the reason, and the usable events are stored', async () => {
    const log = memoryLog()
    const receipt = await ingest(log, [everyTopic[0] as Buffer, ...unusable.map(([, raw]) => raw)], origin)
    expect(receipt).toMatchObject({ stored: 1, duplicate: 0, deadLettered: unusable.length })
    expect(receipt.problems).toEqual(
      unusable.map(([reason, , detail], i) => ({
        index: i + 1,
        reason,
        detail: expect.stringMatching(detail) as string,
      })),
    )
    const deadLetters = await eventsOf(log, 'acme.deadletter')
    expect(deadLetters.map(({ data }) => Buffer.from(data))).toEqual(unusable.map(([, raw]) => raw))
    expect(deadLetters.map(({ metadata }) => JSON.parse(Buffer.from(metadata).toString()) as unknown)).toEqual(
      unusable.map(
        ([reason]) =>
          expect.objectContaining({
            reason,
            stage: 'ingress',
            origin: 'test',
            receivedAt: '2026-01-05T10:01:00.000Z',
          }) as unknown,
      ),
    )
  })

  test('is stored once, and counted each time it is delivered', async () => {
    const log = memoryLog()
    const raws = unusable.map(([, raw]) => raw)
    for (const _ of [1, 2])
      expect(await ingest(log, raws, origin)).toMatchObject({
        stored: 0,
        duplicate: 0,
        deadLettered: raws.length,
        latest: undefined,
      })
    expect(await allEvents(log)).toHaveLength(raws.length)
  })

  test('is listed in the receipt up to a limit, and stored beyond it', async () => {
    const log = memoryLog()
    const receipt = await ingest(
      log,
      Array.from({ length: 50 }, (_, i) => bytes(`broken ${i}`)),
      origin,
    )
    expect(receipt.problems.map(({ index }) => index)).toEqual(Array.from({ length: PROBLEMS_MAX }, (_, i) => i))
    expect(await eventsOf(log, 'acme.deadletter')).toHaveLength(50)
  })

  test('a long topic name is shortened in the note, but not in the stored bytes', async () => {
    const log = memoryLog()
    const raw = bytes({ topicName: 'x'.repeat(100_000), eventBody: {} })
    await ingest(log, [raw], origin)
    const [deadLetter] = await eventsOf(log, 'acme.deadletter')
    expect(deadLetter?.data.byteLength).toBe(raw.byteLength)
    expect(deadLetter?.metadata.byteLength).toBeLessThan(2_000)
  })

  test('a document that cannot be split becomes one dead letter', async () => {
    const log = memoryLog()
    const receipt = await ingest(log, [bytes('[{"a":1}')], origin, {
      unusable: { reason: 'malformed-json', detail: 'not closed' },
    })
    expect(receipt).toMatchObject({
      stored: 0,
      duplicate: 0,
      deadLettered: 1,
      problems: [{ index: 0, reason: 'malformed-json', detail: 'not closed' }],
    })
    expect((await eventsOf(log, 'acme.deadletter')).map(({ data }) => Buffer.from(data).toString())).toEqual([
      '[{"a":1}',
    ])
  })
})

test('a failing log is reported, and delivering again loses and duplicates nothing', async () => {
  const sound = memoryLog()
  let answers = 0
  const failing = {
    ...sound,
    append: async (appends: Parameters<typeof sound.append>[0]) => {
      const results = await sound.append(appends)
      return answers++ === 0
        ? results.map((result, i) => (i === 1 ? E.left({ tag: 'NotAvailable' as const, cause: 'disk' }) : result))
        : results
    },
  }
  await expect(ingest(failing, everyTopic, origin)).rejects.toBeInstanceOf(NotIngested)
  const { stored, duplicate } = await ingest(failing, everyTopic, origin)
  expect(stored + duplicate).toBe(everyTopic.length)
  expect(await allEvents(sound)).toHaveLength(everyTopic.length)
})

test('receipts can be added, and the empty receipt changes nothing', () => {
  const one = {
    stored: 1,
    duplicate: 2,
    deadLettered: 3,
    erased: 4,
    unknownTopic: 1,
    contradictory: 5,
    problems: [],
    latest: 7,
  }
  expect(addReceipts(emptyReceipt, one)).toEqual(one)
  expect(addReceipts(one, emptyReceipt)).toEqual(one)
  expect(addReceipts(one, { ...one, latest: 5 })).toEqual({
    stored: 2,
    duplicate: 4,
    deadLettered: 6,
    erased: 8,
    unknownTopic: 2,
    contradictory: 10,
    problems: [],
    latest: 7,
  })
})
