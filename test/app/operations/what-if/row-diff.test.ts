import { expect, test } from 'vitest'
import { diffRows } from '../../../../src/app/operations/what-if/row-diff.js'
import { builtInKpis } from '../../../../src/domain/kpi.js'
import type { Row } from '../../../../src/domain/row.js'
import { kpiDefinitions } from '../../../../src/domain/row-effect.js'
import { agentRow, queueRow, START } from '../../../contract/some-rows.js'

const definitions = kpiDefinitions(builtInKpis)
const byKey = (...rows: readonly Row[]) => new Map(rows.map((row) => [row.key, row]))
const level = (row: Row, numerator: number, denominator: number): Row => ({
  ...row,
  kpis: { serviceLevel: { numerator, denominator } },
})

test('changes come with the largest effect first, and of equal ones the earlier interval', () => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((queueId) => queueRow({ queueId })) as [Row, Row, Row, Row]
  const earlier = queueRow({ queueId: 'z', start: START - 900_000 })
  const { changes } = diffRows(
    byKey(level(a, 9, 10), level(b, 90, 100), level(c, 1, 2), level(d, 5, 5), level(earlier, 1, 2)),
    byKey(level(a, 8, 10), level(b, 50, 100), level(c, 2, 2), level(d, 5, 5), level(earlier, 2, 2)),
    definitions,
  )
  expect(changes.map(({ row, effect }) => [row.dimensions[0], effect])).toEqual([
    ['b', 40],
    ['z', 1],
    ['a', 1],
    ['c', 1],
  ])
})

test('totals add up the terms of all rows of a family, and say how many rows are the same, changed, added and removed', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((queueId) => queueRow({ queueId })) as [Row, Row, Row]
  const { totals } = diffRows(
    byKey(level(a, 9, 10), level(b, 3, 4), agentRow({})),
    byKey(level(a, 9, 10), level(b, 2, 4), level(c, 0, 6), agentRow({})),
    definitions,
  )
  expect(totals).toEqual([
    {
      ...{ family: 'queue', granularity: 'PT15M', overlaps: false },
      rows: { same: 1, changed: 1, added: 1, removed: 0 },
      kpis: [
        {
          name: 'serviceLevel',
          old: { numerator: 12, denominator: 14 },
          new: { numerator: 11, denominator: 20 },
          rows: 2,
        },
      ],
    },
    {
      ...{ family: 'agent', granularity: 'PT15M', overlaps: false },
      rows: { same: 1, changed: 0, added: 0, removed: 0 },
      kpis: [
        {
          name: 'aht',
          old: { numerator: 61_000, denominator: 1 },
          new: { numerator: 61_000, denominator: 1 },
          rows: 0,
        },
      ],
    },
  ])
})
