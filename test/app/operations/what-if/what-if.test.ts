import * as E from 'fp-ts/lib/Either.js'
import { beforeAll, describe, expect, test } from 'vitest'
import { readAssignment } from '../../../../src/app/operations/what-if/assignment.js'
import type { Supposition } from '../../../../src/app/operations/what-if/hypothesis.js'
import { NothingPublished, whatIf, type WhatIf } from '../../../../src/app/operations/what-if/what-if.js'
import { changeConfiguration } from '../../../../src/app/operations/imports/import-configuration.js'
import type { Scope } from '../../../../src/app/scoped/scope.js'
import type { QueueConfigured } from '../../../../src/domain/fact.js'
import { HOUR_MS } from '../../../../src/domain/interval.js'
import { defaultProfile, type Profile } from '../../../../src/domain/profile.js'
import { isEmptyRow, valueText, type Row } from '../../../../src/domain/row.js'
import { memoryLog } from '../../../../src/log/memory-log.js'
import type { EventLog } from '../../../../src/log/event-log.js'
import { simulate } from '../../../../src/simulator/simulate.js'
import { generationOf, project, rowsOf, silent, take, tickTo } from '../../../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')
const TO = FROM + 1.5 * HOUR_MS
const profile: Profile = {
  ...defaultProfile,
  points: 'detail-events',
  families: ['queue', 'agent', 'agent-state', 'organisation'],
}

let lines: readonly string[]
/** Published by `profile`; no test changes it. */
let calm: EventLog
let queueId: string
beforeAll(async () => {
  lines = [...simulate({ seed: 5, fromMs: FROM, hours: 1.5, queues: 2, agents: 8 })].map(({ line }) => line)
  calm = await published()
  queueId = (await rowsOf(calm, 't')).find(({ family }) => family === 'queue')?.dimensions[0] as string
})

/** A log in which everything is published by `profile`. */
const published = async (
  by: Profile = profile,
  before: (log: EventLog) => Promise<unknown> = async () => undefined,
) => {
  const log = memoryLog()
  await before(log)
  await take(log, 't', lines)
  await tickTo(log, 't', TO + 3 * HOUR_MS)
  await project({ log, tenant: 't', profile: by })
  return log
}

const asked = (log: EventLog, supposition: Supposition, scope: Scope = {}, by: Profile = profile): Promise<WhatIf> =>
  whatIf({
    ...{ tenant: 't', generation: generationOf(by), scope, supposition, raw: log, kpi: log, data: undefined },
    ...{ facts: {}, now: () => TO, signal: new AbortController().signal, logger: silent },
  })

const set = (...texts: readonly string[]): Supposition => ({
  assignments: texts.map((text) => {
    const read = readAssignment(text)
    if (E.isLeft(read)) throw new Error(read.left)
    return read.right
  }),
})

const valuesOf = (rows: Iterable<Row>): readonly string[] =>
  [...rows]
    .filter((row) => !isEmptyRow(row))
    .map(valueText)
    .sort()

const sales = (at: number, durationMs: number, queueId: string): QueueConfigured => ({
  ...{ type: 'QueueConfigured', queueId, at, name: 'Sales', acw: null },
  serviceLevel: { voice: { durationMs, target: 0.8 } },
})

test('the rules in force change nothing', async () => {
  const answer = await asked(calm, {})
  expect(answer).toMatchObject({ supposed: [], changes: [], notDueToIt: [] })
  expect(answer.totals.map(({ rows }) => rows.same > 0 && rows.changed + rows.added + rows.removed === 0)).toEqual(
    answer.totals.map(() => true),
  )
  expect(answer.totals.map(({ family }) => family)).toEqual(['queue', 'agent', 'agent-state', 'organisation'])
})

test('the new side is what a rebuild under the supposed profile computes, and the old side what was published', async () => {
  const log = await published()
  const before = await rowsOf(log, 't')
  const other = { ...profile, version: 2, serviceLevel: { ...profile.serviceLevel, durationMs: 2_000 } }
  const { changes, notDueToIt } = await asked(log, { profile: other })
  expect(changes.length).toBeGreaterThan(3)
  expect(notDueToIt).toEqual([])
  await project({ log, tenant: 't', profile: other, generation: 'g2', historyThrough: String(await log.head()) })
  const after = await rowsOf(log, 't', 'g2')
  const changed = new Map(changes.map(({ row }) => [row.key, row]))
  expect(valuesOf(before.map((row) => changed.get(row.key) ?? row))).toEqual(valuesOf(after))
  expect(changes.every(({ kind, because }) => kind === 'changed' && because === null)).toBe(true)
  const effects = changes.map(({ effect }) => effect)
  expect(effects).toEqual(effects.toSorted((a, b) => b - a))
})

test('a scope is asked of alone, and its rows have the changes that they have among all', async () => {
  const all = await asked(calm, set('serviceLevel.durationMs=2s'))
  const scope: Scope = {
    families: new Set(['queue']),
    from: FROM + HOUR_MS / 2,
    to: TO,
    dimensions: { queueId: new Set([queueId]) },
  }
  const { changes, supposed } = await asked(calm, set('serviceLevel.durationMs=2s'), scope)
  expect(supposed).toEqual([{ path: 'serviceLevel.durationMs', old: 20_000, new: 2_000 }])
  expect(changes.length).toBeGreaterThan(0)
  expect(changes).toEqual(
    all.changes.filter(
      ({ row }) => row.family === 'queue' && row.start >= FROM + HOUR_MS / 2 && row.dimensions[0] === queueId,
    ),
  )
})

