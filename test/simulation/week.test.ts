import { describe, expect, test } from 'vitest'
import { zoneOf } from '../../src/app/config/profile/zones.js'
import { familyNames } from '../../src/domain/family.js'
import type { Granularity } from '../../src/domain/granularity.js'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/domain/interval.js'
import { interactionMetrics, pointMetrics, type MetricName } from '../../src/domain/metric.js'
import { defaultProfile, type PointSource, type Profile } from '../../src/domain/profile.js'
import type { Row } from '../../src/domain/row.js'
import type { SimulateOptions } from '../../src/simulator/options.js'
import { simulate, type Simulation } from '../../src/simulator/simulate.js'
import type { Truth } from '../../src/simulator/truth/truth.js'
import {
  allSplits,
  differences,
  kpisOfRows,
  kpisOfTruth,
  pointFamilies,
  figuresOfRows,
  figuresOfTruth,
  statesOfRows,
  statesOfTruth,
  type PointFamily,
} from '../support/against-truth.js'
import { configurationOf } from '../support/simulated-configuration.js'
import { fold, type Folded } from '../support/folded.js'

/**
 * `STREAMVANE_WEEK_AGENTS=100` simulates a bigger centre (and both weeks from both sources), `STREAMVANE_WEEK_SEED`
 * another one.
 */
const isBigger = process.env['STREAMVANE_WEEK_AGENTS'] !== undefined
const agents = Number(process.env['STREAMVANE_WEEK_AGENTS'] ?? 3)
const seed = Number(process.env['STREAMVANE_WEEK_SEED'] ?? 29)

const ZONE = 'Europe/Berlin'
const granularities: readonly Granularity[] = ['PT15M', 'PT30M', 'PT1H', 'P1D']

/** The weeks in which clocks change, from Monday to Monday by local time: the last day has 23 or 25 hours. */
const weeks = [
  { name: 'in which clocks go forward', from: '2026-03-22T23:00:00Z', hours: 167, lastHours: 23, byDetailEvents: true },
  {
    name: 'in which clocks go back',
    from: '2026-10-18T22:00:00Z',
    hours: 169,
    lastHours: 25,
    byDetailEvents: isBigger,
  },
] as const

const week = (from: string, hours: number): SimulateOptions => ({
  seed,
  fromMs: Date.parse(from),
  hours,
  queues: 4,
  agents,
  reconfigure: true,
  envelope: 'mixed',
  duplicates: 0.03,
  reorder: 0.05,
  lateness: { share: 0.01, maxMs: 6 * HOUR_MS },
  acwLate: { share: 0.03, maxMs: 3 * HOUR_MS },
})

const profileOf = (points: PointSource): Profile => ({
  ...defaultProfile,
  points,
  rollUps: ['PT30M', 'PT1H', 'P1D'],
  zone: zoneOf(ZONE),
  families: familyNames,
  splitBy: allSplits,
})

/** Long enough after the end that every session is settled. */
const settledAfter = (simulation: Simulation) => (): number => Date.parse(simulation.truth().through) + DAY_MS

type Made = Readonly<{
  simulation: Simulation
  result: Folded
  rowsOf: (granularity: Granularity) => readonly Row[]
  told: (granularity: Granularity) => Truth
}>

/** Made by the first test that looks. */
const folding = (options: SimulateOptions, points: 'metric-records' | 'detail-events'): (() => Made) => {
  const make = (): Made => {
    const simulation = simulate({ ...options, emit: points, truthOf: [points] })
    const configuration = configurationOf(simulation.roster)
    const result = fold(simulation, profileOf(points), { configuration, settledAt: settledAfter(simulation) })
    const rows = [...result.rows.values()]
    return {
      simulation,
      result,
      rowsOf: remembered((granularity) => rows.filter((row) => row.granularity === granularity)),
      told: remembered((granularity) => simulation.truth({ granularity, zone: ZONE, splitBy: allSplits })),
    }
  }
  const made = remembered(make)
  return () => made(points)
}

const remembered = <K, V>(make: (key: K) => V): ((key: K) => V) => {
  const known = new Map<K, V>()
  return (key) => {
    const value = known.get(key) ?? make(key)
    known.set(key, value)
    return value
  }
}

/** Compares all families; answers how many figures there were. */
const compare = (
  rows: readonly Row[],
  truth: Truth,
  metrics: readonly MetricName[],
  { closedRange = false, of = pointFamilies }: Readonly<{ closedRange?: boolean; of?: readonly PointFamily[] }> = {},
): Readonly<{ found: readonly string[]; figures: number }> => {
  const scope = { metrics, granularity: truth.granularity, closedRange }
  let figures = 0
  const found = of.flatMap((family) => {
    const ofTruth = figuresOfTruth(truth, family, scope)
    figures += ofTruth.size
    const ofRows = figuresOfRows(rows, family, scope)
    return ofTruth.size === 0 ? [`nothing happened in family ${family}`] : differences(ofRows, ofTruth)
  })
  return { found, figures }
}

