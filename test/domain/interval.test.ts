import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clip, intervalStart, MINUTE_MS } from '../../src/domain/interval.js'
import { at, minutes } from '../support/fact-builders.js'

const anyAt = fc.integer({ min: -1e9, max: 2e12 })
const anyInterval = fc.constantFrom(15 * MINUTE_MS, 30 * MINUTE_MS, 60 * MINUTE_MS)

describe('an instant lies in one interval', () => {
  test.each([
    ['10:00', '10:00'],
    ['10:14:59.999', '10:00'],
    ['10:15', '10:15'],
  ])('%s in that of %s', (instant, start) => {
    expect(intervalStart(at(instant), minutes(15))).toBe(at(start))
  })

  test('which begins at or before it and ends after it, also before 1970', () => {
    fc.assert(
      fc.property(anyAt, anyInterval, (instant, intervalMs) => {
        const start = intervalStart(instant, intervalMs)
        expect(start).toBeLessThanOrEqual(instant)
        expect(start + intervalMs).toBeGreaterThan(instant)
        expect(Math.abs(start % intervalMs)).toBe(0)
      }),
    )
  })
})

describe('a span is cut at interval boundaries', () => {
  test('10:10 to 10:40 has three pieces', () => {
    expect(clip(at('10:10'), at('10:40'), minutes(15))).toEqual([
      { start: at('10:00'), durationMs: minutes(5) },
      { start: at('10:15'), durationMs: minutes(15) },
      { start: at('10:30'), durationMs: minutes(10) },
    ])
  })

  test('a span that ends on an edge does not reach into the next interval', () => {
    expect(clip(at('10:00'), at('10:15'), minutes(15))).toEqual([{ start: at('10:00'), durationMs: minutes(15) }])
  })

  test('an empty or reversed span has no pieces', () => {
    expect(clip(at('10:10'), at('10:10'), minutes(15))).toEqual([])
    expect(clip(at('10:10'), at('10:05'), minutes(15))).toEqual([])
  })

  test('the pieces add up to the span, each in an interval of its own and none longer than it', () => {
    fc.assert(
      fc.property(anyAt, fc.integer({ min: 0, max: 86_400_000 }), anyInterval, (from, lengthMs, intervalMs) => {
        const pieces = clip(from, from + lengthMs, intervalMs)
        expect(pieces.reduce((sum, piece) => sum + piece.durationMs, 0)).toBe(lengthMs)
        expect(new Set(pieces.map((piece) => piece.start)).size).toBe(pieces.length)
        for (const piece of pieces) {
          expect(piece.durationMs).toBeGreaterThan(0)
          expect(piece.durationMs).toBeLessThanOrEqual(intervalMs)
        }
      }),
    )
  })
})
