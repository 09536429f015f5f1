import { createHash } from 'node:crypto'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../../src/domain/canonical-json.js'
import { PlainEvent } from '../../../src/ingress/plain/plain-event.js'
import { readRawEvents, type ReadEvent } from '../../../src/ingress/raw-event.js'
import { contentId } from '../../../src/log/content-id.js'
import { bodies, eventBridge, notification } from '../envelopes.js'
import { ofMany, ofOne } from '../wrapped.js'

const origin = { tenant: 'acme', source: 'test', receivedAt: Date.parse('2026-01-05T12:00:00Z') }
const plain = new PlainEvent()

/** The same event with an escape in its envelope: it is parsed, and everything else about it is the same. */
const parsed = (text: string): string => text.replace('{', '{"escaped":"\\u0041",')

const read = (text: string): readonly ReadEvent[] => readRawEvents(Buffer.from(text), origin)

/** Everything that reading says of an event, but its bytes. */
const said = (events: readonly ReadEvent[]): unknown =>
  events.map(({ read: each }) =>
    E.isLeft(each) ? each : { ...each.right, event: { ...each.right.event, data: undefined } },
  )

const number = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.constantFrom('0', '-0', '0.0', '-0.5', '1.50', '0.000001', '0.0000001', '1e3', '1e400', '9007199254740993'),
  fc.constantFrom('123456789012345', '1234567890123456', '0.1', '0.10000000000000000001', '100000000000000000000'),
)
const key = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom('a', 'b', 'ab', 'B', '1', '10', '2', '', ' ', '~', 'ä', '__proto__', 'eventBody', 'k'.repeat(70)),
)

/** JSON text as anybody may write it: any spelling of numbers, any space, members in any order and repeated. */
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(
      number,
      fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
      fc.constantFrom('true', 'false', 'null', '"\\u00e9"', '"é"'),
    ),
    fc
      .tuple(fc.array(tie('json'), { maxLength: 3 }), fc.constantFrom('', ' '))
      .map(([items, space]) => `[${space}${items.join(`,${space}`)}${space}]`),
    fc
      .tuple(fc.array(fc.tuple(key, tie('json')), { maxLength: 4 }), fc.constantFrom('', ' ', '\n\t'))
      .map(
        ([members, space]) =>
          `{${space}${members.map(([name, value]) => `${JSON.stringify(name)}:${space}${value}`).join(`${space},`)}}`,
      ),
  ),
}))

describe('an event that is read in one pass over its bytes', () => {
  test('is read as the parser reads it: the same id, stream, type, facts and contradiction', () => {
    let plainOnes = 0
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(bodies)),
        fc.array(fc.tuple(key, json), { maxLength: 4 }),
        fc.boolean(),
        fc.constantFrom('', ' '),
        ({ template, id, body }, more, isBridge, space) => {
          const envelope = isBridge ? eventBridge(template, id, body) : notification(template, id, body)
          const written = more.map(([name, value]) => `${JSON.stringify(name)}:${space}${value},`).join('')
          const text = JSON.stringify(envelope).replace('"eventBody":{', () => `"eventBody":${space}{${written}`)
          if (plain.read(Buffer.from(text))) plainOnes++
          expect(said(read(text))).toEqual(said(read(parsed(text))))
        },
      ),
      { numRuns: 1_000 },
    )
    expect(plainOnes).toBeGreaterThan(100)
  })

  test('has the id that the SHA-256 of topic and canonical body gives', () => {
    const { template, id, body } = bodies.metrics
    const topicName = template.replace('{id}', id)
    const digest = createHash('sha256')
      .update(`${topicName}\0${canonicalJson(body)}\0`)
      .digest()
    digest[6] = ((digest[6] as number) & 0x0f) | 0x80
    digest[8] = ((digest[8] as number) & 0x3f) | 0x80
    const hex = digest.toString('hex', 0, 16)
    const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    const text = JSON.stringify(eventBridge(template, id, body))
    expect(plain.read(Buffer.from(text))).toBe(true)
    expect(said(read(text))).toMatchObject([{ event: { id: uuid } }])
    expect(contentId(topicName, canonicalJson(body))).toBe(uuid)
  })

  test('is the same event in every wrapping', () => {
    fc.assert(
      fc.property(json, (value) => {
        const { template, id, body } = bodies.metrics
        const text = JSON.stringify(eventBridge(template, id, body)).replace(
          '"eventBody":{',
          () => `"eventBody":{"more":${value},`,
        )
        const bare = said(read(parsed(text)))
        for (const wrap of Object.values({ ...ofOne, ...ofMany })) expect(said(read(wrap(text)))).toEqual(bare)
      }),
      { numRuns: 100 },
    )
  })
})
