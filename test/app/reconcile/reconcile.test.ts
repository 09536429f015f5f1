import { describe, expect, test } from 'vitest'
import { isEqual } from '../../../src/app/reconcile/report.js'
import { parseTolerance } from '../../../src/app/reconcile/tolerance.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import { right } from '../../support/right.js'
import { at, compare, restated, row, sales, salesSaid, said, short } from './rows.js'

const HOUR = [at(0), at(4)] as const
const HALF = [at(0), at(2)] as const

describe('the group of a real organisation', () => {
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

  test('is equal to rows that say the same in quarter hours', async () => {
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

  test('differs where flow-outs are counted in, and the options that explain theirs are named', async () => {
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

/** So many numbers that add up to `total`. */
function spread(count: number, total: number): readonly number[] {
  const each = Math.floor(total / count)
  return [...Array.from({ length: count - 1 }, () => each), total - each * (count - 1)]
}

describe('intervals', () => {
  test('that are unions of ours are compared, each with the exact sum of ours; extremes too', async () => {
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

  test('of other offsets are instants like any other', async () => {
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

  test('that are none are named, and nothing is called equal', async () => {
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

  test('that the answer leaves out between others were zero; so are metrics that stand in one place only', async () => {
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

  test('of --from and --to were asked for even where the answer ends earlier; those outside were not', async () => {
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

  test('of days are not filled up, and longer rows of ours do not count beside those they repeat', async () => {
    const day = [at(-40), at(56)] as const
    const rows = [
      sales(at(0), { nOffered: 1 }),
      { ...sales(at(0), { nOffered: 1 }), granularity: 'PT1H', key: 'queue/sales/voice/-/-/PT1H/x' } as const,
    ]
    const report = await compare([rows], [{ results: [salesSaid(said(day, { nOffered: 1 }))] }])
    expect(report.figures).toEqual({ compared: 1, equal: 1, tolerated: 0, different: 0 })
  })
})

describe('groups', () => {
  const agent = (dimensions: readonly (string | null)[], values: Parameters<typeof row>[2]) =>
    row(dimensions, at(0), values, { family: 'agent' })
  const families = ['queue', 'agent', 'agent-state', 'skill', 'organisation', 'campaign'] as const
  const one = (group: Record<string, string>, values: Parameters<typeof said>[1]) => ({
    group,
    data: [said(HALF, values)],
  })

  test('without a media type are the sum over all', async () => {
    const rows = [
      sales(at(0), { nOffered: 2 }),
      row(['sales', 'chat', null, null], at(1), { nOffered: 3 }),
      row(['other', 'chat', null, null], at(1), { nOffered: 9 }),
    ]
    const report = await compare([rows], [{ results: [one({ queueId: 'sales' }, { nOffered: 5 })] }])
    expect(report.figures).toMatchObject({ compared: 1, equal: 1 })
    expect(report.coverage.uncovered).toEqual([{ group: { queueId: 'other' }, family: 'queue', rows: 1 }])
  })

  test('of an agent are the sum over his queues and none', async () => {
    const rows = [
      agent(['anna', 'sales', 'voice', null, null], { tHandle: [5_000] }),
      agent(['anna', null, 'voice', null, null], { tHandle: [7_000] }),
    ]
    const report = await compare([rows], [{ results: [one({ userId: 'anna' }, { tHandle: [5_000, 7_000] })] }], {
      profile: { families },
    })
    expect(report.figures).toMatchObject({ compared: 1, equal: 1 })
  })

  test('that lack a dimension which others have are those without it', async () => {
    const rows = [
      agent(['anna', 'sales', 'voice', null, null], { tHandle: [5_000] }),
      agent(['anna', null, 'voice', null, null], { tHandle: [7_000] }),
    ]
    const results = [
      one({ userId: 'anna', queueId: 'sales' }, { tHandle: [5_000] }),
      one({ userId: 'anna' }, { tHandle: [7_000] }),
    ]
    expect((await compare([rows], [{ results }])).figures).toMatchObject({ compared: 2, equal: 2 })
    // Alone it is not to be told from a sum over the queues, unless it is said.
    expect((await compare([rows], [{ results: results.slice(1) }])).figures).toMatchObject({ compared: 1, equal: 0 })
    expect(
      (await compare([rows], [{ results: results.slice(1) }], { asked: { groupBy: ['userId', 'queueId'] } })).figures,
    ).toMatchObject({
      compared: 1,
      equal: 1,
    })
  })

  test('go to the family that has their dimensions', async () => {
    const rows = [
      row(['spanish', 'voice', null, null], at(0), { nOffered: 1 }, { family: 'skill' }),
      row(['voice', null, null], at(0), { nOffered: 2 }, { family: 'organisation' }),
      row(['spring', 'voice', null, null], at(0), { nOutboundAttempted: 3 }, { family: 'campaign' }),
    ]
    const responses = [
      { results: [one({ requestedRoutingSkillId: 'spanish', mediaType: 'voice' }, { nOffered: 1 })] },
      { results: [one({ mediaType: 'VOICE' }, { nOffered: 2 })] },
      { results: [one({ outboundCampaignId: 'spring' }, { nOutboundAttempted: 3 })] },
    ]
    const report = await compare([rows], responses, { profile: { families } })
    expect(report.differences).toEqual([])
    expect(report.figures).toMatchObject({ compared: 3, equal: 3 })
  })

  test('of dimensions that no family has are named with the reason', async () => {
    const report = await compare(
      [],
      [
        { results: [one({ queueId: 'sales', ani: 'tel:+1' }, { nOffered: 1 })] },
        { results: [one({ queueId: 'sales', requestedRoutingSkillId: 'spanish' }, { nOffered: 1 })] },
        {
          results: [
            one({ queueId: 'sales', requestedRoutingSkillId: 'spanish,french' }, { nCallbackOverSla: 1, nOffered: 2 }),
          ],
        },
        { results: [one({ requestedRoutingSkillId: 'spanish,french' }, { nOffered: 2 })] },
      ],
      { profile: { families } },
    )
    expect(report.coverage.notCompared.map(({ why }) => why)).toEqual([
      'groups by ani: rows have no such dimension',
      'groups by queueId, requestedRoutingSkillId: no family has these together',
      'rows have no such metric, or nobody has said how it is worked out',
      'several values of requestedRoutingSkillId in one group (flattened): rows are of one each',
    ])
    expect(report.figures.compared).toBe(0)
  })

  test('are not summed over a dimension that multiplies, and a part is said to be one', async () => {
    const answer = { results: [one({ mediaType: 'voice' }, { nOffered: 1 })] }
    const skills = await compare(
      [[row(['spanish', 'voice', null, null], at(0), { nOffered: 1 }, { family: 'skill' })]],
      [answer],
      {
        family: 'skill',
        profile: { families },
      },
    )
    expect(skills.coverage.notCompared).toMatchObject([
      { why: expect.stringMatching(/skillId.*their sum would be more than the total/) },
    ])
    const queues = await compare([[sales(at(0), { nOffered: 1 })]], [answer], { family: 'queue' })
    expect(queues.figures).toMatchObject({ compared: 1, equal: 1 })
    expect(queues.coverage.notes).toEqual([
      'rows of family queue hold only what has a queueId: right if the query was restricted to these',
    ])
  })

  test('of a family that the profile does not compute are named as such', async () => {
    const report = await compare(
      [[sales(at(0), { nOffered: 1 })]],
      [{ results: [one({ mediaType: 'voice' }, { nOffered: 1 })] }],
    )
    expect(report.coverage.notCompared).toMatchObject([{ why: expect.stringMatching(/family organisation.*profile/) }])
    expect(isEqual(report)).toBe(false)
  })

  test('by direction need rows that are split by it', async () => {
    const answer = {
      results: [
        one({ queueId: 'sales', direction: 'INBOUND' }, { nOffered: 1 }),
        one({ queueId: 'sales' }, { nOffered: 2 }),
      ],
    }
    const unsplit = await compare([[sales(at(0), { nOffered: 3 })]], [answer])
    expect(unsplit.coverage.notCompared).toMatchObject([{ why: expect.stringMatching(/not split by direction/) }])
    const split = [
      row(['sales', 'voice', 'inbound', null], at(0), { nOffered: 1 }),
      row(['sales', 'voice', 'unknown', null], at(0), { nOffered: 2 }),
    ]
    expect((await compare([split], [answer])).figures).toMatchObject({ compared: 2, equal: 2 })
  })

  test('of a filtered query are compared with what passes the filter', async () => {
    const rows = [sales(at(0), { nOffered: 2 }), row(['sales', 'chat', null, null], at(0), { nOffered: 3 })]
    const report = await compare([rows], [{ results: [one({ queueId: 'sales' }, { nOffered: 2 })] }], {
      where: { mediaType: 'VOICE' },
    })
    expect(report.figures).toMatchObject({ compared: 1, equal: 1 })
  })

  test('on one side only: theirs are missing here, ours are not covered unless the answer is complete', async () => {
    const rows = [
      row(['ours', 'voice', null, null], at(0), { nOffered: 2, nConsult: 1 }),
      row(['idle', 'voice', null, null], at(0), { nConsult: 1 }),
    ]
    const answer = { results: [one({ queueId: 'theirs', mediaType: 'voice' }, { nOffered: 1 })] }
    const report = await compare([rows], [answer])
    expect(short(report)).toEqual(['nOffered missing-event count +1'])
    expect(report.coverage.withoutRows).toEqual([{ queueId: 'theirs', mediaType: 'voice' }])
    expect(report.coverage.uncovered).toEqual([
      { group: { mediaType: 'voice', queueId: 'ours' }, family: 'queue', rows: 1 },
    ])
    const complete = await compare([rows], [answer], { isComplete: true })
    expect(short(complete)).toEqual(
      ['nOffered extra-event count -2', 'nOffered missing-event count +1'].sort().reverse(),
    )
  })
})

describe('user aggregates', () => {
  const state = (
    userId: string,
    kind: string,
    name: string,
    metric: 'tAgentRoutingStatus' | 'tSystemPresence' | 'tOrganizationPresence',
    ms: number,
    quarter = 0,
  ) => row([userId, kind, name], at(quarter), { [metric]: [ms] }, { family: 'agent-state' })
  const times = (...metrics: readonly (readonly [string, string, number])[]) => ({
    interval: said(HALF, {}).interval,
    metrics: metrics.map(([metric, qualifier, sum]) => ({ metric, qualifier, stats: { sum } })),
  })

  test('are compared state by state, whatever their spelling', async () => {
    const rows = [
      state('anna', 'routingStatus', 'IDLE', 'tAgentRoutingStatus', 900_000),
      state('anna', 'routingStatus', 'IDLE', 'tAgentRoutingStatus', 500_000, 1),
      state('anna', 'routingStatus', 'OFF_QUEUE', 'tAgentRoutingStatus', 400_000, 1),
      state('anna', 'systemPresence', 'ON_QUEUE', 'tSystemPresence', 1_800_000, 1),
      state('anna', 'organizationPresence', '6a3a-Lunch', 'tOrganizationPresence', 60_000),
    ]
    const answer = {
      systemToOrganizationMappings: { MEAL: ['6a3a-Lunch'] },
      results: [
        {
          group: { userId: 'anna' },
          data: [
            times(
              ['tAgentRoutingStatus', 'IDLE', 1_400_000],
              ['tAgentRoutingStatus', 'OFF_QUEUE', 400_000],
              ['tSystemPresence', 'On Queue', 1_800_000],
              ['tOrganizationPresence', '6a3a-Lunch', 60_000],
            ),
          ],
        },
      ],
    }
    const report = await compare([rows], [answer])
    expect(short(report)).toEqual([])
    expect(report.figures).toMatchObject({ compared: 4, equal: 4 })
  })

  test('differ in a state that one side has not; a change of state dated a moment apart is the edge of a clock', async () => {
    const rows = [
      state('anna', 'routingStatus', 'IDLE', 'tAgentRoutingStatus', 900_000),
      state('anna', 'routingStatus', 'INTERACTING', 'tAgentRoutingStatus', 900_000, 1),
      state('ben', 'routingStatus', 'IDLE', 'tAgentRoutingStatus', 1_800_000),
    ]
    const report = await compare(
      [rows],
      [
        {
          results: [
            {
              group: { userId: 'anna' },
              data: [times(['tAgentRoutingStatus', 'IDLE', 899_988], ['tAgentRoutingStatus', 'INTERACTING', 900_012])],
            },
            {
              group: { userId: 'ben' },
              data: [
                times(['tAgentRoutingStatus', 'IDLE', 1_200_000], ['tAgentRoutingStatus', 'COMMUNICATING', 600_000]),
              ],
            },
          ],
        },
      ],
    )
    expect(short(report)).toEqual([
      'tAgentRoutingStatus COMMUNICATING missing-event sum +600000',
      'tAgentRoutingStatus IDLE extra-event sum -600000',
      'tAgentRoutingStatus IDLE clock-edge sum -12',
      'tAgentRoutingStatus INTERACTING clock-edge sum +12',
    ])
  })
})

describe('what is not the same is classed', () => {
  test('late: our row is provisional, or our intervals are not closed so far', async () => {
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

  test('late: theirs lies between what we said before a correction and what we say now', async () => {
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

  test('late: a session whose after-call work is not over has talked and is not handled', async () => {
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

  test('late: after-call work alone moved a handle time', async () => {
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

  test('clock edge: what is more here is less in the next interval, in count and sum', async () => {
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

  test('no clock edge: another sum, an interval between, or another group', async () => {
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

  test('missing and extra events: both sides are said, and what is worked out of them follows', async () => {
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

  test('rule: of combinations that all fit one figure, the one that fits the others too is named', async () => {
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

  test('rule: another threshold for short abandons, narrowed down by theirs', async () => {
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

  test('rule: equal answers, but another count over the duration, where the threshold is ours', async () => {
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

  test('rule: equal waits, but customer-first callbacks counted in on one side', async () => {
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

test('differences within tolerance are counted and are none; limits are per metric and statistic', async () => {
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

test('totals add up by class and metric', async () => {
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