test('other intervals, zones, families and formulas add and remove rows and KPIs, each told with its reason', async () => {
  const days = { ...profile, rollUps: ['P1D'] as const }
  const log = await published(days)
  const { changes } = await asked(
    log,
    {
      profile: {
        ...days,
        intervalMs: 30 * 60_000,
        zone: { name: 'Test/East', offsets: [[0, 2 * HOUR_MS]] },
        families: ['queue', 'organisation', 'skill'],
        splitBy: ['direction'],
        kpis: [{ name: 'late', unit: 'count', formula: 'nOverSla.count', families: ['organisation'], doc: '' }],
      },
    },
    { families: new Set(['queue', 'organisation', 'skill', 'agent-state']) },
    days,
  )
  const reasons = new Set(
    changes.map(({ kind, because, row }) => `${kind} ${row.family} ${row.granularity} ${because}`),
  )
  expect([...reasons].sort()).toEqual(
    [
      ...['queue', 'organisation'].flatMap((family) => [
        `added ${family} PT30M interval`,
        `removed ${family} PT15M interval`,
        `added ${family} P1D zone`,
        `removed ${family} P1D zone`,
      ]),
      ...['added skill PT30M family', 'added skill P1D family'],
      ...['removed agent-state PT15M family', 'removed agent-state P1D family'],
    ].sort(),
  )
  const kpiOnly = await asked(
    log,
    {
      profile: {
        ...days,
        kpis: [{ name: 'answered', unit: 'count', formula: 'tAnswered.count', families: ['queue'], doc: '' }],
      },
    },
    {},
    days,
  )
  expect(
    kpiOnly.changes.every(
      ({ kind, kpis }) => kind === 'changed' && kpis.every((kpi) => kpi.name === 'answered' && kpi.old === null),
    ),
  ).toBe(true)
  expect(kpiOnly.changes.length).toBeGreaterThan(0)
})

describe('the settings of a queue that are supposed', () => {
  test('change its rows and no others, also where the log has none of it', async () => {
    const { changes, supposed } = await asked(calm, set(`queue.${queueId}.serviceLevel.voice.durationMs=1s`), {
      families: new Set(['queue']),
    })
    expect(supposed).toEqual([
      { path: `queue.${queueId}.serviceLevel.voice`, old: null, new: { durationMs: 1_000, target: null } },
    ])
    expect(new Set(changes.map(({ row }) => row.dimensions[0]))).toEqual(new Set([queueId]))
  })

  test('win over those of the log throughout', async () => {
    const configured = (at: number, durationMs: number) => async (log: EventLog) =>
      changeConfiguration(log, [sales(at, durationMs, queueId)], { tenant: 't', source: 'test', now: 0, dryRun: false })
    const log = await published(profile, configured(FROM, 20_000))
    const ofFile = await asked(log, { settings: [sales(TO, 2_000, queueId)] })
    const ofSet = await asked(log, set('queue.sales.serviceLevel.voice.durationMs=2s'))
    expect(ofFile.changes).toEqual(ofSet.changes)
    expect(ofSet.changes.length).toBeGreaterThan(0)
    expect(ofSet.queues.get(queueId)).toBe('Sales')
    const rebuilt = await published(profile, configured(FROM, 2_000))
    const after = new Map((await rowsOf(rebuilt, 't')).map((row) => [row.key, row]))
    for (const { row } of ofSet.changes) expect(valueText(row)).toBe(valueText(after.get(row.key) as Row))
  })
})

test('rows that were published otherwise than the rules in force give them stand apart', async () => {
  const log = await published()
  // Known only after its time was counted: the live generation keeps what it has published.
  await changeConfiguration(log, [sales(FROM, 1_000, queueId)], { tenant: 't', source: 'test', now: 0, dryRun: false })
  await project({ log, tenant: 't', profile })
  const answer = await asked(log, set('shortAbandonMs=3s'))
  const drifted = new Set(answer.notDueToIt.map(({ row }) => row.key))
  expect(drifted.size).toBeGreaterThan(0)
  expect(
    answer.notDueToIt.every(({ kpis, figures }) =>
      [...kpis.map(({ name }) => name), ...figures.map(({ metric }) => metric)].every((name) =>
        ['serviceLevel', 'nOverSla'].includes(name),
      ),
    ),
  ).toBe(true)
  expect(answer.changes.flatMap(({ figures }) => figures.map(({ metric }) => metric))).not.toContain('nOverSla')
})

test('what cannot change anything is told', async () => {
  const { hints } = await asked(calm, set('serviceLevel.durationMs=2s'))
  expect(hints).toEqual([])
  const records = { ...defaultProfile }
  const other = await published(records)
  const answer = await asked(other, set('serviceLevel.durationMs=2s'), {}, records)
  expect(answer.changes).toEqual([])
  expect(answer.hints).toEqual([expect.stringMatching(/points come from metric-records: .*nOverSla.*no duration/)])
})

test('a generation without rows cannot be asked about', async () => {
  await expect(asked(memoryLog(), {})).rejects.toThrow(NothingPublished)
})
