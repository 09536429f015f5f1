import { describe, expect, test } from 'vitest'
import { families, familyNames, type FamilyName } from '../../src/domain/family.js'
import type { Options } from '../../src/domain/formula.js'
import { builtInKpis, builtInKpisOf, kpiProblems, compileKpis, type Kpi, type Ratio } from '../../src/domain/kpi.js'
import type { Measure } from '../../src/domain/measure.js'
import { metricNames, type MetricName } from '../../src/domain/metric.js'
import { defaultProfile, optionsOf } from '../../src/domain/profile.js'
import { noSketch } from '../../src/domain/sketch.js'
import { kpiValues } from '../support/kpi-values.js'

type Cell = Partial<Record<MetricName, Measure>>

const points = (count: number, sum = count): Measure => ({ count, sum, min: 0, max: sum, sketch: noSketch })
const time = (ms: number): Measure => ({ count: 1, sum: ms, min: 0, max: 0, sketch: noSketch })

const options = (more: Partial<Options> = {}): Options => ({ ...optionsOf(defaultProfile), ...more })

const valuesOf = (kpis: readonly Kpi[], cell: Cell, more: Partial<Options> = {}): Readonly<Record<string, Ratio>> =>
  kpiValues(
    compileKpis(kpis, options(more)),
    metricNames.map((metric) => cell[metric]),
  )

const kpi = (name: string, cell: Cell, more: Partial<Options> = {}): readonly [number, number | null] | undefined => {
  const value = valuesOf(builtInKpis, cell, more)[name]
  return value === undefined ? undefined : [value.numerator, value.denominator]
}

// A week of one real queue: 549 offered, 476 answered, 212 of them late, 71 abandoned, 2 flowed out.
const week: Cell = {
  nOffered: points(549),
  nOverSla: points(212),
  tAbandon: points(71, 5_703_773),
  tAnswered: points(476, 23_497_734),
  tFlowOut: points(2, 432_680),
  tWait: points(549, 29_634_187),
}

describe('service level', () => {
  test('is answered in time, of answered and abandoned, as Genesys reported it for this week', () => {
    const [numerator, denominator] = kpi('serviceLevel', week) as [number, number]
    expect([numerator, denominator]).toEqual([264, 547])
    expect(numerator / denominator).toBe(0.4826325411334552)
  })

  // Ten of the 71 abandons are short.
  test.each([
    [1, 1, 0, 547],
    [1, 0, 0, 537],
    [1, 1, 1, 549],
    [1, 0, 1, 539],
    [0, 1, 0, 476],
    [0, 0, 0, 476],
    [0, 1, 1, 478],
    [0, 0, 1, 478],
  ])(
    'with abandons %i, short abandons %i, flow-outs %i has a denominator of %i',
    (abandons, shortAbandons, flowOuts, denominator) => {
      const chosen = { includeAbandons: abandons, includeShortAbandons: shortAbandons, includeFlowOuts: flowOuts }
      expect(kpi('serviceLevel', { ...week, tShortAbandon: points(10, 41_000) }, chosen)).toEqual([264, denominator])
    },
  )

  test('no abandon is in service level, however short', () => {
    expect(kpi('serviceLevel', { tAbandon: points(2, 20), tShortAbandon: points(2, 20) })).toEqual([0, 2])
    expect(
      kpi('serviceLevel', { tAbandon: points(2, 20), tShortAbandon: points(2, 20) }, { includeShortAbandons: 0 }),
    ).toBeUndefined()
  })

  test('of an interval of abandons only is 0, of one without any it is nothing at all', () => {
    expect(kpi('serviceLevel', { tAbandon: points(2) })).toEqual([0, 2])
    expect(kpi('serviceLevel', { tAbandon: points(2) }, { includeAbandons: 0 })).toBeUndefined()
    expect(kpi('serviceLevel', {})).toBeUndefined()
  })
})

describe('worked numbers:', () => {
  const handled: Cell = {
    nOffered: points(549),
    nTransferred: points(12),
    tHandle: points(48, 9_600_000),
    tTalkComplete: points(46, 6_900_000),
    tHeldComplete: points(5, 250_000),
    tAcw: points(40, 2_450_000),
    tFlow: points(80, 5_144_000),
    nFlowOutcome: points(20),
    nFlowOutcomeFailed: points(3),
  }

  test.each<[string, Cell, readonly [number, number]]>([
    ['asa', week, [23_497_734, 476]],
    ['aht', handled, [9_600_000, 48]],
    ['abandonRate', week, [71, 549]],
    ['answerRate', week, [476, 549]],
    ['flowOutRate', week, [2, 549]],
    ['averageWait', week, [29_634_187, 549]],
    ['averageAbandonTime', week, [5_703_773, 71]],
    ['averageTalk', handled, [6_900_000, 46]],
    ['averageHold', handled, [250_000, 5]],
    ['averageAcw', handled, [2_450_000, 40]],
    ['transferRate', handled, [12, 48]],
    ['averageFlowTime', handled, [5_144_000, 80]],
    ['flowOutcomeSuccess', handled, [17, 20]],
  ])('%s', (name, cell, value) => {
    expect(kpi(name, cell)).toEqual(value)
    expect(kpi(name, {})).toBeUndefined()
  })

  const agent: Cell = {
    tRoutingStatusIdle: time(300_000),
    tRoutingStatusInteracting: time(480_000),
    tRoutingStatusCommunicating: time(60_000),
    tRoutingStatusNotResponding: time(40_000),
    tRoutingStatusOffQueue: time(20_000),
  }

  test('occupancy is time interacting, of time on queue; not responding is part of it only where the profile says so', () => {
    expect(kpi('occupancy', agent)).toEqual([480_000, 840_000])
    expect(kpi('occupancy', agent, { countNotResponding: 1 })).toEqual([480_000, 880_000])
    expect(kpi('occupancy', { tRoutingStatusIdle: time(900_000) })).toEqual([0, 900_000])
    expect(kpi('occupancy', { tRoutingStatusOffQueue: time(900_000) })).toBeUndefined()
  })

  test('every built-in KPI is among them', () => {
    const worked = new Set([...Object.keys(valuesOf(builtInKpis, { ...week, ...handled, ...agent }))])
    expect([...worked].sort()).toEqual(builtInKpis.map(({ name }) => name).sort())
  })
})

