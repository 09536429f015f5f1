import { beforeAll, describe, expect, test } from 'vitest'
import { singleLog } from '../../src/app/pipeline/logs/logs.js'
import { zoneOf } from '../../src/app/config/profile/zones.js'
import { addUp, differencesOf } from '../../src/app/operations/explain/added-up.js'
import { isOfStates, pointsOf, timesOf } from '../../src/app/operations/explain/contributions.js'
import { explain } from '../../src/app/operations/explain/explain.js'
import type { RowExplanation } from '../../src/app/operations/explain/explanation.js'
import { settingsAfter } from '../../src/app/operations/explain/in-force.js'
import { changeConfiguration } from '../../src/app/operations/imports/import-configuration.js'
import { scopedFold } from '../../src/app/scoped/scoped-fold.js'
import type { Trace } from '../../src/app/scoped/trace.js'
import { families, familyNames, type FamilyName } from '../../src/domain/family.js'
import { HOUR_MS } from '../../src/domain/interval.js'
import { defaultProfile, type PointSource, type Profile } from '../../src/domain/profile.js'
import type { Row } from '../../src/domain/row.js'
import { memoryLog } from '../../src/log/memory-log.js'
import type { EventLog } from '../../src/log/event-log.js'
import { simulate } from '../../src/simulator/simulate.js'
import { generationOf, project, rowsOf, silent, take, tickTo } from '../support/pipeline.js'
import { configurationOf } from '../support/simulated-configuration.js'

const FROM = Date.parse('2026-01-05T00:00:00Z')

const profileOf = (points: PointSource): Profile => ({
  ...defaultProfile,
  points,
  families: familyNames,
  rollUps: ['PT1H', 'P1D'],
  zone: zoneOf('Europe/Berlin'),
  splitBy: ['direction'],
  quantiles: ['tAnswered', 'tWait', 'tShortAbandon', 'tHandle'],
  kpis: [
    {
      name: 'secondsPerOffer',
      unit: 'number',
      formula: '(tAcd.sum + 2 * tHandle.sum) / 1000',
      families: ['queue'],
      doc: 'A KPI of the profile, without a denominator.',
    },
  ],
})

/** A day of a small centre that was delivered out of order, late and twice, and whose queue settings change at noon. */
const day = async (points: PointSource): Promise<Readonly<{ log: EventLog; rows: readonly Row[] }>> => {
  const simulation = simulate({
    ...{ seed: 7, fromMs: FROM, hours: 24, queues: 2, agents: 4, reconfigure: true },
    ...{ duplicates: 0.05, reorder: 0.05, envelope: 'mixed' as const },
    ...{ lateness: { share: 0.02, maxMs: 3 * HOUR_MS }, acwLate: { share: 0.1, maxMs: 3 * HOUR_MS } },
  })
  const log = memoryLog()
  const lines = [...simulation].map(({ line }) => line)
  const change = { tenant: 't', source: 'test', now: 0, dryRun: false }
  await changeConfiguration(log, configurationOf(simulation.roster), change)
  for (let hour = 0; hour < 24; hour++) {
    const [from, to] = [hour, hour + 1].map((part) => Math.floor((lines.length * part) / 24))
    await take(log, 't', lines.slice(from, to))
    await tickTo(log, 't', FROM + hour * HOUR_MS)
    if (hour === 12)
      await changeConfiguration(
        log,
        [
          {
            ...{ type: 'OrgSettingsChanged', at: FROM + 12 * HOUR_MS, shortAbandonMs: 15_000 },
            ...{ includeFlowOuts: true, includeShortAbandons: false, includeAbandons: null },
          },
        ],
        change,
      )
  }
  await tickTo(log, 't', FROM + 60 * HOUR_MS)
  expect(await project({ log, tenant: 't', profile: profileOf(points), batchMax: 2_000 })).toMatchObject({
    kind: 'caught-up',
  })
  return { log, rows: await rowsOf(log, 't') }
}

