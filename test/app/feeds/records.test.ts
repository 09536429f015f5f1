import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { intervalsIn } from '../../../src/app/feeds/deliveries/build.js'
import { feedFile, type Heading } from '../../../src/app/feeds/layout/file.js'
import { feedPlans } from '../../../src/app/feeds/plans.js'
import type { FeedPlan } from '../../../src/app/feeds/records/plan.js'
import { readRenderings } from '../../../src/app/renderings.js'
import { readGenerations } from '../../../src/app/pipeline/generations.js'
import { defaultProfile, type Profile } from '../../../src/domain/profile.js'
import type { Row } from '../../../src/domain/row.js'
import { feedConfig, feedLog, type FeedLog } from '../../support/feed-log.js'
import { lawRuns } from '../../support/law-runs.js'
import { at, QUARTER, row } from '../reconcile/fixtures.js'

const heading: Heading = { delivery: 1, kind: 'regular', reasons: [], ranges: [] }

const planOf = (feed: Readonly<Record<string, unknown>>, profile: Readonly<Record<string, unknown>> = {}): FeedPlan =>
  feedPlans(feedConfig([{ name: 'wfm', ...feed }], { profile }))[0] as FeedPlan

/** The file of a feed over a range, as text. */
const textOf = async (
  plan: FeedPlan,
  { log }: FeedLog,
  [start, end]: readonly [number, number],
  names: ReadonlyMap<string, string> = new Map(),
): Promise<string> => {
  const generation = (await readGenerations(log, 't')).all['g1']!
  const renderings = () => readRenderings(log, 't', generation, undefined)
  const rows = { of: { kpi: log, tenant: 't', generation: 'g1', data: undefined }, generation, renderings }
  const intervals = await intervalsIn(plan, rows, [{ start, end }])
  return feedFile(plan, plan.layouts[0]!, intervals, heading, names).bytes.toString()
}

const queueRow = (id: string, start: number, answered: readonly number[], handled: readonly number[]): Row =>
  row([id, 'voice', null, null], start, { nOffered: answered.length, tAnswered: answered, tHandle: handled })

const columns = [
  { name: 'start', value: 'interval.start', format: 'local' },
  { name: 'queue', value: 'queueId' },
  { name: 'offered', value: 'nOffered.count' },
  { name: 'aht', value: 'aht', format: 'seconds', digits: 1 },
  { name: 'status', value: 'status' },
]
const layouts = [{ version: 1, columns, csv: { lineEnd: 'lf' } }]

test('a record of several rows divides the sums of their terms: an average of averages would be another number', async () => {
  const log = await feedLog()
  const handled = [at(0), at(1)].map((start) => [
    queueRow('a', start, [1_000], [100_000]),
    queueRow('b', start, [1_000, 1_000, 1_000], [20_000, 20_000, 20_000]),
  ])
  await log.add(handled.flat(), [
    [at(0), at(1)],
    [at(1), at(2)],
  ])
  const plan = planOf({
    ...{ family: 'queue', interval: 'PT30M', by: ['queueId'], layouts },
    groups: { dimension: 'queueId', members: { Sales: ['a', 'b'] } },
  })
  // (2 × 100 s + 6 × 20 s) / 8 calls; the average of both queues' averages would be 60 s.
  expect(await textOf(plan, log, [at(0), at(2)])).toBe(
    'start,queue,offered,aht,status\n2026-01-05T10:00:00+00:00,Sales,8,40.0,final\n',
  )
})

test('a call that was abandoned in another interval than it was offered in counts in the rate of both together', async () => {
  const log = await feedLog()
  await log.add([
    row(['a', 'voice', null, null], at(0), { nOffered: 4, tAbandon: [9_000] }),
    row(['a', 'voice', null, null], at(1), { tAbandon: [9_000] }),
  ])
  const rate = [{ name: 'rate', value: 'abandonRate', digits: 2 }]
  const plan = planOf({ family: 'queue', interval: 'PT30M', by: ['queueId'], layouts: [{ version: 1, columns: rate }] })
  expect(await textOf(plan, log, [at(0), at(2)])).toBe('rate\r\n0.50\r\n')
})

