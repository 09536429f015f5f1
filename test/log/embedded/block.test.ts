import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeBlock, eventsOf, openBlock, uuidBytes } from '../../../src/log/embedded/format/block.js'
import { Damage } from '../../../src/log/embedded/lmdb/damage.js'
import type { BlockEvent } from '../../../src/log/embedded/format/block.js'

const bytes = fc.uint8Array({ maxLength: 40 })
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
      expect(read.map((event) => ({ ...event, data: [...event.data], metadata: [...event.metadata] }))).toEqual(
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
