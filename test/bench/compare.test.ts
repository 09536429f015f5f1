import { describe, expect, test } from 'vitest'
import { reaches, type BenchLine } from '../../bench/bench-line.js'
import { compareRuns } from '../../bench/compare.js'

const line = (ours: number, more: Partial<BenchLine> = {}): BenchLine => ({
  name: 'import',
  ours,
  ceiling: 100,
  unit: 'events/s',
  ...more,
})

describe('two runs of the bench', () => {
  test('are compared by their ratios, because their machines may differ', () => {
    const [change] = compareRuns([line(50)], [line(100, { ceiling: 200 })])
    expect(change).toEqual({ name: 'import', before: 0.5, now: 0.5, verdict: 'same' })
  })

  test('a smaller ratio is slower, a larger one is faster', () => {
    expect(compareRuns([line(50)], [line(40)])[0]?.verdict).toBe('slower')
    expect(compareRuns([line(50)], [line(60)])[0]?.verdict).toBe('faster')
  })

  test('a larger size is slower', () => {
    expect(compareRuns([line(30, { lessIsBetter: true })], [line(40, { lessIsBetter: true })])[0]?.verdict).toBe(
      'slower',
    )
  })

  test('a change within the spread of the repeats is none', () => {
    expect(compareRuns([line(50, { spread: 0.3 })], [line(40)])[0]?.verdict).toBe('same')
  })

  test('a line that only one run has is left out', () => {
    expect(compareRuns([line(50, { name: 'gone' })], [line(40)])).toEqual([])
  })
})

test('a line reaches its goal from below or from above', () => {
  expect(reaches(line(50))).toBeUndefined()
  expect(reaches(line(50, { goal: 0.5 }))).toBe(true)
  expect(reaches(line(49, { goal: 0.5 }))).toBe(false)
  expect(reaches(line(31, { goal: 0.3, lessIsBetter: true }))).toBe(false)
})
