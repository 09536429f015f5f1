import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeptValues } from '../../../src/projections/cells/kept-values.js'

const value = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer({ min: 0, max: 4_000_000 }))

const isSmall = (each: number): boolean => each < 3

const keptOf = (values: readonly number[]): KeptValues => {
  const kept = new KeptValues({ buckets: [], values: [] })
  for (const each of values) kept.add(each)
  return kept
}

const figuresOf = (kept: KeptValues): unknown => {
  const { count, sum, min, max, buckets } = kept.partOf(isSmall, true)
  const part = { count, sum, min, max, buckets: [...(buckets ?? [])].sort(([a], [b]) => a - b) }
  return { sketch: kept.sketch(), extremes: kept.extremes(), part }
}

test('values that were added and taken back, and the part of them, are those that would be there without', () => {
  fc.assert(
    fc.property(fc.array(value), fc.array(value), fc.array(value), (early, gone, late) => {
      const kept = keptOf([...gone, ...early])
      figuresOf(kept) // from here on the part follows
      for (const each of late) kept.add(each)
      for (const each of gone) expect(kept.remove(each)).toBe(true)
      expect(figuresOf(kept)).toEqual(figuresOf(keptOf([...early, ...late])))
    }),
  )
})

test('another test of the values gives another part', () => {
  const kept = keptOf([1, 5, 5])
  expect(kept.partOf(isSmall, false)).toMatchObject({ count: 1, sum: 1 })
  expect(kept.partOf((each) => !isSmall(each), false)).toMatchObject({ count: 2, sum: 10 })
})

test('what is not held cannot be taken back', () => {
  expect(keptOf([5]).remove(6)).toBe(false)
  const forgetful = new KeptValues({ buckets: [], values: null })
  forgetful.add(5)
  expect(forgetful.remove(5)).toBe(false)
})
