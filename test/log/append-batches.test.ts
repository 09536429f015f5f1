import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf, FAIR_BYTES_MAX, FAIR_EVENTS_MAX, fairAppends } from '../../src/log/append-batches.js'
import { eventOf } from './eventstoredb/rig.js'

test('all events in their order, none of the appends too large but for one event alone, and no more of them than it takes', () => {
  const size = fc.oneof(fc.nat(300), fc.integer({ min: FAIR_BYTES_MAX / 4, max: FAIR_BYTES_MAX + 10 }))
  fc.assert(
    fc.property(fc.array(size, { maxLength: 40 }), fc.nat(3 * FAIR_EVENTS_MAX), (sizes, small) => {
      const events = [...sizes, ...Array.from({ length: small }, () => 1)].map((bytes) => ({
        ...eventOf('x'),
        data: new Uint8Array(bytes),
      }))
      const appends = fairAppends('s', events)
      expect(appends.flatMap((append) => append.events)).toEqual(events)
      const bytes = appends.map((append) => append.events.reduce((sum, event) => sum + bytesOf(event), 0))
      appends.forEach((append, i) => {
        expect(append).toMatchObject({ stream: 's', expected: 'any' })
        expect(append.events.length).toBeGreaterThan(0)
        expect(append.events.length).toBeLessThanOrEqual(FAIR_EVENTS_MAX)
        expect(append.events.length === 1 || (bytes[i] as number) <= FAIR_BYTES_MAX).toBe(true)
        const next = appends[i + 1]?.events[0]
        if (next === undefined) return
        expect(append.events.length === FAIR_EVENTS_MAX || (bytes[i] as number) + bytesOf(next) > FAIR_BYTES_MAX).toBe(
          true,
        )
      })
    }),
    { numRuns: 50 },
  )
})
