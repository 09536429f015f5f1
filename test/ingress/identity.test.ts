import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../src/domain/canonical-json.js'
import { ingest } from '../../src/ingress/ingest.js'
import { readRawEvent } from './read-one.js'
import { contentId } from '../../src/log/content-id.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { bodies, bytes, eventBridge, notification, userId } from './envelopes.js'
import { allEvents } from './log-content.js'

const origin = { tenant: 'acme', source: 'test', receivedAt: 0 }

const idOf = (raw: string | Uint8Array): string => {
  const read = readRawEvent(Buffer.from(raw), origin)
  if (E.isLeft(read)) throw new Error(read.left.detail)
  return read.right.event.id
}

/** A presence with one more member, written as it is given. */
const withMember = (json: string): string =>
  `{"topicName":"v2.users.${userId}.routingStatus","eventBody":{"routingStatus":{"status":"IDLE","startTime":"2026-01-05T10:00:00Z"},"x":${json}}}`

describe('ids of events that stand in logs already', () => {
  const known = JSON.parse(readFileSync(new URL('identities.json', import.meta.url), 'utf8')) as Record<string, string>

  test('stay what they are', () => {
    const ids: Record<string, string> = {}
    for (const [name, { template, id, body }] of Object.entries(bodies)) {
      ids[`${name} eventbridge`] = idOf(bytes(eventBridge(template, id, body)))
      ids[`${name} notification`] = idOf(bytes(notification(template, id, body)))
    }
    for (const name of Object.keys(known).filter((each) => each.endsWith('.json')))
      ids[name] = idOf(readFileSync(new URL(`fixtures/${name}`, import.meta.url)))
    expect(ids).toEqual(known)
  })

  test('are made of the canonical JSON of what JSON.parse gives, whatever the value, if it holds its numbers', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        // JSON.stringify writes −0 as 0, so a number read back from its text is never −0.
        const text = withMember(JSON.stringify(value, null, indent))
        const { topicName, eventBody } = JSON.parse(text) as { topicName: string; eventBody: unknown }
        expect(idOf(text)).toBe(contentId(topicName, canonicalJson(eventBody)))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('events that differ only in a number that JSON.parse cannot hold', () => {
  test.each([
    ['9007199254740992', '9007199254740993'],
    ['-9007199254740993', '-9007199254740992'],
    ['9007199254740993', '9007199254740994.5'],
    ['1e400', 'null'],
    ['1e400', '-1e400'],
    ['1e400', '1e401'],
    ['1e400', '"Infinity"'],
    ['-0', '0'],
    ['-0.0', '0.0'],
    ['-0e5', '0'],
    ['1e-400', '0'],
    ['0.1', '0.10000000000000000001'],
    ['12345678901234567890', '12345678901234567891'],
    ['{"deep":[1,{"n":1e999999999999999999999}]}', '{"deep":[1,{"n":1e999999999999999999998}]}'],
    ['9007199254740993', '"#exact:9007199254740993e0"'],
    ['9007199254740993', '"9007199254740993"'],
  ])('%s and %s are two events, and the bytes of both are stored', async (one, other) => {
    const log = memoryLog()
    const raws = [one, other].map((json) => Buffer.from(withMember(json)))
    expect(await ingest(log, raws, origin)).toMatchObject({ stored: 2, duplicate: 0, deadLettered: 0 })
    expect((await allEvents(log)).map(({ data }) => Buffer.from(data))).toEqual(raws)
  })

  test.each([
    ['1', '1.0'],
    ['1000', '1e3'],
    ['0.5', '5E-1'],
    ['9007199254740993', '9007199254740993.000'],
    ['9007199254740993', '9.007199254740993e15'],
    ['1e400', '10e399'],
    ['1e400', '0.1E+401'],
    ['-0', '-0.00'],
    ['9007199254740992', '9.007199254740992e15'],
  ])('but %s and %s are spellings of one number, and one event', (one, other) => {
    expect(idOf(withMember(one))).toBe(idOf(withMember(other)))
  })

  test('two numbers are one event exactly if they are equal as decimals', () => {
    // Integers of up to 40 digits times a power of ten, spelled in several ways.
    const number = fc.tuple(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.integer({ min: 0, max: 30 }))
    const spelled = ([digits, exponent]: readonly [bigint, number], how: number): string =>
      how === 0
        ? `${digits}e${exponent}`
        : how === 1
          ? `${digits * 10n ** BigInt(exponent)}`
          : `${digits}.0e+${exponent}`
    fc.assert(
      fc.property(
        number,
        fc.integer({ min: -2, max: 2 }),
        fc.nat(2),
        fc.nat(2),
        ([digits, exponent], step, how, other) => {
          const near: readonly [bigint, number] = [digits + BigInt(step), exponent]
          const isSame = idOf(withMember(spelled([digits, exponent], how))) === idOf(withMember(spelled(near, other)))
          expect(isSame).toBe(step === 0)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
