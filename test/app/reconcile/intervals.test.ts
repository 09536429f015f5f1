import { describe, expect, test } from 'vitest'
import { isEqual } from '../../../src/app/reconcile/report/report.js'
import { at, compare, sales, salesSaid, said, short } from './fixtures.js'

const HOUR = [at(0), at(4)] as const

describe('intervals', () => {
  test('that are unions of base intervals are compared with the sum, minimum and maximum of those', async () => {
    const rows = [
      sales(at(0), { nOffered: 2, tAnswered: [7_000, 9_000] }),
      sales(at(3), { nOffered: 1, tAnswered: [3_000] }),
    ]
    const report = await compare(
      [rows],
      [{ results: [salesSaid(said(HOUR, { nOffered: 3, tAnswered: [3_000, 7_000, 9_000] }))] }],
    )
    expect(short(report)).toEqual([])
    expect(report.figures).toMatchObject({ compared: 2, equal: 2 })
  })

  test('with other UTC offsets are compared as instants', async () => {
    const report = await compare(
      [[sales(at(0), { nOffered: 2 })]],
      [
        {
          results: [
            salesSaid({
              ...said(HOUR, { nOffered: 2 }),
              interval: '2026-01-05T20:00:00.000+10:00/2026-01-05T21:00:00+10:00',
            }),
          ],
        },
      ],
    )
    expect(report.figures).toMatchObject({ compared: 1, equal: 1 })
  })

  test('that cannot be parsed are reported, and the comparison is not equal', async () => {
    const report = await compare(
      [[sales(at(0), { nOffered: 2 })]],
      [{ results: [salesSaid(said([at(0), at(0) + 600_000], { nOffered: 2 }))] }],
    )
    expect(report.coverage.notCompared).toEqual([
      {
        what: 'interval 2026-01-05T10:00:00.000Z/2026-01-05T10:10:00.000Z',
        why: 'it is not made of our intervals of 15 minutes',
        times: 1,
      },
    ])
    expect(report.figures.compared).toBe(0)
    expect(isEqual(report)).toBe(false)
  })

  test('between others of a response are zero where it leaves them out, and so are metrics that occur in one group only', async () => {
    const rows = [0, 2, 4].map((quarter) => sales(at(quarter), { nOffered: 1, nTransferred: 1, nConsult: 1 }))
    const quiet = await compare(
      [rows],
      [
        {
          results: [
            salesSaid(said([at(0), at(2)], { nOffered: 1, nTransferred: 1 }), said([at(4), at(6)], { nOffered: 1 })),
          ],
        },
      ],
    )
    expect(quiet.differences.map(({ metric, interval, class: reason }) => [metric, interval.start, reason])).toEqual([
      ['nOffered', at(2), 'extra-event'],
      ['nTransferred', at(2), 'extra-event'],
      ['nTransferred', at(4), 'extra-event'],
    ])
  })

  test('within --from and --to count as asked for even if the response ends earlier; others are left out', async () => {
    const rows = [0, 2, 4].map((quarter) => sales(at(quarter), { nOffered: 1 }))
    const answer = {
      results: [salesSaid(said([at(0), at(2)], { nOffered: 9 }), said([at(2), at(4)], { nOffered: 1 }))],
    }
    const report = await compare([rows], [answer], { asked: { from: at(2), to: at(6) } })
    expect(report.differences.map(({ interval }) => interval.start)).toEqual([at(4)])
    expect(report.coverage.notCompared).toMatchObject([
      { why: 'an interval outside --from and --to: not compared', times: 1 },
    ])
  })

  test('of days are not completed, and rows of longer granularities are not counted in addition', async () => {
    const day = [at(-40), at(56)] as const
    const rows = [
      sales(at(0), { nOffered: 1 }),
      { ...sales(at(0), { nOffered: 1 }), granularity: 'PT1H', key: 'queue/sales/voice/-/-/PT1H/x' } as const,
    ]
    const report = await compare([rows], [{ results: [salesSaid(said(day, { nOffered: 1 }))] }])
    expect(report.figures).toEqual({ compared: 1, equal: 1, tolerated: 0, different: 0 })
  })
})