test('figures do not depend on the length of rows that they are made of, or on how queues are grouped', async () => {
  const aRow = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    quarter: fc.nat({ max: 7 }),
    handled: fc.array(fc.integer({ min: 1, max: 900_000 }), { minLength: 1, maxLength: 4 }),
  })
  const unique = { selector: ({ id, quarter }: { id: string; quarter: number }) => `${id} ${quarter}`, maxLength: 20 }
  const total = [
    { name: 'offered', formula: 'nOffered.count' },
    { name: 'handle', value: 'tHandle.sum' },
    { name: 'aht', formula: 'tHandle.sum / tHandle.count', digits: 6 },
    { name: 'longest', value: 'tHandle.max' },
  ]
  const whole = planOf({
    family: 'queue',
    interval: 'PT1H',
    by: [],
    zeros: true,
    layouts: [{ version: 1, columns: total }],
  })
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(aRow, unique), async (cells) => {
      const log = await feedLog()
      await log.add(cells.map(({ id, quarter, handled }) => queueRow(id, at(quarter), handled, handled)))
      const lines = (await textOf(whole, log, [at(0), at(8)])).split('\r\n').slice(1, 3)
      const expected = [0, 4].map((from) => {
        const all = cells.filter(({ quarter }) => quarter >= from && quarter < from + 4).flatMap((cell) => cell.handled)
        const sum = all.reduce((a, b) => a + b, 0)
        const [aht, longest] = all.length === 0 ? ['', ''] : [(sum / all.length).toFixed(6), Math.max(...all)]
        return `${all.length},${sum},${aht},${longest}`
      })
      expect(lines).toEqual(expected)
    }),
    lawRuns(60),
  )
})

