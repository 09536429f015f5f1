import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Accumulator } from '../../../src/projections/cells/accumulator.js'

const value = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer({ min: 0, max: 4_000_000 }))

const accumulatorOf = (values: readonly number[]): Accumulator => {
  const accumulator = Accumulator.empty(true, true)
  for (const each of values) accumulator.add(each)
  return accumulator
}

test('an accumulator from which values were taken back measures what it would without them', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), fc.array(value), fc.nat(), (kept, gone, seed) => {
      const all = [...kept, ...gone].map((each, index) => ({ each, rank: (index * 7919 + seed) % 104_729 }))
      const accumulator = accumulatorOf(all.sort((a, b) => a.rank - b.rank).map(({ each }) => each))
      for (const each of gone) accumulator.remove(each)
      expect(accumulator.measure(1, true)).toEqual(accumulatorOf(kept).measure(1, true))
      expect(accumulator.partOf((each) => each < 3, false)).toEqual(
        accumulatorOf(kept).partOf((each) => each < 3, false),
      )
    }),
  )
})

test('an accumulator gives nothing back that it does not hold, or whose values it does not keep', () => {
  expect(() => accumulatorOf([5]).remove(6)).toThrow(/does not hold/)
  const forgetful = Accumulator.empty()
  forgetful.add(5)
  expect(() => forgetful.remove(5)).toThrow(/does not hold/)
})
