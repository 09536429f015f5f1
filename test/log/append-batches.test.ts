import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf, APPEND_LIMIT_BYTES, APPEND_LIMIT_EVENTS, appendsWithinLimit } from '../../src/log/append-batches.js'
import { eventOf } from './eventstoredb/rig.js'

test('the appends hold all events in order and are as few as the limit allows', () => {
  const size = fc.oneof(fc.nat(300), fc.integer({ min: APPEND_LIMIT_BYTES / 4, max: APPEND_LIMIT_BYTES + 10 }))
  fc.assert(
    fc.property(fc.array(size, { maxLength: 40 }), fc.nat(3 * APPEND_LIMIT_EVENTS), (sizes, small) => {
      const events = [...sizes, ...Array.from({ length: small }, () => 1)].map((bytes) => ({
        ...eventOf('x'),
        data: new Uint8Array(bytes),
      }))
      const appends = appendsWithinLimit('s', events)
      expect(appends.flatMap((append) => append.events)).toEqual(events)
      const bytes = appends.map((append) => append.events.reduce((sum, event) => sum + bytesOf(event), 0))
      appends.forEach((append, i) => {
        expect(append).toMatchObject({ stream: 's', expected: 'any' })
        expect(append.events.length).toBeGreaterThan(0)
        expect(append.events.length).toBeLessThanOrEqual(APPEND_LIMIT_EVENTS)
        expect(append.events.length === 1 || (bytes[i] as number) <= APPEND_LIMIT_BYTES).toBe(true)
        const next = appends[i + 1]?.events[0]
        if (next === undefined) return
        expect(
          append.events.length === APPEND_LIMIT_EVENTS || (bytes[i] as number) + bytesOf(next) > APPEND_LIMIT_BYTES,
        ).toBe(true)
      })
    }),
    { numRuns: 50 },
  )
})