describe('local days', () => {
  const day = { family: 'queue', interval: 'P1D', zone: 'Europe/Berlin', by: ['queueId'] }
  const quarters = (from: string, count: number): readonly Row[] =>
    Array.from({ length: count }, (_, n) => queueRow('a', Date.parse(from) + n * QUARTER, [1], [1_000]))

  test.each([
    ['23 hours on the day on which clocks go forward', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z', 92],
    ['25 hours on the day on which clocks go back', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z', 100],
  ])('have %s', async (_, from, to, count) => {
    const log = await feedLog()
    await log.add(quarters(from, count), [[Date.parse(from), Date.parse(to)]])
    // The neighbours must not count.
    await log.add([...quarters(to, 4), queueRow('a', Date.parse(from) - QUARTER, [1], [1_000])])
    const dayColumns = [
      { name: 'date', value: 'interval.start', format: 'dd.MM.yyyy' },
      { name: 'minutes', value: 'interval.minutes' },
      { name: 'offered', value: 'nOffered.count' },
      { name: 'status', value: 'status' },
    ]
    const plan = planOf({ ...day, layouts: [{ version: 1, columns: dayColumns, csv: { lineEnd: 'lf' } }] })
    const date = from.startsWith('2026-03') ? '29.03.2026' : '25.10.2026'
    expect(await textOf(plan, log, [Date.parse(from), Date.parse(to)])).toBe(
      `date,minutes,offered,status\n${date},${count * 15},${count},final\n`,
    )
  })

  test('give each quarter of the repeated hour a number and an offset of its own', async () => {
    const log = await feedLog()
    const [from, to] = ['2026-10-24T23:45:00Z', '2026-10-25T01:15:00Z'] as const
    await log.add(quarters(from, 6), [[Date.parse(from), Date.parse(to)]])
    const plan = planOf({
      ...{ family: 'queue', interval: 'PT30M', zone: 'Europe/Berlin', by: [] },
      layouts: [
        {
          ...{ version: 1, csv: { lineEnd: 'lf', header: false } },
          columns: [
            { name: 'local', value: 'interval.start', format: 'HH:mm XXX' },
            { name: 'n', value: 'interval.ordinal' },
          ],
        },
      ],
    })
    expect(await textOf(plan, log, [Date.parse('2026-10-25T00:00:00Z'), Date.parse('2026-10-25T01:30:00Z')])).toBe(
      '02:00 +02:00,5\n02:30 +02:00,6\n02:00 +01:00,7\n',
    )
  })

  test('are made of the rows of days where the profile computes those of the same zone', async () => {
    const zone = { name: 'Europe/Berlin', offsets: [[0, 3_600_000]] } as Profile['zone']
    const log = await feedLog({ rollUps: ['P1D'], zone })
    const [start, end] = [Date.parse('2026-01-04T23:00:00Z'), Date.parse('2026-01-05T23:00:00Z')]
    await log.add(
      [row(['a', 'voice', null, null], start, { nOffered: 5 }, { granularity: 'P1D', end })],
      [[start, end]],
    )
    const plan = planOf({ ...day, layouts: [{ version: 1, columns: [{ name: 'offered', value: 'nOffered.count' }] }] })
    expect(await textOf(plan, log, [start, end])).toBe('offered\r\n5\r\n')
  })
})

test('an interval that is not complete is provisional, and a queue of a group that had nothing has a record of zeros', async () => {
  const log = await feedLog()
  await log.add([queueRow('a', at(0), [1_000], [60_000])], [[at(0), at(1)]])
  await log.add([queueRow('b', at(1), [1_000], [60_000])])
  const plan = planOf({ family: 'queue', by: ['queueId'], filter: { queueId: ['a', 'b'] }, zeros: true, layouts })
  expect(await textOf(plan, log, [at(0), at(2)])).toBe(
    [
      'start,queue,offered,aht,status',
      ...['2026-01-05T10:00:00+00:00,a,1,60.0,final', '2026-01-05T10:00:00+00:00,b,0,,final'],
      ...['2026-01-05T10:15:00+00:00,a,0,,provisional', '2026-01-05T10:15:00+00:00,b,1,60.0,provisional', ''],
    ].join('\n'),
  )
})

test('separators, decimals, names, constants and texts are written as the layout says', async () => {
  const log = await feedLog()
  await log.add([queueRow('a', at(0), [1_500], [90_500])], [[at(0), at(1)]])
  const plan = planOf({
    ...{ family: 'queue', zone: 'Europe/Berlin', by: ['queueId'] },
    layouts: [
      {
        ...{ version: 1, csv: { delimiter: ';', decimalSeparator: ',', bom: true, empty: 'n/a' } },
        columns: [
          { name: 'Datum', value: 'interval.start', format: 'dd.MM.yyyy HH:mmXXX' },
          { name: 'Queue "Name"', value: 'queueId.name' },
          { name: 'SL', value: 'serviceLevel', format: 'percent' },
          { name: 'AHT', value: 'aht', format: 'HH:mm:ss' },
          { name: 'Minutes', value: 'tHandle.sum', format: 'minutes' },
          { name: 'Abandon', value: 'averageAbandonTime' },
          { name: 'Client', constant: 'ACME; Inc.' },
        ],
      },
    ],
  })
  expect(await textOf(plan, log, [at(0), at(1)], new Map([['queueId/a', 'Ärzte']]))).toBe(
    '\uFEFFDatum;"Queue ""Name""";SL;AHT;Minutes;Abandon;Client\r\n05.01.2026 11:00+01:00;Ärzte;100,00;00:01:31;1,51;n/a;"ACME; Inc."\r\n',
  )
})

test('a column of some rows alone counts those: the time in one state', async () => {
  const log = await feedLog()
  const states = [
    row(['u1', 'systemPresence', 'BREAK'], at(0), { tSystemPresence: [300_000] }, { family: 'agent-state' }),
    row(['u1', 'systemPresence', 'AVAILABLE'], at(0), { tSystemPresence: [600_000] }, { family: 'agent-state' }),
    row(['u1', 'routingStatus', 'IDLE'], at(0), { tAgentRoutingStatus: [600_000] }, { family: 'agent-state' }),
  ]
  await log.add(states, [[at(0), at(1)]])
  const inState = (state: string) => ({ value: 'tSystemPresence.sum', format: 'seconds', where: { state: [state] } })
  const plan = planOf({
    ...{ family: 'agent-state', by: ['userId'] },
    layouts: [
      {
        version: 1,
        columns: [
          { name: 'agent', value: 'userId' },
          { name: 'break', ...inState('BREAK') },
          { name: 'available', ...inState('AVAILABLE') },
          { name: 'presence', value: 'tSystemPresence.sum', format: 'seconds' },
        ],
      },
    ],
  })
  expect(await textOf(plan, log, [at(0), at(1)])).toBe('agent,break,available,presence\r\nu1,300,600,900\r\n')
})

describe('a configuration is refused', () => {
  const feed = { name: 'wfm', family: 'queue', layouts }
  const refusal = (more: Readonly<Record<string, unknown>>, profile?: object): string => {
    try {
      feedConfig([{ ...feed, ...more }], profile === undefined ? {} : { profile })
      return ''
    } catch (cause) {
      return (cause as Error).message
    }
  }

  test.each([
    ['a column of a dimension that is added up over', { by: [] }, /rows are added up over queueId/],
    [
      'times that are told twice where clocks go back',
      {
        zone: 'Europe/Berlin',
        layouts: [{ version: 1, columns: [{ name: 't', value: 'interval.start', format: 'HH:mm' }] }],
      },
      /clocks of Europe\/Berlin are put back.*repeatedHour/,
    ],
    ['zeros of what is not named', { zeros: true }, /Name the values of queueId and mediaType/],
    [
      'a queue in two groups',
      { by: ['queueId'], groups: { dimension: 'queueId', members: { A: ['q'], B: ['q'] } } },
      /q is in two groups/,
    ],
    ['a tolerance of no column', { corrections: { tolerances: { nothing: 1 } } }, /no layout has a column nothing/],
    ['a limit that is no number', { corrections: { tolerances: { offered: 'much' } } }, /a number or a percentage/],
    [
      'a file without the number of its delivery in the name',
      { push: { use: 'https', url: 'https://x.example/', version: 1, fileName: 'f.csv' } },
      /write \{number\} in the name/,
    ],
    [
      'figures over plain HTTP',
      { push: { use: 'https', url: 'http://x.example/', version: 1 } },
      /an https address, or allowPlainHttp/,
    ],
    [
      'an SFTP host whose key nobody has checked',
      { push: { use: 'sftp', host: 'h', username: 'u', version: 1, hostKeys: [] } },
      /hostKeys/,
    ],
    [
      'a layout that is not there',
      { push: { use: 'https', url: 'https://x.example/', version: 2 } },
      /no layout with version 2/,
    ],
    [
      'a decimal comma between commas',
      { layouts: [{ ...layouts[0], csv: { decimalSeparator: ',' } }] },
      /another delimiter/,
    ],
  ] as const)('for %s', (_, more, why) => {
    expect(refusal(more)).toMatch(why)
  })

  test('for rows that must not be added up over a dimension in which an interaction counts twice', () => {
    const skills = {
      family: 'skill',
      by: ['mediaType'],
      layouts: [{ version: 1, columns: [{ name: 'n', value: 'nOffered.count' }] }],
    }
    expect(refusal(skills, { families: ['skill'] })).toMatch(/must not be added up over skillId/)
    expect(refusal({ ...skills, filter: { skillId: ['s'] } }, { families: ['skill'] })).toBe('')
  })

  test('for intervals that are shorter than those of the profile', () => {
    expect(refusal({}, { ...{ intervalMs: 2 * QUARTER } })).toMatch(/profile\.intervalMs/)
    expect(defaultProfile.intervalMs).toBe(QUARTER)
  })
})
