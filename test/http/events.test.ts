import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { bodies, bytes, changed, eventBridge, notification } from '../ingress/envelopes.js'
import { allEvents, eventsOf } from '../ingress/log-content.js'
import { asArray, asLines, events, served } from './served.js'

const { template, id, body } = bodies.metrics
const unknownTopic = bytes(notification('v2.users.{id}.sta tion', id, {}))
const undecodable = bytes(notification(template, id, changed(body, { value: 'much' })))

describe('POST /v1/events stores', () => {
  test.each<[string, Uint8Array, string, number]>([
    ['one EventBridge event', bytes(eventBridge(template, id, body)), 'application/json', 1],
    ['one notification', bytes(notification(template, id, body)), 'application/json; charset=utf-8', 1],
    ['an array', asArray(events(3)), 'application/json', 3],
    ['an empty array', bytes('[]'), 'application/json', 0],
    ...['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'Application/X-NDJSON; charset="UTF-8"'].map(
      (type) => [`lines as ${type}`, asLines(events(4)), type, 4] as [string, Uint8Array, string, number],
    ),
  ])('%s', async (_, sent, type, count) => {
    const { post, log } = await served()
    const { status, body: answer } = await post(sent, { 'content-type': type })
    expect([status, answer]).toEqual([
      200,
      { stored: count, duplicate: 0, deadLettered: 0, erased: 0, unknownTopic: 0, contradictory: 0, problems: [] },
    ])
    expect(await post(gzipSync(sent), { 'content-type': type, 'content-encoding': 'gzip' })).toMatchObject({
      status: 200,
      body: { stored: 0, duplicate: count },
    })
    expect(await allEvents(log)).toHaveLength(count)
  })

  test('keeps the bytes of each event exactly', async () => {
    const { post, log } = await served()
    const odd = `{ "topicName" : "v2.users.u1.routingStatus",\r\n\t"eventBody":{"routingStatus":{"status":"IDLE","startTime":"2026-01-05T10:00:00Z"},"x":[1.0,1e3,"\\u00e9\\"]é"]} }`
    await post(`[\n  ${odd} ]`)
    expect((await allEvents(log)).map(({ data }) => Buffer.from(data).toString())).toEqual([odd])
  })
})

test('events of unknown topics are stored and counted', async () => {
  const { post } = await served()
  const fresh = bytes(notification('v2.users.{id}.station', id, {}))
  expect(await post(asArray([...events(1), fresh]))).toMatchObject({
    status: 200,
    body: { stored: 2, deadLettered: 0, unknownTopic: 1 },
  })
})

describe('an EventBridge event whose detail-type contradicts its topic name', () => {
  const other = bytes({ ...eventBridge(template, id, body), 'detail-type': 'v2.users.{id}.presence' })

  test('is stored by its topic name, counted, and named in the answer', async () => {
    const { post, log } = await served()
    const [first = Buffer.alloc(0)] = events(1)
    expect(await post(asArray([first, other]))).toMatchObject({
      status: 200,
      body: {
        stored: 2,
        deadLettered: 0,
        contradictory: 1,
        problems: [
          {
            index: 1,
            reason: 'contradictory',
            detail: expect.stringMatching(/detail-type is v2\.users.*topicName is v2\.analytics.*stored/) as string,
          },
        ],
      },
    })
    expect((await allEvents(log)).map(({ type }) => type)).toEqual([template, template])
  })

  test('alone is a success too, delivered again as well', async () => {
    const { post } = await served()
    expect(await post(other)).toMatchObject({ status: 200, body: { stored: 1, contradictory: 1 } })
    expect(await post(other)).toMatchObject({ status: 200, body: { duplicate: 1, contradictory: 1 } })
  })
})

