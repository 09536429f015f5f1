import { expect, test } from 'vitest'
import type { RowItem } from '../../../../src/console/pages/compare/answers.js'
import { comparedRows, valueOf } from '../../../../src/console/pages/compare/row-differences.js'

const row = (key: string, start: string, offered: number, answered = 1): RowItem => ({
  ...{ key, granularity: 'PT15M', intervalStart: start, intervalEnd: start, status: 'final', revision: 1 },
  ...{ from: 'kpi-log', queueId: 'q1', mediaType: 'voice', names: { queueId: 'Sales' } },
  measures: { nOffered: { count: offered } },
  kpis: { serviceLevel: { numerator: answered, denominator: offered } },
})

test('rows of two states are compared figure by figure, in the order of their intervals, by the names of Genesys', () => {
  const before = [row('b', '2026-01-05T06:15:00.000Z', 2), row('a', '2026-01-05T06:00:00.000Z', 4)]
  const after = [row('b', '2026-01-05T06:15:00.000Z', 2), row('a', '2026-01-05T06:00:00.000Z', 5)]
  const compared = comparedRows([before, after], ['queueId', 'mediaType'])
  expect(compared).toMatchObject({ rows: 2, differing: 1 })
  expect(
    compared.figures.map(({ row: key, who, figure, values, differs }) => [key, who, figure, values, differs]),
  ).toEqual([
    ['a', 'Sales · voice', 'serviceLevel', [0.25, 0.2], true],
    ['a', 'Sales · voice', 'nOffered.count', [4, 5], true],
    ['b', 'Sales · voice', 'serviceLevel', [0.5, 0.5], false],
    ['b', 'Sales · voice', 'nOffered.count', [2, 2], false],
  ])
})

test('a row that one of three states lacks differs in all its figures', () => {
  const one = row('a', '2026-01-05T06:00:00.000Z', 4)
  const { differing, figures } = comparedRows([[], [one], [one]], [])
  expect(differing).toBe(1)
  expect(figures).toMatchObject([
    { who: 'all', values: [null, 0.25, 0.25], differs: true },
    { values: [null, 4, 4], differs: true },
  ])
})

test('a ratio over nothing has no value', () => {
  expect(valueOf({ numerator: 0, denominator: 0 })).toBeNull()
  expect(valueOf({ numerator: 3 })).toBe(3)
  expect(valueOf(null)).toBeNull()
})
