import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareDigests, intervalDigests } from '../../../src/app/operations/generations/digest.js'
import { measureOf } from '../../../src/domain/measure.js'
import { metricIndex, metricNames, type MetricName } from '../../../src/domain/metric.js'
import { rowKey, type Row } from '../../../src/domain/row.js'
import { comparedRows } from '../../support/compared-rows.js'

const START = Date.UTC(2026, 0, 5, 10)
const QUARTER = 15 * 60_000

const row = (queue: string, interval: number, value: number | undefined, more: Partial<Row> = {}): Row => {
  const measures = metricNames.map((name) =>
    value !== undefined && metricIndex.get(name) === metricIndex.get('tAnswered' satisfies MetricName)
      ? measureOf(value)
      : undefined,
  )
  const start = START + interval * QUARTER
  const cell = {
    family: 'queue' as const,
    dimensions: [queue, 'voice', null, null],
    granularity: 'PT15M' as const,
    start,
  }
  return {
    ...cell,
    key: rowKey(cell),
    tenant: 't',
    end: start + QUARTER,
    status: 'final',
    correction: null,
    revision: 1,
    measures,
    kpis: {},
    erased: null,
    serviceTarget: null,
    ...more,
  }
}

const anyRow = fc
  .tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat({ max: 3 }), fc.option(fc.nat({ max: 5 }), { nil: undefined }))
  .map(([queue, interval, value]) => row(queue, interval, value))
const anyRows = fc.uniqueArray(anyRow, { selector: ({ key }) => key })

describe('the digest of an interval', () => {
  test('does not depend on the order of the rows', () => {
    fc.assert(
      fc.property(
        anyRows.chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length }))),
        ([rows, shuffled]) => {
          expect(intervalDigests(comparedRows(shuffled))).toEqual(intervalDigests(comparedRows(rows)))
        },
      ),
    )
  })

  test('ignores statuses, revisions and empty rows', () => {
    const digests = intervalDigests(comparedRows([row('a', 0, 5), row('b', 1, 7)]))
    expect(digests.map(({ start, rows }) => [(start - START) / QUARTER, rows])).toEqual([
      [0, 1],
      [1, 1],
    ])
    expect(
      intervalDigests(
        comparedRows([
          row('b', 1, 7, { status: 'corrected', revision: 9 }),
          row('a', 0, 5),
          row('c', 0, undefined),
          row('c', 5, undefined),
        ]),
      ),
    ).toEqual(digests)
  })

  test('changes with any value, key and additional row', () => {
    const digestOf = (...rows: Row[]): string | undefined => intervalDigests(comparedRows(rows))[0]?.digest
    const digests = [
      digestOf(row('a', 0, 5)),
      digestOf(row('a', 0, 6)),
      digestOf(row('b', 0, 5)),
      digestOf(row('a', 1, 5)),
      digestOf(row('a', 0, 5), row('b', 0, 5)),
    ]
    expect(new Set(digests).size).toBe(digests.length)
  })
})

test('comparing the digests of two sets of rows tells equal, different and one-sided intervals', () => {
  const before = intervalDigests(comparedRows([row('a', 0, 5), row('a', 1, 5), row('a', 2, 5)]))
  const after = intervalDigests(comparedRows([row('a', 3, 5), row('a', 1, 6), row('a', 0, 5)]))
  expect(
    compareDigests(before, after).map(({ start, before, after, same }) => [
      (start - START) / QUARTER,
      before?.rows,
      after?.rows,
      same,
    ]),
  ).toEqual([
    [0, 1, 1, true],
    [1, 1, 1, false],
    [2, 1, undefined, false],
    [3, undefined, 1, false],
  ])
})
