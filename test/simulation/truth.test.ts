import { describe, expect, test } from 'vitest'
import { HOUR_MS } from '../../src/domain/interval.js'
import { pointMetrics, type MetricName } from '../../src/domain/metric.js'
import { defaultProfile, type Profile } from '../../src/domain/profile.js'
import type { Row } from '../../src/domain/row.js'
import type { SimulateOptions } from '../../src/ingress/simulator/options.js'
import { simulate } from '../../src/ingress/simulator/simulate.js'
import type { Truth } from '../../src/ingress/simulator/truth.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { sheetOfRows, sheetOfTruth, statesOfRows, statesOfTruth } from '../support/against-truth.js'
import { project, rowsOf, take, tickTo } from '../support/pipeline.js'

const FROM = Date.parse('2026-01-05T06:00:00Z')

/** A simulated morning through ingress and projector; the frontier comes far enough that every session is settled. */
const morning = async (options: Partial<SimulateOptions>, profile: Profile): Promise<Readonly<{ truth: Truth; rows: readonly Row[] }>> => {
  const simulation = simulate({ seed: 1, fromMs: FROM, hours: 3, queues: 4, agents: 25, ...options })
  const log = memoryLog()
  const lines = [...simulation].map(({ line }) => line)
  const truth = simulation.truth()
  const half = Math.floor(lines.length / 2)
  await take(log, 't', lines.slice(0, half))
  await tickTo(log, 't', FROM + HOUR_MS)
  await take(log, 't', lines.slice(half))
  await tickTo(log, 't', Date.parse(truth.through) + 24 * HOUR_MS)
  expect(await project({ log, tenant: 't', profile })).toMatchObject({ kind: 'caught-up' })
  return { truth, rows: await rowsOf(log, 't') }
}

const disturbed: Partial<SimulateOptions> = {
  duplicates: 0.05,
  reorder: 0.05,
  lateness: { share: 0.02, maxMs: HOUR_MS },
  acwLate: { share: 0.05, maxMs: 3 * HOUR_MS },
  envelope: 'mixed',
}

describe.each([1, 2, 3])('a simulated morning, seed %i, with duplicates, reordering and lateness', (seed) => {
  test('metric records give the simulated truth, every metric in every interval', async () => {
    const { truth, rows } = await morning({ seed, ...disturbed }, { ...defaultProfile, points: 'metric-records' })
    const scope = { metrics: pointMetrics }
    expect(sheetOfTruth(truth, 'queue', scope).size).toBeGreaterThan(100)
    expect(sheetOfRows(rows, 'queue', scope)).toEqual(sheetOfTruth(truth, 'queue', scope))
    expect(sheetOfRows(rows, 'agent', scope)).toEqual(sheetOfTruth(truth, 'agent', scope))
  })

  test('agent states give the simulated truth, clipped to the intervals', async () => {
    const { truth, rows } = await morning({ seed, ...disturbed }, defaultProfile)
    expect(statesOfTruth(truth).size).toBeGreaterThan(100)
    expect(statesOfRows(rows, Date.parse(truth.through))).toEqual(statesOfTruth(truth))
  })

  // What detail events cannot tell is the instant of some emissions: alert, talk and hold end within the session, and only its end and lengths are known.
  const told: readonly MetricName[] = ['nOffered', 'tAcd', 'tAnswered', 'tAbandon', 'tFlowOut', 'nOverSla', 'tAcw', 'tHandle']
  const toldInAll: readonly MetricName[] = [
    'tAlert',
    'tNotResponding',
    'tTalkComplete',
    'tHeldComplete',
    'nTransferred',
    'nOutbound',
    'tContacting',
    'tDialing',
  ]

  test('detail events give the simulated truth: in every interval what they can tell, over the closed range the rest', async () => {
    const { truth, rows } = await morning({ seed, clockSkewMs: 0, ...disturbed }, { ...defaultProfile, points: 'detail-events' })
    for (const family of ['queue', 'agent'] as const) {
      expect(sheetOfRows(rows, family, { metrics: told })).toEqual(sheetOfTruth(truth, family, { metrics: told }))
      expect(sheetOfRows(rows, family, { metrics: toldInAll, closedRange: true })).toEqual(
        sheetOfTruth(truth, family, { metrics: toldInAll, closedRange: true }),
      )
    }
  })
})
