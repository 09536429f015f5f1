import { describe, expect, test } from 'vitest'
import { at, compare, restated, row, sales, salesSaid, said, short } from './fixtures.js'

const HALF = [at(0), at(2)] as const

describe('a difference is classified as', () => {
  test('late: our row is provisional, or our interval is not closed', async () => {
    const open = await compare(
      [[sales(at(0), { nOffered: 1 }, { status: 'provisional' })]],
      [{ results: [salesSaid(said(HALF, { nOffered: 2 }))] }],
    )
    expect(open.differences).toMatchObject([
      { class: 'late', because: expect.stringContaining('provisional'), rows: { all: 1, provisional: 1 } },
    ])
    const ahead = await compare(
      [[sales(at(0), { nOffered: 1 })]],
      [{ results: [salesSaid(said([at(0), at(1)], { nOffered: 1 }), said([at(8), at(9)], { nOffered: 2 }))] }],
      {
        closedThrough: at(4),
      },
    )
    expect(ahead.differences).toMatchObject([
      { class: 'late', because: 'our intervals are closed through 2026-01-05T11:00Z only' },
    ])
  })

  test('late: no interval is closed, with a note that says how to tick the clock', async () => {
    const report = await compare(
      [[sales(at(0), { nOffered: 1 }, { status: 'provisional' })]],
      [{ results: [salesSaid(said([at(8), at(9)], { nOffered: 2 }))] }],
      { closedThrough: undefined },
    )
    expect(report.differences).toMatchObject([
      { class: 'late', because: expect.stringContaining('streamvane clock tick') as string },
    ])
    expect(report.coverage.notes).toEqual([expect.stringContaining('none of our intervals is closed')])
  })

  test('late: their figure lies between ours before and after a correction', async () => {
    const first = sales(at(0), { nOffered: 5, tHandle: [60_000] })
    const corrected = restated(first, { nOffered: 8, tHandle: [60_000, 90_000] }, 'late')
    const answer = (offered: number) => ({ results: [salesSaid(said(HALF, { nOffered: offered, tHandle: [60_000] }))] })
    expect(short(await compare([[first], [corrected]], [answer(6)]))).toEqual([
      'nOffered late count -2',
      'tHandle late count -1 sum -90000 max -30000',
    ])
    expect(short(await compare([[first], [corrected]], [answer(9)]))).toEqual([
      'nOffered missing-event count +1',
      'tHandle late count -1 sum -90000 max -30000',
    ])
    expect(short(await compare([[first], [corrected]], [answer(4)]))).toEqual([
      'nOffered extra-event count -4',
      'tHandle late count -1 sum -90000 max -30000',
    ])
  })

  test('late: a session with unfinished after-call work has talk time and no handle time', async () => {
    const talked = { tTalkComplete: [30_000, 40_000] }
    const ours = sales(at(0), { ...talked, tHandle: [35_000], tAcw: [5_000] })
    const answer = { results: [salesSaid(said(HALF, { ...talked, tHandle: [35_000, 46_000], tAcw: [5_000, 6_000] }))] }
    const report = await compare([[ours]], [answer], { closedThrough: at(100) })
    expect(short(report)).toEqual([
      'tAcw late count +1 sum +6000 max +1000',
      'tHandle late count +1 sum +46000 max +11000',
    ])
    const longAgo = await compare([[ours]], [answer], { closedThrough: at(8 * 96) })
    expect(longAgo.differences.map(({ class: reason }) => reason)).toEqual(['missing-event', 'missing-event'])
    // The other way round it is their answer that was early, however long ago.
    const theirs = await compare(
      [[sales(at(0), { ...talked, tHandle: [35_000, 46_000] })]],
      [{ results: [salesSaid(said(HALF, { ...talked, tHandle: [35_000] }))] }],
      { closedThrough: at(8 * 96) },
    )
    expect(theirs.differences).toMatchObject([
      { class: 'late', because: expect.stringContaining('theirs was asked for before') },
    ])
  })

  test('late: a handle time changed by its after-call work alone', async () => {
    const report = await compare(
      [[sales(at(0), { tTalkComplete: [30_000], tHandle: [30_000] })]],
      [{ results: [salesSaid(said(HALF, { tTalkComplete: [30_000], tHandle: [36_294], tAcw: [6_294] }))] }],
      { closedThrough: at(10) },
    )
    expect(report.differences.map(({ metric, class: reason }) => [metric, reason])).toEqual([
      ['tAcw', 'late'],
      ['tHandle', 'late'],
    ])
  })

  test('clock edge: two adjacent intervals differ by opposite counts and sums', async () => {
    const ours = [
      sales(at(0), { nOffered: 3, tAnswered: [5_000, 7_000] }),
      sales(at(1), { nOffered: 2, tAnswered: [9_000] }),
      sales(at(2), { nOffered: 4 }),
    ]
    const answer = {
      results: [
        salesSaid(
          said([at(0), at(1)], { nOffered: 2, tAnswered: [5_000] }),
          said([at(1), at(2)], { nOffered: 3, tAnswered: [7_000, 9_000] }),
          said([at(2), at(3)], { nOffered: 4 }),
        ),
      ],
    }
    const report = await compare([ours], [answer])
    expect(short(report)).toEqual([
      'nOffered clock-edge count -1',
      'tAnswered clock-edge count -1 sum -7000 max -2000',
      'nOffered clock-edge count +1',
      'tAnswered clock-edge count +1 sum +7000 min -2000',
    ])
  })

  test('no clock edge: the sums differ, an interval lies between, or the group is another', async () => {
    const sum = await compare(
      [[sales(at(0), { tAnswered: [5_000] }), sales(at(1), { tAnswered: [9_000] })]],
      [
        {
          results: [
            salesSaid(
              said([at(0), at(1)], { tAnswered: [5_000, 5_001] }),
              said([at(1), at(2)], { tAnswered: { count: 0, sum: 0 } }),
            ),
          ],
        },
      ],
    )
    expect(sum.differences.map(({ class: reason }) => reason)).toEqual(['missing-event', 'extra-event'])
    const between = await compare(
      [[sales(at(0), { nOffered: 1 }), sales(at(1), { nOffered: 1 }), sales(at(2), { nOffered: 2 })]],
      [
        {
          results: [
            salesSaid(
              said([at(0), at(1)], { nOffered: 2 }),
              said([at(1), at(2)], { nOffered: 1 }),
              said([at(2), at(3)], { nOffered: 1 }),
            ),
          ],
        },
      ],
    )
    expect(between.differences.map(({ class: reason }) => reason)).toEqual(['missing-event', 'extra-event'])
    const groups = await compare(
      [[sales(at(0), { nOffered: 1 }), row(['other', 'voice', null, null], at(1), { nOffered: 2 })]],
      [
        {
          results: [
            salesSaid(said([at(0), at(1)], { nOffered: 2 })),
            { group: { mediaType: 'voice', queueId: 'other' }, data: [said([at(1), at(2)], { nOffered: 1 })] },
          ],
        },
      ],
    )
    expect(groups.differences.map(({ class: reason }) => reason)).toEqual(['missing-event', 'extra-event'])
  })

  test('missing or extra event: both figures are named, and derived metrics follow', async () => {
    const parts = {
      nOffered: 3,
      nOverSla: 0,
      tAbandon: [4_000],
      tFlowOut: { count: 0, sum: 0 },
      tShortAbandon: [4_000],
    }
    const report = await compare(
      [[sales(at(0), { nOffered: 2, tAnswered: [5_000], tAbandon: [4_000] })]],
      [
        {
          results: [
            salesSaid(
              said(HALF, {
                ...parts,
                tAnswered: [5_000, 7_000],
                tWait: [4_000, 5_000, 7_000],
                oServiceLevel: { numerator: 2, denominator: 3, ratio: 2 / 3 },
              }),
            ),
          ],
        },
      ],
    )
    expect(short(report)).toEqual([
      'nOffered missing-event count +1',
      `oServiceLevel missing-event numerator +1 denominator +1 ratio +${2 / 3 - 1 / 2}`,
      'tAnswered missing-event count +1 sum +7000 max +2000',
      'tWait missing-event count +1 sum +7000 max +2000',
    ])
    expect(report.differences.map(({ because }) => because)).toEqual([
      'count 3 there and 2 here: nothing explains what is missing here',
      'follows from the difference of tAnswered',
      expect.stringContaining('count 2 there and 1 here, sum 12000 there and 5000 here'),
      'follows from the difference of tAnswered',
    ])
  })

  test.each([
    [{ includeFlowOuts: true, includeAbandons: true, includeShortAbandons: true }, 9],
    [{ includeFlowOuts: true, includeAbandons: true, includeShortAbandons: false }, 7],
    [{ includeFlowOuts: true, includeAbandons: false, includeShortAbandons: false }, 6],
    [{ includeFlowOuts: false, includeAbandons: true, includeShortAbandons: false }, 6],
    [{ includeFlowOuts: false, includeAbandons: false, includeShortAbandons: true }, 5],
  ])('rule: the options of the service level that give theirs: %j', async (options, denominator) => {
    const counted = {
      tAnswered: [5_000, 6_000, 7_000, 8_000, 30_000],
      nOverSla: 1,
      tAbandon: [4_000, 5_000, 60_000],
      tFlowOut: [9_000],
    }
    const report = await compare(
      [[sales(at(0), counted)]],
      [
        {
          results: [
            salesSaid(
              said(HALF, {
                ...counted,
                tShortAbandon: [4_000, 5_000],
                oServiceLevel: { numerator: 4, denominator, ratio: 4 / denominator },
              }),
            ),
          ],
        },
      ],
    )
    expect(report.differences).toMatchObject([{ metric: 'oServiceLevel', class: 'rule' }])
    const name = Object.entries(options).map(([option, isOn]) => `${option} ${isOn ? 'on' : 'off'}`)
    expect(report.serviceLevel.explainedBy.map(({ rule }) => rule)).toContain(name.join(', '))
    expect(report.differences[0]?.because).toMatch(
      /^theirs is right with .*; ours is with includeFlowOuts off, includeAbandons on, includeShortAbandons on$/,
    )
  })

  test('rule: of several fitting combinations the one that fits most other figures is named', async () => {
    const flowing = { tAnswered: [5_000], tAbandon: [40_000], tFlowOut: [9_000], nOverSla: 0 }
    const plain = { tAnswered: [5_000], tAbandon: [40_000], nOverSla: 0 }
    const report = await compare(
      [[sales(at(0), flowing), sales(at(1), plain)]],
      [
        {
          results: [
            salesSaid(
              said([at(0), at(1)], {
                ...flowing,
                tShortAbandon: { count: 0 },
                oServiceLevel: { numerator: 1, denominator: 2 },
              }),
              said([at(1), at(2)], { ...plain, oServiceLevel: { numerator: 1, denominator: 1 } }),
            ),
          ],
        },
      ],
    )
    expect(report.differences).toHaveLength(1)
    expect(report.differences[0]?.because).toMatch(/theirs is right with includeFlowOuts (on|off), includeAbandons off/)
    expect(report.serviceLevel.explainedBy[0]).toEqual({
      rule: 'includeFlowOuts on, includeAbandons off, includeShortAbandons off',
      figures: 2,
    })
  })

  test('rule: another threshold for short abandons, bounded by their figures', async () => {
    const report = await compare(
      [[sales(at(0), { tAbandon: [4_000, 20_000, 60_000] })]],
      [{ results: [salesSaid(said(HALF, { tAbandon: [4_000, 20_000, 60_000], tShortAbandon: [4_000, 20_000] }))] }],
    )
    expect(report.differences).toMatchObject([
      {
        metric: 'tShortAbandon',
        class: 'rule',
        because:
          'abandons are equal: their short-abandon threshold is above 20000 ms (or exactly that, counting it in); ours by the profile is 10000 ms',
      },
    ])
  })

  test('rule: equal answers with different counts over the service-level duration', async () => {
    const answer = { results: [salesSaid(said(HALF, { tAnswered: [5_000, 20_000], nOverSla: 1 }))] }
    const ours = [sales(at(0), { tAnswered: [5_000, 20_000] })]
    const detail = await compare([ours], [answer], { profile: { points: 'detail-events' } })
    expect(detail.differences).toMatchObject([
      {
        metric: 'nOverSla',
        class: 'rule',
        because: expect.stringMatching(/exactly the service-level duration of 20000 ms.*overAtDuration/),
      },
    ])
    const records = await compare([ours], [answer])
    expect(records.differences).toMatchObject([{ metric: 'nOverSla', class: 'missing-event' }])
  })

  test('rule: equal waits with customer-first callbacks counted on one side only', async () => {
    const ours = row(['sales', 'callback', null, null], at(0), {
      tAnswered: [5_000],
      tAbandon: [6_000],
      tFlowOut: [1_000],
      tWait: [1_000, 5_000, 6_000],
    })
    const report = await compare(
      [[ours]],
      [
        {
          results: [
            {
              group: { mediaType: 'callback', queueId: 'sales' },
              data: [
                said(HALF, {
                  tAnswered: [5_000],
                  tAbandon: [6_000],
                  tFlowOut: [1_000],
                  tWait: [1_000, 5_000, 6_000, 7_000],
                }),
              ],
            },
          ],
        },
      ],
    )
    expect(report.differences).toMatchObject([
      { metric: 'tWait', class: 'rule', because: expect.stringContaining('customer-first') },
    ])
  })
})
