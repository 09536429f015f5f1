import { describe, expect, test } from 'vitest'
import { measureOf, type Measure } from '../../src/domain/measure.js'
import { metricNames, type MetricName } from '../../src/domain/metric.js'
import type { Kpi } from '../../src/domain/kpi.js'
import type { Row } from '../../src/domain/row.js'
import { changeOf, type RowChange } from '../../src/domain/row-change.js'
import { kpiDefinitions, kpiEffect, rowEffect } from '../../src/domain/row-effect.js'
import { builtInKpis } from '../../src/domain/kpi.js'
import { noSketch } from '../../src/domain/sketch.js'
import { agentRow, queueRow } from '../contract/some-rows.js'

const times = (count: number): Measure => ({ count, sum: count, min: 1, max: 1, sketch: noSketch })
const withMeasures = (row: Row, measures: Partial<Record<MetricName, Measure | undefined>>): Row => ({
  ...row,
  measures: row.measures.map((measure, place) => {
    const name = metricNames[place] as MetricName
    return Object.hasOwn(measures, name) ? measures[name] : measure
  }),
})
const nothing = { ...queueRow({}), measures: [], kpis: {} }
const definitions = kpiDefinitions(builtInKpis)
const changed = (before: Row | undefined, after: Row | undefined): RowChange => {
  const change = changeOf(before, after)
  if (change === undefined) throw new Error('the rows say the same')
  return change
}

describe('the change of a row', () => {
  test('is told figure by figure and KPI by KPI, with the old and the new value', () => {
    const before = queueRow({})
    const after = {
      ...withMeasures(before, { tAnswered: measureOf(31_000), nOverSla: times(1) }),
      kpis: { serviceLevel: { numerator: 0, denominator: 1 }, asa: { numerator: 31_000, denominator: 1 } },
      serviceTarget: 0.9,
    }
    expect(changeOf(before, after)).toEqual({
      kind: 'changed',
      row: after,
      kpis: [
        { name: 'serviceLevel', old: { numerator: 1, denominator: 1 }, new: { numerator: 0, denominator: 1 } },
        { name: 'asa', old: null, new: { numerator: 31_000, denominator: 1 } },
      ],
      figures: [
        { metric: 'tAnswered', statistic: 'sum', old: 9_000, new: 31_000 },
        { metric: 'tAnswered', statistic: 'min', old: 9_000, new: 31_000 },
        { metric: 'tAnswered', statistic: 'max', old: 9_000, new: 31_000 },
        { metric: 'nOverSla', statistic: 'count', old: null, new: 1 },
      ],
      serviceTarget: { old: 0.8, new: 0.9 },
    })
  })

  test('is none where only status, correction and revision differ', () => {
    const row = queueRow({})
    expect(changeOf(row, { ...row, status: 'corrected', correction: 'late', revision: 9 })).toBeUndefined()
  })

  test('of a row that is there on one side only is an addition or a removal, and a row that holds nothing is not there', () => {
    const row = queueRow({})
    expect(changeOf(undefined, row)).toMatchObject({ kind: 'added', row })
    expect(changeOf(row, undefined)).toMatchObject({ kind: 'removed', row })
    expect(changeOf(nothing, row)).toMatchObject({ kind: 'added', row })
    expect(changeOf(row, nothing)).toMatchObject({ kind: 'removed', row })
    expect(changeOf(nothing, undefined)).toBeUndefined()
  })
})

describe('the effect of a change', () => {
  const of = (name: string, old: [number, number] | null, now: [number, number] | null): number => {
    const ratio = (terms: [number, number] | null) =>
      terms === null ? null : { numerator: terms[0], denominator: terms[1] }
    return kpiEffect({ name, old: ratio(old), new: ratio(now) }, definitions.get(name))
  }

  test('of a share is how many of its contacts have another answer', () => {
    expect(of('serviceLevel', [80, 100], [90, 100])).toBeCloseTo(10)
    expect(of('serviceLevel', [4, 5], [0, 5])).toBeCloseTo(4)
    // The short abandons are left out: of 100 contacts the answer moves by 0.8 / 0.95 - 0.8.
    expect(of('serviceLevel', [80, 100], [80, 95])).toBeCloseTo(100 * (80 / 95 - 0.8))
  })

  test('of an average is the part by which it differs, times its contacts', () => {
    expect(of('aht', [300_000, 10], [270_000, 10])).toBeCloseTo(1)
    expect(of('aht', [0, 10], [0, 8])).toBe(0)
  })

  test('of a ratio over time counts in minutes of that time', () => {
    expect(of('occupancy', [450_000, 900_000], [540_000, 900_000])).toBeCloseTo(1.5)
  })

  test('of a KPI that has a value on one side only is all that it rests on', () => {
    expect(of('serviceLevel', null, [3, 7])).toBe(7)
    expect(of('serviceLevel', [3, 7], null)).toBe(7)
  })

  test('of a quantity is its difference', () => {
    const kpi: Kpi = { name: 'late', unit: 'count', formula: 'nOverSla.count', families: ['queue'], doc: '' }
    const talk: Kpi = { ...kpi, name: 'talk', unit: 'ms', formula: 'tTalkComplete.sum' }
    const own = kpiDefinitions([kpi, talk])
    const change = (name: string, old: number, now: number) => ({
      name,
      old: { numerator: old, denominator: null },
      new: { numerator: now, denominator: null },
    })
    expect(kpiEffect(change('late', 2, 9), own.get('late'))).toBe(7)
    expect(kpiEffect(change('talk', 60_000, 240_000), own.get('talk'))).toBe(3)
  })

  test('of a row is the largest of its KPIs and counts, not their sum', () => {
    const before = { ...queueRow({}), kpis: { serviceLevel: { numerator: 8, denominator: 10 } } }
    const after = {
      ...withMeasures(before, { nOverSla: times(4) }),
      kpis: { serviceLevel: { numerator: 6, denominator: 10 }, abandonRate: { numerator: 0, denominator: 2 } },
    }
    expect(rowEffect(changed(before, after), definitions)).toBe(4)
    expect(rowEffect(changed(undefined, agentRow({})), definitions)).toBe(1)
  })
})
