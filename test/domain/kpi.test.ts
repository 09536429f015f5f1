import { describe, expect, test } from 'vitest'
import { kpis, kpisOf, type KpiName, type Ratio, type ServiceLevelOptions } from '../../src/domain/kpi.js'
import type { Measure } from '../../src/domain/measure.js'
import { metricNames, type MetricName } from '../../src/domain/metric.js'

const both: ServiceLevelOptions = { includeAbandons: true, includeFlowOuts: true }

const kpi = (name: KpiName, measures: Partial<Record<MetricName, Measure>>, options = both): Ratio | undefined =>
  kpis
    .find((one) => one.name === name)
    ?.of(
      {
        tenant: 'acme',
        key: 'queue/-',
        family: 'queue',
        dimensions: [],
        start: 0,
        end: 1,
        status: 'final',
        revision: 1,
        measures: metricNames.map((metric) => measures[metric]),
      },
      options,
    )
const points = (count: number, sum = count): Measure => ({ count, sum, min: 0, max: sum })

// A week of one real queue: 549 offered, 476 answered, 212 of them late, 71 abandoned, 2 flowed out.
const week = {
  nOffered: points(549),
  nOverSla: points(212),
  tAbandon: points(71, 5_703_773),
  tAnswered: points(476, 23_497_734),
  tFlowOut: points(2, 432_680),
}

describe('service level', () => {
  test('answered in time, of answered and abandoned', () => {
    expect(kpi('serviceLevel', week, { includeAbandons: true, includeFlowOuts: false })).toEqual({ numerator: 264, denominator: 547 })
  })

  test('flow-outs and abandons are in the denominator as the organisation chose', () => {
    expect(kpi('serviceLevel', week, { includeAbandons: true, includeFlowOuts: true })).toEqual({ numerator: 264, denominator: 549 })
    expect(kpi('serviceLevel', week, { includeAbandons: false, includeFlowOuts: false })).toEqual({ numerator: 264, denominator: 476 })
    expect(kpi('serviceLevel', week, { includeAbandons: false, includeFlowOuts: true })).toEqual({ numerator: 264, denominator: 478 })
  })

  test('an interval of abandons only is 0, one without any is nothing at all', () => {
    expect(kpi('serviceLevel', { tAbandon: points(2) })).toEqual({ numerator: 0, denominator: 2 })
    expect(kpi('serviceLevel', { tAbandon: points(2) }, { ...both, includeAbandons: false })).toBeUndefined()
    expect(kpi('serviceLevel', {})).toBeUndefined()
  })
})

test('average speed of answer and handle time divide sums by counts', () => {
  expect(kpi('asa', week)).toEqual({ numerator: 23_497_734, denominator: 476 })
  expect(kpi('aht', { tHandle: points(4, 900_000) })).toEqual({ numerator: 900_000, denominator: 4 })
  expect(kpi('asa', {})).toBeUndefined()
  expect(kpi('aht', {})).toBeUndefined()
})

test('abandon rate is a share of the offered', () => {
  expect(kpi('abandonRate', week)).toEqual({ numerator: 71, denominator: 549 })
  expect(kpi('abandonRate', { tAbandon: points(1) })).toBeUndefined()
})

test('agents have no service level and no abandon rate, states have no KPIs', () => {
  expect(kpisOf('queue').map(({ name }) => name)).toEqual(['serviceLevel', 'asa', 'aht', 'abandonRate'])
  expect(kpisOf('agent').map(({ name }) => name)).toEqual(['asa', 'aht'])
  expect(kpisOf('agent-state')).toEqual([])
})
