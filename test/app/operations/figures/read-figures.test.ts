import { expect, test } from 'vitest'
import { columnsByName, type FigureColumn, type FigureValue } from '../../../../src/app/operations/figures/column.js'
import { readFigures, type Figures } from '../../../../src/app/operations/figures/read-figures.js'
import { readRenderings } from '../../../../src/app/renderings.js'
import { appendsOf } from '../../../../src/contract/kpi-stream/marks.js'
import type { FamilyName } from '../../../../src/domain/family.js'
import type { Granularity } from '../../../../src/domain/granularity.js'
import { defaultProfile, type Profile } from '../../../../src/domain/profile.js'
import { kpiStream } from '../../../../src/domain/stream-name.js'
import { HOUR_MS } from '../../../../src/domain/interval.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { rowEvents } from '../../../support/kpi-events.js'
import { generationOf, project, take, tickTo } from '../../../support/pipeline.js'
import { right } from '../../../support/right.js'
import { at, row } from '../../reconcile/fixtures.js'

const berlin = { name: 'Europe/Berlin', offsets: [[0, HOUR_MS]] } as const

type Asked = Readonly<{
  log: EventLog
  profile: Profile
  granularity: Granularity
  family?: FamilyName
  columns: readonly string[]
  frontier?: number
  from?: number
  to?: number
}>

const figuresOf = async ({ log, profile, granularity, family = 'queue', frontier, ...asked }: Asked) => {
  const generation = generationOf(profile)
  const renderings = await readRenderings(log, 't', generation, frontier)
  const known = columnsByName(family, renderings.profiles)
  const columns = asked.columns.map((name) => known.get(name) as FigureColumn)
  const read: Figures[] = []
  const wanted = { family, granularity, columns, renderings, profile, frontier, from: asked.from, to: asked.to }
  for await (const interval of readFigures({ kpi: log, tenant: 't', generation: 'g1', data: undefined }, wanted))
    read.push(...interval)
  return read
}

const logOf = async (...rows: readonly ReturnType<typeof row>[]): Promise<EventLog> => {
  const log = memoryLog()
  for (const events of appendsOf('t', 'g1', rowEvents('t', 'g1', rows, 1n), 1n))
    right((await log.append([{ stream: kpiStream('t', 'g1'), expected: 'any', events }]))[0])
  return log
}

test('a day that is added up from intervals says of every figure what the roll-up row of the projection says', async () => {
  const from = Date.parse('2026-01-05T08:00:00Z')
  const lines = [...simulate({ seed: 11, fromMs: from, hours: 20, queues: 3, agents: 12 })].map(({ line }) => line)
  const base: Profile = {
    ...defaultProfile,
    ...{ zone: berlin, families: ['queue', 'agent', 'agent-occupancy'], quantiles: ['tAnswered', 'tHandle'] },
    kpis: [
      {
        name: 'talkShare',
        unit: 'share',
        formula: 'tTalk.sum / tHandle.sum',
        families: ['queue'],
        doc: 'Of handling.',
      },
    ],
  }
  const logs = await Promise.all(
    [base, { ...base, rollUps: ['P1D' as const] }].map(async (profile) => {
      const log = memoryLog()
      await take(log, 't', lines)
      await tickTo(log, 't', from + 48 * HOUR_MS)
      await project({ log, tenant: 't', profile })
      return { log, profile }
    }),
  )
  const frontier = from + 48 * HOUR_MS
  for (const family of ['queue', 'agent', 'agent-occupancy'] as const) {
    const columns = [...columnsByName(family, [base]).keys()]
    const [added = [], rolledUp = []] = await Promise.all(
      logs.map((each) => figuresOf({ ...each, family, columns, frontier, granularity: 'P1D' })),
    )
    const said = (all: readonly Figures[]) => all.map(({ key, status, values }) => ({ key, status, values }))
    expect(added.length).toBeGreaterThan(2)
    expect(added.some(({ rows, revision }) => rows > 1 && revision === null)).toBe(true)
    expect(rolledUp.every(({ rows, revision }) => rows === 1 && revision !== null)).toBe(true)
    expect(said(added)).toEqual(said(rolledUp))
  }
})

test('a numerator counts in the sum although the row divides by 0 and publishes no ratio', async () => {
  const log = await logOf(
    row(['q', 'voice', null, null], at(0), { nOffered: 2, tAnswered: [5_000] }),
    row(['q', 'voice', null, null], at(1), { tAbandon: [30_000] }),
  )
  const columns = ['abandonRate', 'tAbandon.count']
  const intervals = await figuresOf({ log, profile: defaultProfile, granularity: 'PT15M', columns })
  expect(intervals.map(({ values }) => values)).toEqual([
    [[0, 2], null],
    [[1, 0], 1],
  ] satisfies FigureValue[][])
  const [hour] = await figuresOf({ log, profile: defaultProfile, granularity: 'PT1H', columns })
  expect(hour?.values).toEqual([[1, 2], 1])
})

test('the sum of a day is provisional until the frontier has passed its end and the grace, and tells what was corrected', async () => {
  const log = await logOf(
    row(['q', 'voice', null, null], at(0), { nOffered: 2 }, { status: 'final', serviceTarget: 0.8 }),
    row(
      ['q', 'voice', null, null],
      at(1),
      { nOffered: 1 },
      { status: 'corrected', correction: 'late', serviceTarget: 0.9 },
    ),
  )
  const asked = { log, profile: defaultProfile, granularity: 'P1D', columns: ['nOffered.count'] } as const
  const dayEnd = Date.parse('2026-01-06T00:00:00Z')
  const [open] = await figuresOf({ ...asked, frontier: dayEnd })
  expect(open).toMatchObject({
    status: 'provisional',
    corrections: ['late'],
    rows: 2,
    serviceTarget: null,
    values: [3],
  })
  const [closed] = await figuresOf({ ...asked, frontier: dayEnd + defaultProfile.graceMs })
  expect(closed).toMatchObject({ status: 'corrected', revision: null })
})

test('an interval that begins before the range is left out, and one that reaches beyond it is whole', async () => {
  const rows = [0, 1, 2, 3, 4, 5].map((quarter) => row(['q', 'voice', null, null], at(quarter), { nOffered: 1 }))
  const asked = {
    log: await logOf(...rows),
    profile: defaultProfile,
    granularity: 'PT30M',
    columns: ['nOffered.count'],
  } as const
  const read = await figuresOf({ ...asked, from: at(1), to: at(3) })
  expect(read.map(({ interval, values }) => [interval.start, values])).toEqual([[at(2), [2]]])
})