const everything: readonly MetricName[] = [...new Set([...interactionMetrics, ...pointMetrics])]

/** What is modelled, with the two metrics derived from it. */
const modelled =
  `nOffered tAcd tAnswered tAbandon tFlowOut nOverSla tAlert tNotResponding tTalk tTalkComplete tHeld tHeldComplete tAcw tHandle nTransferred nBlindTransferred
  nConsult nConsultTransferred nOutbound tContacting tDialing nConnected tConnected nError tIvr tVoicemail nConversations tAgentResponseTime tActiveCallback
  tActiveCallbackComplete nCfcOffered tCfcAcd tCfcAnswered tCfcAbandon tCfcFlowOut nCallbackAttempts nCallbackScheduled tCallbackConnect tCallbackNotReached
  tCallbackVirtualWait nOutboundAttempted nOutboundConnected nOutboundAbandoned tFirstDial tFirstConnect tFirstEngagement tFirstResponse tUserResponseTime
  tAverageAgentResponseTime tAverageCustomerResponseTime oMessageCount oMessageTurn oMediaCount nFlow nFlowMilestone nFlowOutcome nFlowOutcomeFailed tFlow tFlowDisconnect
  tFlowExit tFlowOutcome tWait tShortAbandon`
    .split(/\s+/)
    .sort()

/** A callback seldom leaves a queue that calls customers first without an answer. */
const rare = ['tCfcAbandon', 'tCfcFlowOut', 'tCallbackNotReached']

/**
 * When a local day that begins at `start` ends, by the calendar of these weeks: `days` are the hours of the last one.
 */
const dayEnd = (lastDay: number, lastHours: number) => (start: number) =>
  start + (start === lastDay ? lastHours * HOUR_MS : DAY_MS)