describe('families', () => {
  test.each<[FamilyName, readonly string[]]>([
    ['agent-state', []],
    ['agent-occupancy', ['occupancy']],
    ['flow', ['averageFlowTime', 'flowOutcomeSuccess']],
    ['agent', ['asa', 'aht', 'averageWait', 'averageTalk', 'averageHold', 'averageAcw', 'transferRate']],
  ])('%s rows carry %j', (family, names) => {
    expect(builtInKpisOf(family).map(({ name }) => name)).toEqual(names)
  })

  test.each<FamilyName>(['queue', 'skill', 'language', 'wrap-up', 'campaign', 'division'])(
    '%s rows carry what queues have',
    (family) => {
      expect(builtInKpisOf(family).map(({ name }) => name)).toEqual(
        builtInKpis
          .map(({ name }) => name)
          .filter((name) => !['occupancy', 'averageFlowTime', 'flowOutcomeSuccess'].includes(name)),
      )
    },
  )

  test('the organisation has all but the occupancy', () => {
    expect(builtInKpisOf('organisation')).toEqual(builtInKpis.filter(({ name }) => name !== 'occupancy'))
  })

  test('built-in KPIs have no problems, and no name twice', () => {
    expect(builtInKpis.flatMap(kpiProblems)).toEqual([])
    expect(new Set(builtInKpis.map(({ name }) => name)).size).toBe(builtInKpis.length)
  })

  test('every family has a key among its dimensions, and no metric twice', () => {
    for (const family of familyNames) {
      const { name, dimensions, optional, key, metrics } = families[family]
      expect(name).toBe(family)
      expect(dimensions).toContain(key)
      expect(optional).not.toContain(key)
      expect(dimensions).toEqual(expect.arrayContaining([...optional]))
      expect(new Set(metrics).size).toBe(metrics.length)
    }
  })
})

describe('KPIs of one’s own', () => {
  const own = (formula: string, more: Partial<Kpi> = {}): Kpi => ({
    name: 'mine',
    unit: 'number',
    formula,
    families: ['queue'],
    doc: '',
    ...more,
  })

  test('a quantity has no denominator, and no value where none of its measures is there', () => {
    const talked = own('tTalkComplete.sum + tHeldComplete.sum')
    expect(valuesOf([talked], { tHeldComplete: points(1, 500) })).toEqual({
      mine: { numerator: 500, denominator: null },
    })
    expect(valuesOf([talked], week)).toEqual({})
  })

  test('a quantity that comes to nothing is 0 if something was there', () => {
    expect(valuesOf([own('tTalkComplete.sum')], { tTalkComplete: points(1, 0) })).toEqual({
      mine: { numerator: 0, denominator: null },
    })
  })

  test('are worked out beside the built-in ones', () => {
    const values = valuesOf([...builtInKpisOf('queue'), own('nOffered.count / 2')], week)
    expect(values['mine']).toEqual({ numerator: 274.5, denominator: null })
    expect(values['asa']).toEqual({ numerator: 23_497_734, denominator: 476 })
  })

  test.each<[string, Kpi, readonly string[]]>([
    [
      'a formula that is none',
      own('tAnswered'),
      ['formula of mine: say which statistic of tAnswered: tAnswered.count or tAnswered.sum'],
    ],
    ['one without measures', own('nOffered.count - nOffered.count'), ['formula of mine: it names no measure']],
    [
      'a metric that the family does not carry',
      own('tFlow.sum / tFlow.count', { families: ['queue', 'flow', 'agent-state'] }),
      [
        'formula of mine: family queue does not carry tFlow',
        'formula of mine: family agent-state does not carry tFlow',
      ],
    ],
    [
      'a denominator that it does not carry',
      own('nOffered.count / nFlow.count'),
      ['formula of mine: family queue does not carry nFlow'],
    ],
    ['no family', own('nOffered.count', { families: [] }), ['mine is in no family: say which rows are to carry it']],
    [
      'a family that there is not',
      own('nOffered.count', { families: ['que' as FamilyName] }),
      ['mine: que is not a family'],
    ],
    [
      'a family named like what every object has',
      own('nOffered.count', { families: ['constructor' as FamilyName] }),
      ['mine: constructor is not a family'],
    ],
    ['none', own('nOffered.count'), []],
  ])('are refused for %s', (_, kpi, problems) => {
    expect(kpiProblems(kpi)).toEqual(problems)
  })

  test('a formula that is wrong is not worked out silently', () => {
    expect(() => compileKpis([own('tAnswered')], options())).toThrow('formula of mine: say which statistic')
  })
})
