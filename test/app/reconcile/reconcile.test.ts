import { describe, expect, test } from 'vitest'
import { isEqual } from '../../../src/app/reconcile/report/report.js'
import { parseTolerance } from '../../../src/app/reconcile/reasons/finding.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import { right } from '../../support/right.js'
import { at, compare, row, sales, salesSaid, said, short } from './fixtures.js'

const HALF = [at(0), at(2)] as const
/** So many numbers that add up to `total`. */
function spread(count: number, total: number): readonly number[] {
  const each = Math.floor(total / count)
  return [...Array.from({ length: count - 1 }, () => each), total - each * (count - 1)]
}

describe('a group of a real organisation', () => {
  const rest = 23_497_734 - 2_623 - 319_694
  const answers = [2_623, 319_694, ...spread(474, rest)]
  const abandons = [302, 458_221, ...spread(69, 5_703_773 - 302 - 458_221)]
  const flowOuts = [216_779, 215_901]
  const response = {
    results: [
      {
        group: { mediaType: 'voice', queueId: 'fc24' },
        data: [
          {
            interval: '2025-01-25T21:00:00.000Z/2025-02-01T21:00:00.000Z',
            metrics: [
              { metric: 'nOffered', stats: { count: 549 } },
              { metric: 'nOverSla', stats: { count: 212 } },
              { metric: 'tAbandon', stats: { max: 458_221, min: 302, count: 71, sum: 5_703_773 } },
              { metric: 'tAnswered', stats: { max: 319_694, min: 2_623, count: 476, sum: 23_497_734 } },
              { metric: 'tFlowOut', stats: { max: 216_779, min: 215_901, count: 2, sum: 432_680 } },
              {
                metric: 'oServiceLevel',
                stats: { ratio: 0.4826325411334552, numerator: 264, denominator: 547, target: 0.8 },
              },
            ],
          },
        ],
      },
    ],
  }
  const week = Date.parse('2025-01-25T21:00:00.000Z')
  const rows = (values: Parameters<typeof row>[2], more = {}) =>
    row(['fc24', 'voice', null, null], week + 3 * 86_400_000, values, more)
  const own = [
    row(
      ['fc24', 'voice', null, null],
      week,
      { nOffered: 100, tAnswered: answers.slice(0, 76), nOverSla: 12 },
      { serviceTarget: 0.8 },
    ),
    rows(
      { nOffered: 449, tAnswered: answers.slice(76), nOverSla: 200, tAbandon: abandons, tFlowOut: flowOuts },
      { serviceTarget: 0.8 },
    ),
    // Outside the week on either side.
    row(['fc24', 'voice', null, null], week - 900_000, { nOffered: 5 }, { serviceTarget: 0.8 }),
    row(['fc24', 'voice', null, null], week + 7 * 86_400_000, { nOffered: 7 }, { serviceTarget: 0.8 }),
  ]

  test('equals rows with the same figures in quarter hours', async () => {
    expect(answers).toHaveLength(476)
    const report = await compare([own], [response], { closedThrough: week + 30 * 86_400_000 })
    expect(short(report)).toEqual([])
    expect(report.quarantined).toEqual([])
    expect(report.figures).toEqual({ compared: 6, equal: 6, tolerated: 0, different: 0 })
    expect(report.coverage.notCompared).toEqual([])
    expect(report.serviceLevel.explainedBy.map(({ rule }) => rule)).toContain(
      'includeFlowOuts off, includeAbandons on, includeShortAbandons on',
    )
    expect(isEqual(report)).toBe(true)
  })

  test('differs if flow-outs are included, and the report names the options that explain their figure', async () => {
    const full = { ...defaultProfile, serviceLevel: { ...defaultProfile.serviceLevel, includeFlowOuts: true } }
    const others = [
      row(
        ['fc24', 'voice', null, null],
        week,
        { nOffered: 549, tAnswered: answers, nOverSla: 212, tAbandon: abandons, tFlowOut: flowOuts },
        { profile: full, serviceTarget: 0.7 },
      ),
    ]
    const report = await compare([others], [response], { profile: full, closedThrough: week + 30 * 86_400_000 })
    expect(report.differences).toHaveLength(1)
    expect(report.differences[0]).toMatchObject({ metric: 'oServiceLevel', class: 'rule' })
    expect(report.differences[0]?.statistics.map(({ statistic, theirs, ours }) => [statistic, theirs, ours])).toEqual([
      ['denominator', 547, 549],
      ['ratio', 0.4826325411334552, 264 / 549],
      ['target', 0.8, 0.7],
    ])
    expect(report.differences[0]?.because).toMatch(
      /theirs is right with includeFlowOuts off, includeAbandons on, includeShortAbandons on; ours is with includeFlowOuts on/,
    )
  })
})

test('differences within tolerance are counted and not reported; limits are per metric and statistic', async () => {
  const rows = [sales(at(0), { nOffered: 100, tAnswered: [10_000] })]
  const answer = { results: [salesSaid(said(HALF, { nOffered: 101, tAnswered: [10_400] }))] }
  const tolerated = await compare([rows], [answer], {
    tolerance: right(parseTolerance(['*=sum:5%,min:500,max:500', 'nOffered=count:1'])),
  })
  expect(tolerated.figures).toEqual({ compared: 2, equal: 0, tolerated: 2, different: 0 })
  const strict = await compare([rows], [answer], {
    tolerance: right(parseTolerance(['*=sum:5%,min:500,max:500,count:1', 'nOffered=count:0'])),
  })
  expect(short(strict)).toEqual(['nOffered missing-event count +1'])
  expect(isEqual(tolerated) && !isEqual(strict)).toBe(true)
})

test('totals are summed by class and metric', async () => {
  const report = await compare(
    [[sales(at(0), { nOffered: 1, tAnswered: [3_000] }), sales(at(4), { nOffered: 9 }, { status: 'provisional' })]],
    [
      {
        results: [
          salesSaid(
            said([at(0), at(2)], { nOffered: 3, tAnswered: [3_000, 4_000] }),
            said([at(4), at(6)], { nOffered: 5 }),
          ),
        ],
      },
    ],
  )
  expect(report.totals).toEqual({
    'missing-event': {
      total: { figures: 2, count: 3, sum: 4_000 },
      metrics: { nOffered: { figures: 1, count: 2, sum: 0 }, tAnswered: { figures: 1, count: 1, sum: 4_000 } },
    },
    late: { total: { figures: 1, count: -4, sum: 0 }, metrics: { nOffered: { figures: 1, count: -4, sum: 0 } } },
  })
})