describe.each(weeks)('a simulated week $name', ({ from, hours, lastHours, byDetailEvents }) => {
  const lastDay = Date.parse(from) + 6 * DAY_MS
  const print = (): string => `STREAMVANE_WEEK_SEED=${seed} STREAMVANE_WEEK_AGENTS=${agents}`

  describe('by metric records', () => {
    const made = folding(week(from, hours), 'metric-records')

    test('nothing is refused, and disorder was there', () => {
      const { simulation, result } = made()
      expect(result.refused, print()).toEqual([])
      // Reports of an agent's load have no instant of their own: some repeat what was said before, others cannot be
      // known again in another envelope.
      expect(result.repeated / simulation.truth().totals.duplicates).toBeCloseTo(1, 0)
      expect(result.restated).toBeGreaterThan(20)
      const { duplicates, lines, reordered, late } = simulation.truth().totals
      expect(duplicates / lines).toBeGreaterThan(0.02)
      expect(reordered / lines).toBeGreaterThan(0.04)
      expect(late).toBeGreaterThan(50)
    })

    test('everything that the simulator can emit happened', () => {
      const seen = new Set(
        made()
          .told('PT15M')
          .organisation.flatMap(({ measures }) => Object.keys(measures)),
      )
      for (const metric of seen) expect(modelled).toContain(metric)
      for (const metric of modelled) expect(seen.has(metric) || rare.includes(metric), metric).toBe(true)
    })

    test.each(granularities)(
      'every metric of every family, by direction and message type, in every interval of %s',
      (granularity) => {
        const { rowsOf, told } = made()
        const { found, figures } = compare(rowsOf(granularity), told(granularity), everything)
        expect(figures).toBeGreaterThan(granularity === 'P1D' ? 1_000 : 5_000)
        expect(found, print()).toEqual([])
      },
    )

    test.each(granularities)('the KPIs that follow from them, in every interval of %s', (granularity) => {
      const { rowsOf, told } = made()
      for (const family of ['queue', 'division', 'organisation'] as const) {
        const ofTruth = kpisOfTruth(told(granularity), family)
        expect(ofTruth.size).toBeGreaterThan(50)
        expect(differences(kpisOfRows(rowsOf(granularity), family, granularity), ofTruth), print()).toEqual([])
      }
    })

    test.each(granularities)('times of agents in their states, clipped to intervals of %s', (granularity) => {
      const { rowsOf, told } = made()
      const truth = told(granularity)
      const ends: Readonly<Record<Granularity, (start: number) => number>> = {
        PT15M: (start) => start + 15 * MINUTE_MS,
        PT30M: (start) => start + 30 * MINUTE_MS,
        PT1H: (start) => start + HOUR_MS,
        P1D: dayEnd(lastDay, lastHours),
      }
      const ofTruth = statesOfTruth(truth, ends[granularity])
      for (const kind of ['routingStatus', 'systemPresence', 'organizationPresence', 'agent-occupancy'])
        expect(
          [...ofTruth.keys()].some((key) => key.includes(kind)),
          kind,
        ).toBe(true)
      expect(
        differences(statesOfRows(rowsOf(granularity), Date.parse(truth.through), granularity), ofTruth),
        print(),
      ).toEqual([])
    })

    test('seven local days, the last of them not of 24 hours', () => {
      const { rowsOf } = made()
      const days = [...new Set(rowsOf('P1D').map(({ start }) => start))].sort()
      expect(days.slice(0, 7)).toEqual(Array.from({ length: 7 }, (_, day) => Date.parse(from) + day * DAY_MS))
      const last = rowsOf('P1D').find(({ start }) => start === lastDay) as Row
      expect(last.end - last.start).toBe(lastHours * HOUR_MS)
    })

    test('rows of a queue carry the target that was in force when they began', () => {
      const { simulation, result } = made()
      const targets = new Map(simulation.roster.queues.map(({ id, settings }) => [id, settings]))
      const seen = new Set<number | null>()
      for (const row of result.rows.values()) {
        if (row.family !== 'queue') continue
        const inForce = targets.get(row.dimensions[0] as string)?.findLast((one) => one.from <= row.start)
        expect(row.serviceTarget).toBe(inForce?.target)
        seen.add(row.serviceTarget)
      }
      expect(seen).toEqual(new Set([0.8, 0.9]))
    })
  })

  describe.runIf(byDetailEvents)('by detail events', () => {
    const made = folding(week(from, hours), 'detail-events')

    /**
     * Of these the events tell only in which session they were: its end and their length are known, not always their
     * own end.
     */
    const somewhere: readonly MetricName[] = ['tAlert', 'tTalkComplete', 'tHeldComplete', 'nFlowMilestone']
    const exact = everything.filter((metric) => !somewhere.includes(metric))

    test('nothing is refused', () => {
      const { simulation, result } = made()
      expect(result.refused, print()).toEqual([])
      // Reports of an agent's load have no instant of their own: some repeat what was said before, others cannot be
      // known again in another envelope.
      expect(result.repeated / simulation.truth().totals.duplicates).toBeCloseTo(1, 0)
    })

    test.each(granularities)('what they can tell, in every interval of %s', (granularity) => {
      const { rowsOf, told } = made()
      const { found, figures } = compare(rowsOf(granularity), told(granularity), exact)
      expect(figures).toBeGreaterThan(granularity === 'P1D' ? 500 : 2_500)
      expect(found, print()).toEqual([])
    })

    test('the rest over the closed range', () => {
      const { rowsOf, told } = made()
      for (const metric of somewhere) {
        const of = metric.includes('Flow')
          ? (['flow', 'organisation'] as const)
          : (['queue', 'agent', 'division', 'organisation'] as const)
        expect(compare(rowsOf('PT15M'), told('PT15M'), [metric], { closedRange: true, of }).found, print()).toEqual([])
      }
      const all = { closedRange: true, of: ['queue', 'agent', 'flow', 'campaign', 'division', 'organisation'] } as const
      expect(compare(rowsOf('PT15M'), told('PT15M'), somewhere, all).found, print()).toEqual([])
    })

    test('the threshold in force at the answer decides, and it changed', () => {
      const { simulation, told } = made()
      const [queue] = simulation.roster.queues
      const unchanged = simulate({
        ...week(from, hours),
        reconfigure: false,
        emit: 'detail-events',
        truthOf: ['detail-events'],
      })
      for (const _ of unchanged);
      const change = queue?.settings[1]?.from ?? NaN
      const over = ({ queue: rows }: Truth, where: (start: number) => boolean): number =>
        rows
          .filter((row) => row.queueId === queue?.id && where(Date.parse(row.intervalStart)))
          .reduce((sum, { measures }) => sum + (measures['nOverSla']?.count ?? 0), 0)
      const [isBefore, isAfter] = [
        (start: number) => start + 15 * MINUTE_MS <= change,
        (start: number) => start > change,
      ]
      expect(over(told('PT15M'), isBefore)).toBe(over(unchanged.truth(), isBefore))
      expect(over(told('PT15M'), isAfter)).toBeGreaterThan(over(unchanged.truth(), isAfter))
    })
  })
})
