import { describe, expect, test } from 'vitest'
import { isEqual } from '../../../src/app/reconcile/report/report.js'
import { at, compare, QUARTER, row, sales, salesSaid, said, short, statsOf } from './fixtures.js'

const HALF = [at(0), at(2)] as const
type Said = Parameters<typeof said>[1]

/** What is named as broken in a row of the API that says this; rows of ours say nothing. */
const brokenIn = async (values: Said, mediaType = 'voice'): Promise<readonly string[]> => {
  const { quarantined, differences } = await compare(
    [],
    [{ results: [{ group: { queueId: 'sales', mediaType }, data: [said(HALF, values)] }] }],
  )
  if (quarantined.length > 0) expect(differences).toEqual([])
  return quarantined.flatMap(({ broken }) => broken.map(({ metric, identity }) => `${metric}: ${identity}`))
}

const waits = { tAnswered: [5_000, 9_000], tAbandon: [4_000], tFlowOut: [1_000] }

describe('a row of the API that contradicts itself is reported with the identity that it breaks', () => {
  test.each<[string, Said, readonly RegExp[]]>([
    ['a count that is not a whole number', { nOffered: -1, nConsult: 1.5 }, [/nOffered: .*-1/, /nConsult: .*1\.5/]],
    ['min above max', { tAnswered: { count: 2, sum: 10, min: 6, max: 4 } }, [/min 6 is more than max 4/]],
    ['a sum below count × min', { tAnswered: { count: 3, sum: 10, min: 4, max: 5 } }, [/less than 3 times the min 4/]],
    ['a sum above count × max', { tAnswered: { count: 3, sum: 16, min: 4, max: 5 } }, [/more than 3 times the max 5/]],
    ['a sum of nothing', { tAnswered: { count: 0, sum: 16 } }, [/count 0.*sum is 16/]],
    [
      'short abandons all shorter than the shortest abandon',
      {
        tAbandon: { count: 2, sum: 30_000, min: 14_000, max: 16_000 },
        tShortAbandon: { count: 1, sum: 9_000, min: 9_000, max: 9_000 },
      },
      [/^tShortAbandon: the longest short abandon \(9000\) is shorter than the shortest abandon \(14000\)$/],
    ],
    [
      'short abandons without the shortest',
      { tAbandon: statsOf([4_000, 6_000, 90_000]), tShortAbandon: statsOf([6_000]) },
      [/the shortest short abandon \(6000\) is not the shortest abandon \(4000\)/],
    ],
    [
      'more short abandons than abandons',
      { tAbandon: statsOf([4_000]), tShortAbandon: statsOf([4_000, 4_000]) },
      [/2 short abandons of 1/],
    ],
    [
      'all abandons short, but of another sum',
      { tAbandon: statsOf([4_000, 5_000, 6_000]), tShortAbandon: { ...statsOf([4_000, 5_000, 6_000]), sum: 14_500 } },
      [/all 3 abandons are short, but they sum up to 15000 and the short ones to 14500/],
    ],
    [
      'a ratio of other terms',
      { oServiceLevel: { numerator: 1, denominator: 3, ratio: 0.3 } },
      [/the ratio is 0\.3, but 1 \/ 3 is 0\.33/],
    ],
    ['a numerator below zero', { oServiceLevel: { numerator: -1, denominator: 3 } }, [/the numerator is -1/]],
    [
      'waits that are not the union: count',
      { ...waits, tWait: [5_000, 9_000, 4_000] },
      [/^tWait: the count is 3, .* have 4 together$/],
    ],
    [
      'waits that are not the union: sum',
      { ...waits, tWait: { count: 4, sum: 18_999, min: 1_000, max: 9_000 } },
      [/sum is 18999, .* have 19000/],
    ],
    ['no wait at all', { ...waits, tAcd: 1, tWait: { count: 0, sum: 0 } }, [/the count is 0, .* have 4/]],
  ])('%s', async (_, values, identities) => {
    const broken = await brokenIn(values)
    expect(broken).toHaveLength(identities.length)
    for (const [index, identity] of identities.entries()) expect(broken[index]).toMatch(identity)
  })

  test.each<[string, Said, string?]>([
    [
      'offered without an equal number of exits in the interval: each counts where it happens',
      { nOffered: 9, ...waits },
    ],
    ['equal durations', { tAnswered: statsOf([5, 5, 5]) }],
    ['a ratio to full precision', { oServiceLevel: { numerator: 264, denominator: 547, ratio: 0.4826325411334552 } }],
    ['a ratio of nothing', { oServiceLevel: { numerator: 0, denominator: 0, ratio: 0 } }],
    [
      'short abandons among longer ones',
      { tAbandon: statsOf([4_000, 5_000, 90_000]), tShortAbandon: statsOf([4_000, 5_000]) },
    ],
    [
      'waits of customer-first callbacks beside answers',
      { ...waits, tWait: [1, 2, 3, 4_000, 5_000, 9_000, 1_000] },
      'callback',
    ],
    ['a wait where its parts were not asked for', { tAnswered: [5_000], tWait: [5_000, 4_000] }],
    [
      'handle times of sessions that talked in another interval',
      { tHandle: [9_000], tTalkComplete: [3_000], tAcw: [2_000], tHeldComplete: 0, tContacting: 0, tDialing: 0 },
    ],
  ])('not so %s', async (_, values, mediaType) => {
    expect(await brokenIn(values, mediaType)).toEqual([])
  })
})

