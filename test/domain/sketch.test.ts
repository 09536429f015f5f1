import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addSketches,
  bucketFrom,
  bucketOf,
  bucketThrough,
  noSketch,
  quantile,
  SKETCH_ERROR_MAX,
  sketchOf,
  type Sketch,
} from '../../src/domain/sketch.js'

const LARGEST = Number.MAX_SAFE_INTEGER

const sketch = (durations: readonly number[]): Sketch => {
  const counts = new Map<number, number>()
  for (const ms of durations) counts.set(bucketOf(ms), (counts.get(bucketOf(ms)) ?? 0) + 1)
  return sketchOf(counts)
}

/** The nearest rank, of the sorted durations themselves; `percent` is whole, so that nothing is rounded. */
const exactly = (durations: readonly number[], percent: number): number =>
  [...durations].sort((a, b) => a - b)[Math.max(1, Math.ceil((percent * durations.length) / 100)) - 1] as number

const read = (durations: readonly number[], percent: number): number | undefined =>
  quantile(sketch(durations), percent / 100, Math.min(...durations), Math.max(...durations))

/** Durations of every magnitude, not only of the largest. */
const anyMs = fc
  .tuple(fc.integer({ min: 0, max: 52 }), fc.double({ min: 1, max: 2, maxExcluded: true, noNaN: true }))
  .map(([power, share]) => Math.floor(2 ** power * share) - (power === 0 ? 1 : 0))
const anyDurations = fc.array(anyMs, { minLength: 1, maxLength: 300 })
const percents = [50, 90, 95, 99]

describe('buckets', () => {
  test.each([0, 1, 63, 64, 127])('%i ms has a bucket of its own', (ms) => {
    expect([bucketFrom(bucketOf(ms)), bucketThrough(bucketOf(ms))]).toEqual([ms, ms])
  })

  test.each([
    [128, 128, 129],
    [129, 128, 129],
    [130, 130, 131],
    [255, 254, 255],
    [256, 256, 259],
    [1_000, 1_000, 1_007],
    [60_000, 59_904, 60_415],
    [2 ** 32 - 1, 2 ** 32 - 2 ** 25, 2 ** 32 - 1],
    [2 ** 32, 2 ** 32, 2 ** 32 + 2 ** 26 - 1],
    [LARGEST, 2 ** 53 - 2 ** 46, LARGEST],
  ])('%i ms lies in that from %i through %i', (ms, from, through) => {
    expect([bucketFrom(bucketOf(ms)), bucketThrough(bucketOf(ms))]).toEqual([from, through])
  })

  test('leave no duration out: each begins where the one before ends, up to the largest', () => {
    const last = bucketOf(LARGEST)
    expect(last).toBe(3_071)
    expect(bucketFrom(0)).toBe(0)
    for (let bucket = 0; bucket <= last; bucket++) {
      expect([bucketOf(bucketFrom(bucket)), bucketOf(bucketThrough(bucket))]).toEqual([bucket, bucket])
      if (bucket < last) expect(bucketFrom(bucket + 1)).toBe(bucketThrough(bucket) + 1)
    }
  })

  test('hold what is put into them, at every power of two and beside it', () => {
    for (let power = 0; power <= 53; power++)
      for (const ms of [2 ** power - 1, 2 ** power, 2 ** power + 1].filter((one) => one <= LARGEST)) {
        expect(bucketFrom(bucketOf(ms))).toBeLessThanOrEqual(ms)
        expect(bucketThrough(bucketOf(ms))).toBeGreaterThanOrEqual(ms)
      }
  })
})

describe('a quantile', () => {
  test('is no further than the bound from the exact one', () => {
    fc.assert(
      fc.property(anyDurations, fc.constantFrom(...percents), (durations, percent) => {
        const exact = exactly(durations, percent)
        expect(Math.abs((read(durations, percent) as number) - exact)).toBeLessThanOrEqual(SKETCH_ERROR_MAX * exact)
      }),
      { numRuns: 2_000 },
    )
  })

  test('the bound is not idle: some duration comes within a fiftieth of it', () => {
    // Alone in a bucket with the extremes far off, a duration at the edge is read as the middle.
    const worst = Math.max(
      ...[128, 8_192, 65_535, 1_048_576].map(
        (ms) => Math.abs((quantile(sketch([ms]), 0.5, 0, LARGEST) as number) - ms) / ms,
      ),
    )
    expect(worst).toBeGreaterThan(SKETCH_ERROR_MAX * 0.98)
    expect(worst).toBeLessThanOrEqual(SKETCH_ERROR_MAX)
  })

  test('of durations below 128 ms is exact', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 127 }), { minLength: 1 }),
        fc.constantFrom(...percents),
        (durations, percent) => {
          expect(read(durations, percent)).toBe(exactly(durations, percent))
        },
      ),
    )
  })

  test('lies between the shortest and the longest, in whole ms, and does not fall as its share rises', () => {
    fc.assert(
      fc.property(anyDurations, (durations) => {
        const values = percents.map((percent) => read(durations, percent) as number)
        expect(values.every(Number.isSafeInteger)).toBe(true)
        expect(values[0]).toBeGreaterThanOrEqual(Math.min(...durations))
        expect(values[3]).toBeLessThanOrEqual(Math.max(...durations))
        expect([...values].sort((a, b) => a - b)).toEqual(values)
      }),
    )
  })

  test.each([
    [[5], 99, 5],
    [[10, 20, 30, 40], 50, 20],
    [[10, 20, 30, 40, 50], 50, 30],
    [Array.from({ length: 100 }, (_, index) => index + 1), 95, 95],
    [Array.from({ length: 100 }, (_, index) => index + 1), 99, 99],
    [[LARGEST], 50, LARGEST],
    [[0, 0, 0, LARGEST], 50, 0],
  ])('of %j at %i %% is %i: nearest rank', (durations, percent, value) => {
    expect(read(durations, percent)).toBe(value)
  })

  test('of nothing is no value', () => {
    expect(quantile(noSketch, 0.5, Infinity, -Infinity)).toBeUndefined()
  })
})

describe('sketches are added', () => {
  const anySketch = fc.array(anyMs, { maxLength: 50 })

  test('into the sketch of all that they hold, in any order and grouping', () => {
    fc.assert(
      fc.property(anySketch, anySketch, anySketch, (a, b, c) => {
        const [x, y, z] = [sketch(a), sketch(b), sketch(c)]
        const all = sketch([...b, ...c, ...a])
        expect(addSketches(addSketches(x, y), z)).toEqual(all)
        expect(addSketches(x, addSketches(y, z))).toEqual(all)
        expect(addSketches(z, addSketches(y, x))).toEqual(all)
      }),
    )
  })

  test('and to nothing as they are', () => {
    const some = sketch([1, 200, 200])
    expect(addSketches(some, noSketch)).toEqual(some)
    expect(addSketches(noSketch, some)).toEqual(some)
  })

  test('with buckets in ascending order, whatever came first', () => {
    expect(addSketches(sketch([900]), sketch([3, 900]))).toEqual([
      [3, 1],
      [bucketOf(900), 2],
    ])
  })
})