describe.each(['metric-records', 'detail-events'] as const)('a simulated day, points from %s', (points) => {
  const profile = profileOf(points)
  const generation = generationOf(profile)
  let log: EventLog
  let rows: readonly Row[]
  beforeAll(async () => {
    ;({ log, rows } = await day(points))
  }, 120_000)

  const explained = (family: FamilyName, row: Row, more: Readonly<{ revision?: number }> = {}) =>
    explain({
      ...{ logs: singleLog(log), data: '/nowhere', tenant: 't', generation, withRaw: true, facts: {} },
      ...{ signal: new AbortController().signal, logger: silent, ...more },
      wanted: {
        family,
        at: row.start + 1,
        granularity: row.granularity,
        dimensions: families[family].dimensions.map((name, place) => [name, row.dimensions[place] ?? '-']),
      },
    })

  test('every row is the sum of the contributions that are found for it', { timeout: 120_000 }, async () => {
    const folded = await scopedFold({
      ...{ raw: log, tenant: 't', generation, scope: {}, facts: {}, trace: true },
      ...{ signal: new AbortController().signal, logger: silent },
    })
    const trace = folded.trace as Trace
    const settings = settingsAfter(generation, {
      configuration: folded.scanned.configuration,
      frontier: folded.frontier,
    })
    const byInterval = new Map<string, Trace>()
    const within = (row: Row): Trace => {
      const key = `${row.start} ${row.end}`
      const known = byInterval.get(key)
      if (known !== undefined) return known
      const points = trace.points.filter(({ at }) => at >= row.start && at < row.end)
      const spans = trace.spans.filter(({ from, to }) => from < row.end && to > row.start)
      byInterval.set(key, { ...trace, points, spans })
      return { ...trace, points, spans }
    }
    const off = rows.flatMap((row) => {
      const own = within(row)
      const [ownPoints, times] = isOfStates(row.family) ? [[], timesOf(row, own)] : [pointsOf(row, own), []]
      const rendering = settings.rendering(row.family, row.start, settings.version)
      const differences = differencesOf(row, addUp(ownPoints, times, rendering, profile.quantiles))
      return differences.length === 0 ? [] : [{ key: row.key, differences }]
    })
    expect(rows.length).toBeGreaterThan(3_000)
    expect(off).toEqual([])
  })

  test('a row of each family and length is explained by its own conversations, and adds up', async () => {
    const samples = familyNames.flatMap((family) =>
      (['PT15M', 'P1D'] as const).flatMap((granularity) => {
        const own = rows.filter((row) => row.family === family && row.granularity === granularity)
        const sample = own[Math.floor(own.length / 2)]
        return sample === undefined ? [] : [sample]
      }),
    )
    expect(samples.length).toBeGreaterThan(15)
    for (const row of samples) {
      const explanation = await explained(row.family, row)
      expect([row.key, explanation.rows.map(({ verdict }) => verdict.differences)]).toEqual([row.key, [[]]])
      const [one] = explanation.rows as readonly [RowExplanation]
      expect(one.row.key).toBe(row.key)
      expect(one.contributions.length).toBeGreaterThan(0)
      const told = new Set(one.raw?.map(({ position }) => position))
      expect(one.contributions.filter(({ event }) => !told.has(event.position))).toEqual([])
    }
  }, 120_000)

  test('each published revision of a row adds up as it was', async () => {
    const row = rows.find(
      ({ family, status, granularity }) => family === 'queue' && status === 'corrected' && granularity === 'PT15M',
    )
    const {
      rows: [latest],
    } = await explained('queue', row as Row)
    const { history } = latest as RowExplanation
    expect(history.length).toBeGreaterThan(1)
    for (const { revision } of history) {
      const {
        rows: [then],
        addsUp,
      } = await explained('queue', row as Row, { revision })
      expect([revision, then?.verdict.differences, then?.row.revision, addsUp]).toEqual([revision, [], revision, true])
    }
  }, 120_000)
})
