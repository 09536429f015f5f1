import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as E from 'fp-ts/lib/Either.js'
import { decodeBody, decodeRaw, decoders } from '../../../src/ingress/decode/decoders.js'
import { readEnvelope } from '../../../src/ingress/envelope.js'
import { plainBody } from '../../../src/ingress/plain/plain-body.js'
import { PlainEvent } from '../../../src/ingress/plain/plain-event.js'
import { simulate } from '../../../src/simulator/simulate.js'
import { topicOf } from '../../../src/ingress/topics.js'
import { bodies, eventBridge } from '../envelopes.js'

const audit = {
  template: 'v2.audits.entitytype.{id}.entityid.{id}',
  id: '278522be-1683-4877-8257-4164a177be89',
  body: (
    JSON.parse(readFileSync(new URL('../fixtures/eventbridge-audit-presence.json', import.meta.url), 'utf8')) as {
      detail: { eventBody: Record<string, unknown> }
    }
  ).detail.eventBody,
}

const wantedNames = ['queueId', 'value', 'metric', 'skills']

const event = new PlainEvent()

/** What is read of a plain event without parsing it; `undefined` if it is not plain. */
const readPlain = (text: string, names: readonly string[] = wantedNames) =>
  event.read(Buffer.from(text)) ? { topicName: event.topicName, body: plainBody(event, names) } : undefined

const wanted = (body: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(body).filter(([name]) => wantedNames.includes(name)))

/** Values that look like trouble: quotes, backslashes and our own names inside strings, keys and nested values. */
const anyText = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-z 0-9]{0,8}$/) },
  fc.string(),
  fc.constantFrom('"', '\\', '\\"', '"queueId":"x"', 'eventBody', '}', ']', ' ', 'ü✓𝕊'),
)
const anyValue = fc.oneof(
  { weight: 3, arbitrary: fc.oneof(fc.nat(), fc.boolean(), fc.array(fc.nat(), { maxLength: 2 })) },
  fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme' }),
)
const anyBody = fc.dictionary(
  fc.oneof(fc.constantFrom('queueId', 'value', 'metric', 'skills', 'other', 'detail', 'eventBody'), anyText),
  fc.oneof(anyValue, anyText, fc.array(anyText), fc.nat(), fc.maxSafeInteger()),
)
const spaced = (value: unknown, space: string): string => JSON.stringify(value, null, space)

describe('fields of a plain event, read without parsing it', () => {
  test('equal those of the parsed event, or the event is left to the parser', () => {
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
            typeof parsed.detail === 'object' && parsed.detail !== null && !Array.isArray(parsed.detail)
              ? parsed.detail
              : parsed
          const found = readPlain(text)
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
      const envelope = readEnvelope(line)
      if (E.isLeft(envelope) || envelope.right.kind !== 'notification') throw new Error(line)
      const topic = topicOf(envelope.right.topicName)
      if (topic === undefined) throw new Error(line)
      expect(decodeRaw(topic.template, data)).toEqual(decodeBody(topic.template, topic.entityId, envelope.right.body))
      events++
    }
    expect(events).toBeGreaterThan(500)
  })

  test('hold everything that any decoder looks at', () => {
    for (const { template, id, body } of [...Object.values(bodies), audit]) {
      const looked = new Set<string>()
      const watched = new Proxy<Record<string, unknown>>(body, {
        get: (target, name) => {
          looked.add(String(name))
          return target[String(name)]
        },
      })
      const decoder = decoders[template] as (typeof decoders)[string]
      expect(decoder.facts(watched, id)).toEqual(decoder.facts(body, id))
      expect(decoder.fields).toEqual(expect.arrayContaining([...looked]))
      expect(looked.size).toBeGreaterThan(0)
    }
  })

  test('give the same facts as parsing, or the same refusal, whatever the fields of any topic hold', () => {
    const odd = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom<unknown>(
        [],
        ['a'],
        ['a', 'b', 'a'],
        ['a', 1],
        [' ', '"'],
        {},
        null,
        '',
        0,
        -0,
        7,
        -7,
        0.5,
        1e15,
        1e21,
        true,
        'OUTBOUND',
      ),
    )
    let plain = 0
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(bodies)),
        fc.array(fc.tuple(fc.nat(), odd), { maxLength: 3 }),
        fc.constantFrom('', ' '),
        ({ template, id, body }, changes, space) => {
          const { fields } = decoders[template] as (typeof decoders)[string]
          const changed = {
            ...body,
            ...Object.fromEntries(changes.map(([i, value]) => [fields[i % fields.length], value])),
          }
          const text = spaced(eventBridge(template, id, changed), space)
          const whole = JSON.parse(text) as { detail: { eventBody: Record<string, unknown> } }
          if (readPlain(text, fields) !== undefined) plain++
          expect(decodeRaw(template, Buffer.from(text))).toEqual(decodeBody(template, id, whole.detail.eventBody))
        },
      ),
      { numRuns: 4_000 },
    )
    expect(plain).toBeGreaterThan(2_000)
  })

  test.each([
    ['an escape in a wanted value', '{"topicName":"t","eventBody":{"queueId":"a\\u0041"}}'],
    ['an escape in a key', '{"topicName":"t","eventBody":{"queue\\u0049d":"a"}}'],
    ['no topic', '{"eventBody":{"queueId":"a"}}'],
    ['two topics', '{"topicName":"t","topicName":"u","eventBody":{"queueId":"a"}}'],
    ['two bodies', '{"eventBody":{"queueId":"a"},"topicName":"t","eventBody":{"queueId":"b"}}'],
    ['no body', '{"topicName":"t"}'],
    ['a text that ends early', '{"topicName":"t","eventBody":{"queueId":"a'],
    ['text behind the event', '{"topicName":"t","eventBody":{"queueId":"a"}}{}'],
    ['a body that is no object', '{"topicName":"t","eventBody":["queueId"]}'],
    ['an empty topic', '{"topicName":"","eventBody":{"queueId":"a"}}'],
    ['a topic that is no string', '{"topicName":1,"eventBody":{"queueId":"a"}}'],
    ['a body without, and a topic within detail', '{"eventBody":{"queueId":"a"},"detail":{"topicName":"t"}}'],
    ['bodies without and within detail', '{"eventBody":{},"detail":{"topicName":"t","eventBody":{}}}'],
    ['participants', '{"conversationId":"c","participants":[],"detail":{"topicName":"t","eventBody":{}}}'],
    ['a member that occurs twice', '{"topicName":"t","eventBody":{"queueId":"a","queueId":"b"}}'],
    ['a comma behind the last member', '{"topicName":"t","eventBody":{"queueId":"a",}}'],
    ['a line feed within a string', '{"topicName":"t","eventBody":{"queueId":"a\n"}}'],
    ['a mark at the beginning', '\ufeff{"topicName":"t","eventBody":{"queueId":"a"}}'],
  ])('%s is left to the parser', (_, text) => {
    expect(readPlain(text)).toBeUndefined()
  })
})
