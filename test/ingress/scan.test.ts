import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as E from 'fp-ts/lib/Either.js'
import { decodeBody, decodeRaw } from '../../src/ingress/decode.js'
import { readEnvelope } from '../../src/ingress/envelope.js'
import { namesOf, scanBody } from '../../src/ingress/scan.js'
import { simulate } from '../../src/ingress/simulator/simulate.js'
import { topicOf } from '../../src/ingress/topics.js'

const wantedNames = ['queueId', 'value', 'metric']
const names = namesOf(...wantedNames)

const wanted = (body: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(body).filter(([name]) => wantedNames.includes(name)))

/** Values that look like trouble: quotes, backslashes and our own names inside strings, keys and nested values. */
const anyText = fc.oneof(fc.string(), fc.constantFrom('"', '\\', '\\"', '"queueId":"x"', 'eventBody', '}', ']', ' ', 'ü✓𝕊'))
const anyValue = fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme' })
const anyBody = fc.dictionary(
  fc.oneof(fc.constantFrom('queueId', 'value', 'metric', 'other', 'detail', 'eventBody'), anyText),
  fc.oneof(anyValue, anyText),
)
const spaced = (value: unknown, space: string): string => JSON.stringify(value, null, space)

describe('fields read without parsing the whole', () => {
  test('are those that parsing the whole gives, or are given up', () => {
    let read = 0
    fc.assert(
      fc.property(
        anyBody,
        fc.boolean(),
        fc.constantFrom('', ' ', '\n\t'),
        fc.dictionary(anyText, anyValue),
        (body, eventBridge, space, more) => {
          const notification = { ...more, topicName: 't', eventBody: body }
          const text = spaced(eventBridge ? { ...more, detail: notification } : notification, space)
          const parsed = JSON.parse(text) as { detail?: unknown; eventBody?: unknown }
          const holder =
            typeof parsed.detail === 'object' && parsed.detail !== null && !Array.isArray(parsed.detail) ? parsed.detail : parsed
          const found = scanBody(text, names)
          if (found === undefined) return
          read++
          const { topicName, eventBody } = holder as { topicName: string; eventBody: Record<string, unknown> }
          expect(found).toEqual({ topicName, body: wanted(eventBody) })
        },
      ),
      { numRuns: 2_000 },
    )
    expect(read).toBeGreaterThan(100)
  })

  test('give the same facts as parsing for every event of a simulated hour', () => {
    let events = 0
    for (const { line } of simulate({
      seed: 5,
      fromMs: 1_767_592_800_000,
      hours: 1,
      queues: 3,
      agents: 12,
      envelope: 'mixed',
      duplicates: 0.2,
    })) {
      const data = Buffer.from(line)
      const envelope = readEnvelope(data)
      if (E.isLeft(envelope)) throw new Error(line)
      const topic = topicOf(envelope.right.topicName)
      if (topic === undefined) throw new Error(line)
      expect(decodeRaw(topic.template, data)).toEqual(decodeBody(topic.template, topic.entityId, envelope.right.body))
      events++
    }
    expect(events).toBeGreaterThan(500)
  })

  test.each([
    ['an escape in a wanted value', '{"topicName":"t","eventBody":{"queueId":"a\\u0041"}}'],
    ['an escape in a key', '{"topicName":"t","eventBody":{"queue\\u0049d":"a"}}'],
    ['no topic', '{"eventBody":{"queueId":"a"}}'],
    ['two topics', '{"topicName":"t","topicName":"u","eventBody":{"queueId":"a"}}'],
    ['two bodies', '{"eventBody":{"queueId":"a"},"topicName":"t","eventBody":{"queueId":"b"}}'],
    ['no body', '{"topicName":"t"}'],
    ['a text that ends early', '{"topicName":"t","eventBody":{"queueId":"a'],
  ])('%s is left to the parser', (_, text) => {
    expect(scanBody(text, names)).toBeUndefined()
  })
})