describe('handle times over a day', () => {
  const day = [at(-40), at(56)] as const
  const parts = {
    tTalkComplete: [30_000, 40_000],
    tHeldComplete: { count: 0, sum: 0 },
    tAcw: [5_000, 6_000],
    tContacting: { count: 0, sum: 0 },
    tDialing: { count: 0, sum: 0 },
  }
  const answer = {
    results: [salesSaid(said(day, { ...parts, tHandle: { count: 2, sum: 80_999, min: 35_000, max: 46_000 } }))],
  }

  test('are the sum of their parts if all parts have the same count', async () => {
    const counts = { ...parts, tHeldComplete: [1, 1], tContacting: [1, 1], tDialing: [1, 1] }
    const wrong = await compare(
      [],
      [{ results: [salesSaid(said(day, { ...counts, tHandle: statsOf([40_000, 41_005]) }))] }],
    )
    expect(wrong.quarantined).toMatchObject([
      {
        broken: [
          { metric: 'tHandle', identity: 'the sum is 81005, but its parts, all 2 of each, have 81006 together' },
        ],
      },
    ])
    const fine = await compare(
      [],
      [{ results: [salesSaid(said(day, { ...counts, tHandle: statsOf([40_000, 41_006]) }))] }],
    )
    expect(fine.quarantined).toEqual([])
  })

  test('are no contradiction if our rows have the same figures: a session crosses midnight', async () => {
    const values = { tTalkComplete: [30_000, 40_000], tAcw: [5_000, 6_000], tHandle: [35_000, 45_999] }
    const same = await compare([[sales(at(0), values)]], [answer])
    expect(same.quarantined).toEqual([])
    const other = await compare([[sales(at(0), { ...values, tHandle: [35_000, 46_000] })]], [answer])
    expect(other.quarantined).toHaveLength(1)
  })
})

test('a row that contradicts itself is left out of the comparison as a whole; its neighbours are compared', async () => {
  const rows = [
    sales(at(0), { nOffered: 5, tAbandon: [14_000] }),
    sales(at(2), { nOffered: 5 }),
    row(['other', 'voice', null, null], at(0), { nOffered: 5 }),
  ]
  const report = await compare(
    [rows],
    [
      {
        results: [
          salesSaid(
            said(HALF, { nOffered: 7, tAbandon: statsOf([14_000]), tShortAbandon: statsOf([9_000]) }),
            said([at(2), at(4)], { nOffered: 5 }),
          ),
          { group: { queueId: 'other', mediaType: 'voice' }, data: [said(HALF, { nOffered: 6 })] },
        ],
      },
    ],
  )
  expect(report.quarantined).toEqual([
    {
      group: { mediaType: 'voice', queueId: 'sales' },
      family: 'queue',
      interval: { start: at(0), end: at(0) + 2 * QUARTER },
      broken: [
        {
          metric: 'tShortAbandon',
          identity: 'the longest short abandon (9000) is shorter than the shortest abandon (14000)',
        },
      ],
    },
  ])
  expect(short(report)).toEqual(['nOffered missing-event count +1'])
  expect(report.figures).toMatchObject({ compared: 2, equal: 1 })
  expect(report.totals['inconsistent-source-row']).toEqual({
    total: { figures: 1, count: 0, sum: 0 },
    metrics: { tShortAbandon: { figures: 1, count: 0, sum: 0 } },
  })
  expect(isEqual({ ...report, figures: { ...report.figures, different: 0 } })).toBe(false)
})
