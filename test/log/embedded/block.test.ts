import { createHash, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { uncompressSync } from 'lz4-napi'
import { expect, test } from 'vitest'
import { plainEvent } from '../../../src/log/event-log.js'
import { blockShare, encodeBlock, eventsOf, openBlock, withoutStream } from '../../../src/log/embedded/format/block.js'
import { LZ4_LONE_UUIDS } from '../../../src/log/embedded/format/packing.js'
import { uuidBytes } from '../../../src/log/embedded/format/uuid.js'
import { Damage } from '../../../src/log/embedded/lmdb/damage.js'
import type { BlockEvent } from '../../../src/log/embedded/format/block.js'

/** Any bytes, and text with UUIDs of which some occur in several events. */
const uuid = fc.oneof(fc.uuid(), fc.constant('0b5f1c1e-91f4-4c0a-8f6e-7d2a35c1b9e0'))
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.array(uuid, { maxLength: 3 }).map((ids) => Uint8Array.from(Buffer.from(JSON.stringify({ ids })))),
)
const name = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' })

const blockEvent: fc.Arbitrary<BlockEvent> = fc
  .record({
    id: fc.uuid(),
    type: name,
    data: bytes,
    metadata: bytes,
    stream: name,
    revision: fc.maxSafeNat().map((n) => n % 2 ** 48),
  })
  .map(({ stream, revision, ...event }) => ({ stream, revision, id: uuidBytes(event.id), event }))

const blocks = fc.array(blockEvent, { minLength: 1, maxLength: 30 })

test('a block returns the events that it was made of, each at its position', () => {
  fc.assert(
    fc.property(blocks, fc.bigInt({ min: 100n, max: 2n ** 63n }), (events, last) => {
      const read = eventsOf(openBlock(encodeBlock(events), last), 0, events.length, () => true)
      expect(
        read.map((event) => ({ ...plainEvent(event), data: [...event.data], metadata: [...event.metadata] })),
      ).toEqual(
        events.map(({ stream, revision, event }, i) => ({
          ...event,
          data: [...event.data],
          metadata: [...event.metadata],
          stream,
          revision,
          position: last - BigInt(events.length - 1 - i),
        })),
      )
    }),
  )
})

test('a part of a block is the same part of its events', () => {
  fc.assert(
    fc.property(
      blocks,
      fc.nat({ max: 31 }),
      fc.nat({ max: 31 }),
      fc.integer({ min: 1, max: 31 }),
      fc.boolean(),
      (events, from, to, max, odd) => {
        const block = openBlock(encodeBlock(events), 1_000n)
        const wanted = (stream: number): boolean => !odd || stream % 2 === 1
        const names = block.streams
        const whole = eventsOf(block, 0, Infinity, () => true)
        const part = whole.slice(from, Math.max(from, to)).filter((event) => wanted(names.indexOf(event.stream)))
        expect(eventsOf(block, from, to, wanted, max)).toEqual(part.slice(0, max))
      },
    ),
  )
})

test('any changed byte and any cut is detected', () => {
  fc.assert(
    fc.property(blocks, fc.nat(), fc.integer({ min: 1, max: 255 }), (events, where, change) => {
      const block = encodeBlock(events)
      const changed = Buffer.from(block)
      const at = where % block.length
      changed[at] = changed[at]! ^ change
      expect(() => openBlock(changed, 1_000n)).toThrow(Damage)
      expect(() => openBlock(block.subarray(0, at), 1_000n)).toThrow(Damage)
    }),
  )
})

test('events that resemble each other are stored in less than a third of their bytes; noise takes no more than it has', () => {
  const of = (data: (n: number) => Buffer): readonly BlockEvent[] =>
    Array.from({ length: 50 }, (_, n) => ({
      ...{ stream: 'a', revision: n, id: Buffer.alloc(16, n) },
      event: { id: '', type: 'Seen', data: data(n), metadata: Buffer.from('{"tenant":"acme"}') },
    }))
  const plainBytes = (events: readonly BlockEvent[]): number => events.reduce((sum, each) => sum + blockShare(each), 0)
  const alike = of((n) =>
    Buffer.from(JSON.stringify({ topicName: 'v2.detail.events', eventBody: { time: n, id: `${n}` } })),
  )
  const noise = of((n) => createHash('shake256', { outputLength: 500 }).update(`${n}`).digest())
  expect(encodeBlock(alike).length).toBeLessThan(plainBytes(alike) / 3)
  expect(encodeBlock(noise).length).toBeLessThan(plainBytes(noise) + 100)
})

const BLOCK_HEAD = 16
const withIds = (stream: string, revision: number, ids: readonly string[]): BlockEvent => ({
  ...{ stream, revision, id: uuidBytes(randomUUID()) },
  event: { id: '', type: 'Seen', data: Buffer.from(JSON.stringify({ ids })), metadata: Buffer.from('{"a":1}') },
})

test('a UUID that occurs once in a block takes less than two thirds of its text', () => {
  const events = Array.from({ length: 100 }, (_, n) => withIds('a', n, [randomUUID()]))
  const block = encodeBlock(events)
  expect(block[1]).toBe(LZ4_LONE_UUIDS)
  // Each event has its own id beside the UUID in its data.
  expect(block.length / events.length).toBeLessThan(16 + (36 * 2) / 3)
})

test('an erased stream leaves none of its UUIDs in the block, neither as text nor as bytes', () => {
  const [gone, shared, other] = [randomUUID(), randomUUID(), randomUUID()]
  const events = [
    ...Array.from({ length: 20 }, (_, n) => withIds('kept', n, [randomUUID()])),
    withIds('erased', 0, [gone, shared]),
    withIds('kept', 20, [shared, other]),
  ]
  const { bytes: left, erased } = withoutStream(openBlock(encodeBlock(events), 100n), 'erased')
  expect(erased).toBe(1)
  expect(left[1]).toBe(LZ4_LONE_UUIDS)
  const body = uncompressSync(left.subarray(BLOCK_HEAD))
  for (const id of [gone, Buffer.from(uuidBytes(gone))]) expect(body.includes(id)).toBe(false)
  expect(body.includes(Buffer.from(uuidBytes(other)))).toBe(true)
  const read = eventsOf(openBlock(left, 100n), 0, events.length, () => true)
  expect(read.at(-1)!.data).toEqual(events.at(-1)!.event.data)
})
