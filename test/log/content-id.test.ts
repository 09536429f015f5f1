import { createHash } from 'node:crypto'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { canonicalJson, DEPTH_MAX, TooDeep } from '../../src/domain/canonical-json.js'
import { ascendingContentId, contentId } from '../../src/log/content-id.js'
import { readRawEvent } from '../ingress/read-one.js'
import { bodies, bytes, changed, conversationId, eventBridge, notification, reversed } from '../ingress/envelopes.js'

const origin = { tenant: 'acme', source: 'test', receivedAt: 0 }

const idOf = (envelope: unknown): string => {
  const read = readRawEvent(bytes(envelope), origin)
  if (E.isLeft(read)) throw new Error(read.left.detail)
  return read.right.event.id
}

/** Bodies that hold no instant: of them the envelope's time of publication is a part. */
const timeless = ['summary', 'membership']

describe.each(Object.entries(bodies).filter(([name]) => !timeless.includes(name)))(
  '%s',
  (_, { template, id, body }) => {
    test('is the same fact in any envelope, key order or spacing', () => {
      const ids = [
        eventBridge(template, id, body),
        {
          ...eventBridge(template, id, body, '2026-01-07T00:00:00.000Z'),
          id: 'ffffffff-0000-4000-8000-000000000000',
          time: '2026-01-07T00:00:00Z',
        },
        reversed(eventBridge(template, id, body)),
        notification(template, id, body),
        JSON.stringify(notification(template, id, body), null, 4),
      ].map(idOf)
      expect(new Set(ids).size).toBe(1)
    })

    test('is another fact with another body or another topic', () => {
      const other = { ...body, recordId: 'another' }
      expect(idOf(notification(template, id, other))).not.toBe(idOf(notification(template, id, body)))
      expect(idOf(notification(template, 'another-id', body))).not.toBe(idOf(notification(template, id, body)))
    })
  },
)

test.each([bodies.summary, bodies.membership])(
  '$template holds no instant: published twice, two equal ones are two facts',
  ({ template, id, body }) => {
    const first = eventBridge(template, id, body, '2026-01-05T10:00:00.000Z')
    const second = eventBridge(template, id, body, '2026-01-05T11:00:00.000Z')
    expect(idOf(second)).not.toBe(idOf(first))
    expect(idOf({ ...first, id: 'delivered-again' })).toBe(idOf(first))
  },
)

test('ids never change, because logs hold them', () => {
  const { template, body } = bodies.metrics
  const younger = [
    'messageType',
    'requestedRoutingSkillIds',
    'activeSkillIds',
    'requestedLanguageId',
    'wrapUpCode',
    'outboundCampaignId',
  ]
  const asItWas = changed(body, Object.fromEntries(younger.map((name) => [name, undefined])))
  expect(idOf(eventBridge(template, conversationId, asItWas))).toBe('24b5b32c-4685-8ec0-b094-fc890db697eb')
  const hex = createHash('sha256').update('a\0b\0').digest('hex')
  expect(contentId('a', 'b').slice(0, 13)).toBe(`${hex.slice(0, 8)}-${hex.slice(8, 12)}`)
})

test('text and its bytes have the same id, and the bounds between parts count', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (parts) => {
      const id = contentId(...parts)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(contentId(...parts.map((part) => Buffer.from(part)))).toBe(id)
    }),
  )
  expect(contentId('ab', 'c')).not.toBe(contentId('a', 'bc'))
})

describe('canonical JSON', () => {
  test('means the same as the value, and is the same for every order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const canonical = canonicalJson(value)
        expect(JSON.parse(canonical)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonicalJson(reversed(value))).toBe(canonical)
        expect(canonicalJson(JSON.parse(canonical))).toBe(canonical)
      }),
    )
  })

  test('a key that contains a line feed is one key', () => {
    const values = [
      { 'a\nb': 1, c: 2 },
      { a: 1, 'b\nc': 2 },
      { 'a\nb': 1, c: 2 },
      { a: 1, b: 2, c: 3 },
      { 'a\nb\nc': 1 },
    ]
    expect(values.map((value) => canonicalJson(value))).toEqual([
      '{"a\\nb":1,"c":2}',
      '{"a":1,"b\\nc":2}',
      '{"a\\nb":1,"c":2}',
      '{"a":1,"b":2,"c":3}',
      '{"a\\nb\\nc":1}',
    ])
  })

  test('keeps no more shapes than its limit, and stays correct', () => {
    for (let i = 0; i < 2_500; i++) expect(canonicalJson({ z: 0, [`key${i}`]: i })).toBe(`{"key${i}":${i},"z":0}`)
    const wide = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${999 - i}`, i]))
    expect(Object.keys(JSON.parse(canonicalJson(wide)) as object)).toEqual(Object.keys(wide).sort())
  })

  test('a key called __proto__ is a key like any other', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"a":2}}'))).toBe('{"__proto__":{"a":2},"b":1}')
  })

  test('refuses nesting beyond the limit, and accepts nesting at the limit', () => {
    const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`)
    expect(canonicalJson(nested(DEPTH_MAX + 1))).toHaveLength(2 * (DEPTH_MAX + 1))
    expect(() => canonicalJson(nested(DEPTH_MAX + 2))).toThrow(TooDeep)
    const body = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`
    const read = readRawEvent(bytes(`{"topicName":"v2.analytics.conversation.c.metrics","eventBody":${body}}`), origin)
    expect(read).toMatchObject({ left: { reason: 'too-deep' } })
  })
})

test('an ascending id is ordered by its first part, depends on its other parts and is a UUID', () => {
  const at = Date.parse('2026-01-05T10:00:00Z')
  const ids = [0, 1, 2].map((step) => ascendingContentId(at + step, 'row', 'a'))
  expect([...ids].sort()).toEqual(ids)
  expect(ascendingContentId(at, 'row', 'b')).not.toBe(ids[0])
  expect(ascendingContentId(at, 'row', 'a')).toBe(ids[0])
  for (const id of [...ids, ascendingContentId(-5, 'x'), ascendingContentId(2 ** 60, 'x')])
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
