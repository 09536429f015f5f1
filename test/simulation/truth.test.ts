import { describe, expect, test } from 'vitest'
import { HOUR_MS } from '../../src/domain/interval.js'
import { pointMetrics, type MetricName } from '../../src/domain/metric.js'
import { familyNames } from '../../src/domain/family.js'
import { defaultProfile, type Profile } from '../../src/domain/profile.js'
import type { Row } from '../../src/domain/row.js'
import type { SimulateOptions } from '../../src/simulator/options.js'
import { simulate } from '../../src/simulator/simulate.js'
import type { Truth } from '../../src/simulator/truth/truth.js'
import { deadLetterStream } from '../../src/domain/stream-name.js'
import { memoryLog } from '../../src/log/memory-log.js'
import {
  differences,
  pointFamilies,
  figuresOfRows,
  figuresOfTruth,
  statesOfRows,
  statesOfTruth,
} from '../support/against-truth.js'
import { changeConfiguration } from '../../src/app/operations/imports/import-configuration.js'
import { configurationOf } from '../support/simulated-configuration.js'
import { project, rowsOf, take, tickTo } from '../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')

/** A simulated morning through ingress and projector; the frontier comes far enough that every session is settled. */
const morning = async (
  options: Partial<SimulateOptions>,
  profile: Profile,
): Promise<Readonly<{ truth: Truth; rows: readonly Row[] }>> => {
  const simulation = simulate({ seed: 1, fromMs: FROM, hours: 3, queues: 4, agents: 25, ...options })
  const log = memoryLog()
  const lines = [...simulation].map(({ line }) => line)
  const truth = simulation.truth()
  const half = Math.floor(lines.length / 2)
  await changeConfiguration(log, configurationOf(simulation.roster), {
    tenant: 't',
    source: 'test',
    now: 0,
    dryRun: false,
  })
  await take(log, 't', lines.slice(0, half))
  await tickTo(log, 't', FROM + HOUR_MS)
  await take(log, 't', lines.slice(half))
  await tickTo(log, 't', Date.parse(truth.through) + 24 * HOUR_MS)
  expect(await project({ log, tenant: 't', profile })).toMatchObject({ kind: 'caught-up' })
  return { truth, rows: await rowsOf(log, 't') }
}

const lettersIn = async (log: ReturnType<typeof memoryLog>): Promise<readonly string[]> => {
  const letters: string[] = []
  for await (const batch of log.readStream(deadLetterStream('t')))
    for (const { metadata } of batch) letters.push(Buffer.from(metadata).toString())
  return letters
}

const everyFamily: Profile = { ...defaultProfile, families: familyNames }

const disturbed: Partial<SimulateOptions> = {
  duplicates: 0.05,
  reorder: 0.05,
  lateness: { share: 0.02, maxMs: HOUR_MS },
  acwLate: { share: 0.05, maxMs: 3 * HOUR_MS },
  envelope: 'mixed',
}

describe.each([1, 2, 3])('a simulated morning, seed %i, with duplicates, reordering and lateness', (seed) => {
  test('metric records give the simulated truth, every metric in every interval', async () => {
    const { truth, rows } = await morning({ seed, ...disturbed }, { ...everyFamily, points: 'metric-records' })
    const scope = { metrics: pointMetrics }
    for (const family of pointFamilies) {
      expect(figuresOfTruth(truth, family, scope).size, family).toBeGreaterThan(20)
      expect(differences(figuresOfRows(rows, family, scope), figuresOfTruth(truth, family, scope))).toEqual([])
    }
  })

  test('agent states give the simulated truth, clipped to the intervals', async () => {
    const { truth, rows } = await morning({ seed, ...disturbed }, everyFamily)
    expect(statesOfTruth(truth).size).toBeGreaterThan(100)
    expect(differences(statesOfRows(rows, Date.parse(truth.through)), statesOfTruth(truth))).toEqual([])
  })

  test('a rebuild over a history that was imported at once gives the agent times, whatever their age', async () => {
    const simulation = simulate({ seed, fromMs: FROM, hours: 3, queues: 4, agents: 25 })
    const log = memoryLog()
    const lines = [...simulation].map(({ line }) => line)
    const truth = simulation.truth()
    const ofUsers = (line: string): boolean => line.includes('v2.users.')
    await take(
      log,
      't',
      lines.filter((line) => !ofUsers(line)),
    )
    await tickTo(log, 't', Date.parse(truth.through))
    await take(log, 't', lines.filter(ofUsers))
    await tickTo(log, 't', Date.parse(truth.through) + HOUR_MS)
    const profile: Profile = { ...everyFamily, lateHorizonMs: 0 }
    await project({ log, tenant: 't', profile, historyThrough: String(await log.head()) })
    const rows = await rowsOf(log, 't')
    expect(statesOfTruth(truth).size).toBeGreaterThan(100)
    expect(differences(statesOfRows(rows, Date.parse(truth.through)), statesOfTruth(truth))).toEqual([])
    expect(await lettersIn(log)).toEqual([])
  })

  // What detail events cannot tell is the instant of some emissions: alert, talk and hold end within the session, and
  // only its end and lengths are known.
  const somewhere: readonly MetricName[] = ['tAlert', 'tTalkComplete', 'tHeldComplete', 'nFlowMilestone']
  const told = pointMetrics.filter((metric) => !somewhere.includes(metric))

  test('detail events give the simulated truth: in every interval what they can tell, over the closed range the rest', async () => {
    const options: Partial<SimulateOptions> = { seed, ...disturbed, truthOf: ['detail-events'] }
    const { truth, rows } = await morning(options, { ...everyFamily, points: 'detail-events' })
    for (const family of pointFamilies)
      for (const scope of [{ metrics: told }, { metrics: somewhere, closedRange: true }]) {
        const ofTruth = figuresOfTruth(truth, family, scope)
        expect(differences(figuresOfRows(rows, family, scope), ofTruth)).toEqual([])
        if (scope.metrics === told) expect(ofTruth.size, family).toBeGreaterThan(5)
      }
  })
})
