import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addMeasures, measureMonoid, measureOf, noMeasure, type Measure } from '../../src/domain/measure.js'
import { bucketOf, noSketch } from '../../src/domain/sketch.js'

const values = fc.array(fc.integer({ min: 0, max: 1e9 }), { maxLength: 20 })
const sketched = (ms: number): Measure => ({ ...measureOf(ms), sketch: [[bucketOf(ms), 1]] })
const total = (of: readonly number[], one = sketched): Measure => of.map(one).reduce(addMeasures, noMeasure)

test('a measure counts its values, adds them and keeps the extremes', () => {
  expect(total([3_000, 9_000, 6_000], measureOf)).toEqual({
    count: 3,
    sum: 18_000,
    min: 3_000,
    max: 9_000,
    sketch: noSketch,
  })
})

test('a measure with quantiles also says how many there are in each bucket', () => {
  expect(total([100, 20, 100]).sketch).toEqual([
    [20, 1],
    [100, 2],
  ])
})

test('parts of a cell are added in any order and grouping', () => {
  fc.assert(
    fc.property(values, values, values, (a, b, c) => {
      const [x, y, z] = [total(a), total(b), total(c)] as const
      const { concat } = measureMonoid
      expect(concat(concat(x, y), z)).toEqual(concat(x, concat(y, z)))
      expect(concat(x, y)).toEqual(concat(y, x))
      expect(concat(concat(x, y), z)).toEqual(total([...c, ...a, ...b]))
    }),
  )
})

test('adding nothing changes nothing', () => {
  fc.assert(
    fc.property(values, (of) => {
      expect(measureMonoid.concat(total(of), measureMonoid.empty)).toEqual(total(of))
      expect(measureMonoid.concat(measureMonoid.empty, total(of))).toEqual(total(of))
    }),
  )
})
