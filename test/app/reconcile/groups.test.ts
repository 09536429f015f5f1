import { describe, expect, test } from 'vitest'
import { isEqual } from '../../../src/app/reconcile/report/report.js'
import { at, compare, row, sales, said, short } from './fixtures.js'

const HALF = [at(0), at(2)] as const

describe('groups', () => {
  const agent = (dimensions: readonly (string | null)[], values: Parameters<typeof row>[2]) =>
    row(dimensions, at(0), values, { family: 'agent' })
  const families = ['queue', 'agent', 'agent-state', 'skill', 'organisation', 'campaign'] as const
  const one = (group: Record<string, string>, values: Parameters<typeof said>[1]) => ({
    group,
    data: [said(HALF, values)],
  })

  test('without a media type are the sum over all media types', async () => {
    const rows = [
      sales(at(0), { nOffered: 2 }),
      row(['sales', 'chat', null, null], at(1), { nOffered: 3 }),
      row(['other', 'chat', null, null], at(1), { nOffered: 9 }),
    ]
    const report = await compare([rows], [{ results: [one({ queueId: 'sales' }, { nOffered: 5 })] }])
    expect(report.figures).toMatchObject({ compared: 1, equal: 1 })
    expect(report.coverage.uncovered).toEqual([{ group: { queueId: 'other' }, family: 'queue', rows: 1 }])
  })

  test('of an agent are the sum over all queues and work without a queue', async () => {
    const rows = [
      agent(['anna', 'sales', 'voice', null, null], { tHandle: [5_000] }),
      agent(['anna', null, 'voice', null, null], { tHandle: [7_000] }),
    ]
    const report = await compare([rows], [{ results: [one({ userId: 'anna' }, { tHandle: [5_000, 7_000] })] }], {
      profile: { families },
    })
    expect(report.figures).toMatchObject({ compared: 1, equal: 1 })
  })

  test('that lack a dimension of other groups are compared with rows without a value for it', async () => {
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

  test('are compared with the family that has their dimensions', async () => {
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

  test('by dimensions that no family has are reported with the reason', async () => {
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

  test('are not summed over a multi-valued dimension, and a partial family gets a note', async () => {
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

  test('of a family that the profile does not compute are reported as not compared', async () => {
    const report = await compare(
      [[sales(at(0), { nOffered: 1 })]],
      [{ results: [one({ mediaType: 'voice' }, { nOffered: 1 })] }],
    )
    expect(report.coverage.notCompared).toMatchObject([{ why: expect.stringMatching(/family organisation.*profile/) }])
    expect(isEqual(report)).toBe(false)
  })

  test('by direction need rows split by direction', async () => {
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

  test('of a filtered query are compared with the rows that pass the filter', async () => {
    const rows = [sales(at(0), { nOffered: 2 }), row(['sales', 'chat', null, null], at(0), { nOffered: 3 })]
    const report = await compare([rows], [{ results: [one({ queueId: 'sales' }, { nOffered: 2 })] }], {
      where: { mediaType: 'VOICE' },
    })
    expect(report.figures).toMatchObject({ compared: 1, equal: 1 })
  })

  test('on one side only are missing rows if theirs, and uncovered rows if ours unless the response is complete', async () => {
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

  test('are compared state by state, in any spelling', async () => {
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

  test('differ in a state that one side lacks; a change of state dated a moment apart is a clock edge', async () => {
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
