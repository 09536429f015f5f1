import { describe, expect, test } from 'vitest'
import { seriesOf, targetAt, targetOf, totalsOf } from '../../../../src/console/pages/figures/series.js'
import { interactionsText, serviceLevelText } from '../../../../src/console/pages/figures/series-text.js'
import { at, columns, figures, item } from './fixtures.js'

const of = { columns, wanted: columns, figures }

const rows = [
  item('a', 0, [4, [3, 4], 9_000, 8_000]),
  item('b', 0, [6, [0, 1], 2_000, 1_000], { status: 'corrected', corrections: ['late'] }),
  item('a', 2, [1, [0, 0], null, null], { status: 'provisional', serviceTarget: 0.9 }),
]

test('the rows of an interval are one point: sums added, ratios of added terms, no quantile of several', () => {
  const [first] = seriesOf(rows, of)
  expect(first).toMatchObject({
    ...{ start: Date.parse(at(0)), rows: 2, isProvisional: false, corrections: ['late'], targets: [0.8] },
    values: { 'nOffered.count': 10, serviceLevel: [3, 5], 'tAnswered.max': 9_000, 'tAnswered.p90': null },
  })
})

test('an interval without rows is a point without values, not a line drawn over it', () => {
  const points = seriesOf(rows, of)
  expect(points.map(({ start }) => start)).toEqual([0, 1, 2].map((quarter) => Date.parse(at(quarter))))
  expect(points[1]).toMatchObject({ rows: 0, values: {} })
  expect(points[2]).toMatchObject({ isProvisional: true })
})

test('a total is of all rows, as the sum of points would be', () => {
  expect(totalsOf(rows, of)).toMatchObject({ 'nOffered.count': 11, serviceLevel: [3, 5], 'tAnswered.max': 9_000 })
})

describe('the target of the service level', () => {
  test('is one only where all shown rows have the same', () => {
    expect(targetOf(seriesOf(rows.slice(0, 2), of))).toBe(0.8)
    expect(targetOf(seriesOf(rows, of))).toBe('differs')
    expect(targetOf(seriesOf([item('a', 0, [], { serviceTarget: null })], of))).toBeUndefined()
  })
})

test('an interval is judged by its own target: one without a target, or with several, is not', () => {
  const level = [1, 2] as const
  const own = [
    item('a', 0, [2, level, null, null], { serviceTarget: null }),
    item('a', 1, [2, level, null, null]),
    item('a', 2, [2, level, null, null]),
    item('b', 2, [2, level, null, null], { serviceTarget: 0.9 }),
  ]
  const points = seriesOf(own, of)
  expect(points.map(targetAt)).toEqual([undefined, 0.8, undefined])
  expect(serviceLevelText(points, totalsOf(own, of), () => 'then')).toContain(
    'The shown rows have different targets. Below the target in 1 of 1 interval that has one.',
  )
})

test('a chart is told in words: sums, extremes with their intervals, the target, what is open and what was corrected', () => {
  const labelOf = ({ start }: Readonly<{ start: number }>) => new Date(start).toISOString().slice(11, 16)
  const points = seriesOf(rows, of)
  expect(interactionsText(points, totalsOf(rows, of), labelOf)).toBe(
    'Offered 11, answered 0, abandoned 0, flowed out 0. Most were offered at 08:00: 10. 1 interval is provisional. 1 interval was corrected (late).',
  )
  const two = [item('a', 0, [4, [3, 4], null, null]), item('a', 1, [4, [4, 4], null, null])]
  expect(serviceLevelText(seriesOf(two, of), totalsOf(two, of), labelOf)).toBe(
    'Service level 87.5 %, target 80 %. Below the target in 1 of 2 intervals that have one. Lowest at 08:00: 75 %.',
  )
})