test.each([
  ['pretty-printed', JSON.stringify(eventBridge(template, id, body), null, 2), 1],
  ['one after the other', events(3).join(''), 3],
  ['arrays', `${String(asArray(events(2)))}\n${String(asArray(events(2, 2)))}`, 4],
])('a body called NDJSON with events that are %s is split into its events, not into lines', async (_, sent, count) => {
  const { post } = await served()
  expect(await post(sent, { 'content-type': 'application/x-ndjson' })).toMatchObject({
    status: 200,
    body: { stored: count, deadLettered: 0 },
  })
})

describe('an event that cannot be used', () => {
  test('is named in the answer, and the others are stored', async () => {
    const { post, log } = await served()
    const { status, body: answer } = await post(
      asLines([...events(1), unknownTopic, Buffer.from('{"broken":'), undecodable]),
      {
        'content-type': 'application/x-ndjson',
      },
    )
    expect(status).toBe(200)
    expect(answer).toMatchObject({
      stored: 1,
      duplicate: 0,
      deadLettered: 3,
      problems: [
        { index: 1, reason: 'unknown-topic' },
        { index: 2, reason: 'malformed-json' },
        { index: 3, reason: 'undecodable', detail: expect.stringContaining('value is "much"') as string },
      ],
    })
    expect(await eventsOf(log, 'acme.deadletter')).toHaveLength(3)
  })

  test.each<[string, string | Uint8Array, number, string, RegExp]>([
    ['an unknown topic alone', unknownTopic, 422, 'unknown-topic', /v2\.users\..*\.sta tion is no name of a topic/],
    ['JSON that is no envelope', '{"conversationId":"c1"}', 422, 'not-an-envelope', /no topicName/],
    ['a body that cannot be decoded', undecodable, 422, 'undecodable', /value is "much"/],
    [
      'several reasons and nothing usable',
      asArray([unknownTopic, undecodable]),
      422,
      'nothing-usable',
      /none of 2 events .*\.sta tion/,
    ],
    ['JSON that ends early', '{"topicName":', 400, 'malformed-json', /ends at byte 13/],
    ['JSON that is wrong inside', '{"topicName":nope}', 400, 'malformed-json', /not valid JSON/],
    ['an array that ends early', '[{"a":1},', 400, 'malformed-json', /before its last bracket/],
    ['lines that are called JSON', asLines(events(2)), 400, 'malformed-json', /sent as application\/x-ndjson/],
    ['deep nesting', '['.repeat(100_000), 400, 'too-deep', /nested deeper/],
  ])('%s', async (_, sent, status, error, detail) => {
    const { post, log } = await served()
    const answer = await post(sent)
    expect(answer).toMatchObject({ status, body: { error, detail: expect.stringMatching(detail) as string } })
    const deadLetters = await eventsOf(log, 'acme.deadletter')
    expect(answer.body['deadLettered']).toBe(deadLetters.length)
    expect(deadLetters.length).toBeGreaterThan(0)
    expect(await allEvents(log)).toHaveLength(deadLetters.length)
  })

  test('a malformed document becomes a dead letter byte for byte', async () => {
    const { post, log } = await served()
    await post(' [{"a" :1},\n')
    expect((await eventsOf(log, 'acme.deadletter')).map(({ data }) => Buffer.from(data).toString())).toEqual([
      ' [{"a" :1},\n',
    ])
  })

  test('a body that is not gzip becomes a dead letter as it was received', async () => {
    const { post, log } = await served()
    const cut = gzipSync(asArray(events(5))).subarray(0, 100)
    expect(await post(cut, { 'content-encoding': 'gzip' })).toMatchObject({
      status: 400,
      body: { error: 'malformed-gzip', deadLettered: 1 },
    })
    expect((await eventsOf(log, 'acme.deadletter')).map(({ data }) => Buffer.from(data))).toEqual([cut])
  })

  test.each(['', ' \n', '\r\n\r\n'])('an empty body (%j) is refused, and stores no dead letter', async (sent) => {
    const { post, log } = await served()
    expect(await post(sent)).toMatchObject({ status: 400, body: { error: 'malformed-json', deadLettered: 0 } })
    expect(await allEvents(log)).toHaveLength(0)
  })
})
