import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { ingest } from '../../src/ingress/ingest.js'
import { readRawEvents } from '../../src/ingress/raw-event.js'
import { memberText } from '../../src/ingress/wrappings/member-text.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { bodies, eventBridge, notification } from './envelopes.js'
import { allEvents, eventsOf } from './log-content.js'
import { confirmation, ofMany, ofOne, validation } from './wrapped.js'

const origin = { tenant: 'acme', source: 'test', receivedAt: 0 }

/** Spellings that a parser would lose: spaces, numbers, escapes. */
const odd = `{ "topicName" : "v2.users.u1.routingStatus",\t"eventBody":{"routingStatus":{"status":"IDLE","startTime":"2026-01-05T10:00:00Z"},"x":[1.0,1e3,9007199254740993,"\\u00e9\\"}]é😀"]} }`
const events: readonly string[] = [
  odd,
  ...Object.values(bodies).flatMap(({ template, id, body }) =>
    [eventBridge, notification].map((wrap) => JSON.stringify(wrap(template, id, body))),
  ),
]

/** What is stored of each event: stream, id and bytes. */
const read = (text: string): readonly unknown[] =>
  readRawEvents(Buffer.from(text), origin).map(({ raw, read: one }) =>
    E.isRight(one)
      ? [
          one.right.stream,
          one.right.event.id,
          Buffer.from(raw).toString(),
          Buffer.from(one.right.event.data).toString(),
        ]
      : one.left,
  )

describe('an event in a wrapping is read like the same event without one, byte for byte', () => {
  test.each(Object.entries(ofOne))('%s', (_, wrap) => {
    for (const event of events) expect(read(wrap(event))).toEqual(read(event))
  })

  test.each(Object.entries(ofMany))('%s', (_, wrap) => {
    expect(read(wrap(...events))).toEqual(events.flatMap(read))
    expect(read(wrap(odd))).toEqual(read(odd))
  })

  test('wrappings within wrappings: SNS in SQS in Firehose, and any others', () => {
    const wraps = [...Object.values(ofOne), ...Object.values(ofMany)]
    fc.assert(
      fc.property(
        fc.constantFrom(...events),
        fc.array(fc.constantFrom(...wraps), { maxLength: 4 }),
        (event, layers) => {
          expect(read(layers.reduce((text, wrap) => wrap(text), event))).toEqual(read(event))
        },
      ),
    )
  })
})

describe('unusable input in a wrapping', () => {
  test('is a dead letter of its own, beside the events that are usable', async () => {
    const log = memoryLog()
    const receipt = await ingest(log, [Buffer.from(ofMany['SQS messages'](odd, 'not json', '{"a":1}'))], origin)
    expect(receipt).toMatchObject({
      stored: 1,
      deadLettered: 2,
      problems: [
        { index: 0, reason: 'malformed-json' },
        { index: 0, reason: 'not-an-envelope' },
      ],
    })
    expect((await eventsOf(log, 'acme.deadletter')).map(({ data }) => Buffer.from(data).toString()).sort()).toEqual([
      'not json',
      '{"a":1}',
    ])
  })

  test.each([
    ['base64 that is none', { requestId: 'r', timestamp: 1, records: [{ data: '{"a":1}' }] }],
    ['a record without data', { requestId: 'r', timestamp: 1, records: [{ date: 'x' }, null] }],
    ['a CloudEvent without data', { specversion: '1.0', id: 'x' }],
    ['records that are neither SQS nor SNS', { Records: [{ eventSource: 'aws:s3', s3: {} }] }],
  ])('%s is a dead letter, not nothing', async (_, document) => {
    const receipt = await ingest(memoryLog(), [Buffer.from(JSON.stringify(document))], origin)
    expect(receipt.stored).toBe(0)
    expect(receipt.deadLettered).toBeGreaterThan(0)
  })

  test('a wrapping with more events than may be in one is one dead letter', () => {
    const many = Array.from({ length: 10_001 }, () => '1')
    for (const text of [ofMany['SQS messages'](...many), ofMany['Firehose records of several events'](many.join('\n'))])
      expect(read(text)).toMatchObject([{ reason: 'too-large', detail: expect.stringContaining('10000') as string }])
    expect(read(ofMany['SQS messages'](...many.slice(1)))).toHaveLength(10_000)
    const half = ofMany['SQS messages'](...many.slice(5_000))
    expect(read(ofMany['SQS messages'](half, half))).toMatchObject([{ reason: 'too-large' }])
  })

  test('too many wrappings are not opened', () => {
    let text = odd
    for (let layer = 0; layer < 6; layer++) text = ofOne['SNS notification'](text)
    expect(read(text)).toMatchObject([{ reason: 'not-an-envelope' }])
  })
})

test.each([
  ['SNS', confirmation, /SNS asks to confirm .*arn:aws:sns:eu-central-1:123456789012:genesys .*SubscribeURL/],
  ['Event Grid', validation, /Event Grid asks to validate/],
])(
  'a request of %s to confirm a subscription becomes a dead letter that says what to do',
  async (_, request, detail) => {
    const log = memoryLog()
    const receipt = await ingest(log, [Buffer.from(JSON.stringify(request))], origin)
    expect(receipt).toMatchObject({
      stored: 0,
      deadLettered: 1,
      problems: [{ reason: 'confirmation-needed', detail: expect.stringMatching(detail) as string }],
    })
    expect((await allEvents(log)).map(({ data }) => JSON.parse(Buffer.from(data).toString()) as unknown)).toEqual([
      request,
    ])
  },
)

test('the text of a member is a part of the document that parses to the value of the member', () => {
  const object = fc.dictionary(
    fc.oneof(fc.string(), fc.constantFrom('data', 'a"b', '\\')),
    fc.jsonValue({ maxDepth: 3 }),
  )
  fc.assert(
    fc.property(object, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const json = JSON.stringify(value, null, indent)
      for (const [key, member] of Object.entries(JSON.parse(json) as Record<string, unknown>)) {
        const text = memberText(json, key) ?? ''
        expect(JSON.parse(text)).toEqual(member)
        expect(json).toContain(text)
      }
      expect(memberText(json, 'no such member')).toBeUndefined()
    }),
  )
  expect(memberText('{"data":1,"data": 2 }', 'data')).toBe('2')
})
