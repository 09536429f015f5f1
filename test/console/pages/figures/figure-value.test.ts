import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cellText, exactText, joined, numberOf, valueText } from '../../../../src/console/pages/figures/figure-value.js'
import { lawRuns } from '../../../support/law-runs.js'
import { figure } from './fixtures.js'

const terms = fc.tuple(fc.nat({ max: 1_000 }), fc.nat({ max: 1_000 }))

test('ratios are joined by their terms: in whatever groups rows are joined first, the ratio of all is the same', () => {
  fc.assert(
    fc.property(fc.array(terms, { minLength: 1 }), fc.nat(), (all, cut) => {
      const place = cut % all.length
      const parts = [joined(all.slice(0, place), 'ratio'), joined(all.slice(place), 'ratio')]
      expect(joined(parts, 'ratio')).toEqual(joined(all, 'ratio'))
      const [numerator, denominator] = [0, 1].map((term) => all.reduce((sum, each) => sum + (each[term] as number), 0))
      expect(numberOf(joined(all, 'ratio'))).toBe(
        denominator === 0 ? null : (numerator as number) / (denominator as number),
      )
    }),
    lawRuns(100),
  )
})

describe('figures of several rows', () => {
  test('sums are added, the smallest and largest are kept, and what was not counted adds nothing', () => {
    expect(joined([3, null, 4], 'sum')).toBe(7)
    expect(joined([3, null, 4], 'min')).toBe(3)
    expect(joined([3, null, 4], 'max')).toBe(4)
    expect(joined([null, null], 'sum')).toBeNull()
  })

  test('a ratio that divides by 0 alone still adds its numerator to the others', () => {
    expect(
      joined(
        [
          [1, 0],
          [0, 2],
        ],
        'ratio',
      ),
    ).toEqual([1, 2])
    expect(numberOf(joined([[1, 0]], 'ratio'))).toBeNull()
  })

  test('quantiles are not joined: of several rows there is none', () => {
    expect(joined([1_200], 'quantile')).toBe(1_200)
    expect(joined([1_200, 1_300], 'quantile')).toBeNull()
  })
})

test('a value is written in its unit, and exactly for who asks', () => {
  expect(valueText(0.8127, 'share')).toBe('81.3 %')
  expect(valueText(125_000, 'ms')).toBe('02:05')
  expect(valueText(12_345, 'count')).toBe('12,345')
  expect(valueText(2.5, 'number')).toBe('2.5')
  expect(exactText([33, 40], 'share')).toBe('33 / 40')
  expect(exactText(12_345, 'ms')).toBe('12,345 ms')
})

describe('a cell without a value says why', () => {
  test('nothing was emitted: a count is 0, a time has no value', () => {
    expect(cellText(null, figure('nOffered.count'))).toMatchObject({ kind: 'zero', text: '0' })
    expect(cellText(null, figure('tHandle.max', { unit: 'ms', joining: 'max' }))).toMatchObject({
      ...{ kind: 'none', why: 'no value: nothing was counted' },
    })
  })

  test('a ratio divides by 0', () => {
    const level = figure('serviceLevel', { unit: 'share', joining: 'ratio', formula: 'a / b' })
    expect(cellText([0, 0], level)).toMatchObject({ kind: 'none', text: '–', why: 'no value: a / b divides by 0' })
  })

  test('the profile does not compute the figure, or Genesys does not tell it', () => {
    const off = figure('tHandle.p90', { unit: 'ms', joining: 'quantile', isOn: false })
    expect(cellText(null, off)).toMatchObject({ kind: 'not-computed', text: 'n/c' })
    const note = 'Genesys names no agent with it: agent rows stay without.'
    expect(cellText(null, figure('nOffered.count', { note })).why).toBe(`not computed: ${note}`)
  })
})
