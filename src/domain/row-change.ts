import type { Ratio } from './kpi.js'
import type { Measure } from './measure.js'
import { metricKind, metricNames, type MetricName } from './metric.js'
import { isEmptyRow, valueText, type Row } from './row.js'
import { quantile } from './sketch.js'

/** A figure of a measure, such as `tAnswered.sum`, before and after; null: the row has none. */
export type FigureChange = Readonly<{
  metric: MetricName
  statistic: FigureStatistic
  old: number | null
  new: number | null
}>
export type FigureStatistic = 'count' | 'sum' | 'min' | 'max' | 'p50' | 'p90' | 'p95' | 'p99'

/** A KPI before and after; null: it has no value. */
export type KpiChange = Readonly<{ name: string; old: Ratio | null; new: Ratio | null }>

/** A value that stands in a row beside its figures, before and after. */
export type TargetChange = Readonly<{ old: number | null; new: number | null }>

/**
 * What differs between two states of a row. `added`: only the new one holds anything; `removed`: only the old one.
 * Status, correction and revision are no figures, and are not compared.
 */
export type RowChange = Readonly<{
  kind: 'changed' | 'added' | 'removed'
  /** The row itself: the new one, or the old one where it is removed. */
  row: Row
  kpis: readonly KpiChange[]
  figures: readonly FigureChange[]
  serviceTarget: TargetChange | null
}>

/** A row that holds nothing says the same as a row that never was. */
const held = (row: Row | undefined): Row | undefined => (row === undefined || isEmptyRow(row) ? undefined : row)

/** `undefined` if the two say the same: equal figures, KPIs and service-level target. */
export const changeOf = (before: Row | undefined, after: Row | undefined): RowChange | undefined => {
  const [old, now] = [held(before), held(after)]
  const row = now ?? old
  if (row === undefined || (old !== undefined && now !== undefined && saysTheSame(old, now))) return undefined
  return {
    kind: old === undefined ? 'added' : now === undefined ? 'removed' : 'changed',
    row,
    kpis: kpiChanges(old, now),
    figures: figureChanges(old, now),
    serviceTarget: targetChange(old, now),
  }
}

const saysTheSame = (old: Row, now: Row): boolean =>
  old.serviceTarget === now.serviceTarget && valueText(old) === valueText(now)

const kpiChanges = (old: Row | undefined, now: Row | undefined): readonly KpiChange[] => {
  const names = new Set([...Object.keys(old?.kpis ?? {}), ...Object.keys(now?.kpis ?? {})])
  return [...names]
    .map((name): KpiChange => ({ name, old: ratioIn(old, name), new: ratioIn(now, name) }))
    .filter((change) => !sameRatio(change.old, change.new))
}

/** Names of KPIs are a profile's own text: `constructor` must not find what every object inherits. */
const ratioIn = (row: Row | undefined, name: string): Ratio | null =>
  row !== undefined && Object.hasOwn(row.kpis, name) ? (row.kpis[name] ?? null) : null

const sameRatio = (a: Ratio | null, b: Ratio | null): boolean =>
  a === null || b === null ? a === b : a.numerator === b.numerator && a.denominator === b.denominator

const figureChanges = (old: Row | undefined, now: Row | undefined): readonly FigureChange[] =>
  metricNames.flatMap((metric, place) => {
    const [before, after] = [figuresOf(metric, old?.measures[place]), figuresOf(metric, now?.measures[place])]
    const statistics = [...new Set([...before.keys(), ...after.keys()])]
    return statistics
      .map((statistic): FigureChange => ({
        ...{ metric, statistic },
        ...{ old: before.get(statistic) ?? null, new: after.get(statistic) ?? null },
      }))
      .filter((change) => change.old !== change.new)
  })

const figuresOf = (metric: MetricName, measure: Measure | undefined): ReadonlyMap<FigureStatistic, number> => {
  if (measure === undefined || measure.count === 0) return new Map()
  const { count, sum, min, max, sketch } = measure
  switch (metricKind(metric)) {
    case 'count':
      return new Map([['count', count]])
    case 'state':
      return new Map([['sum', sum]])
    case 'duration':
    case 'observation':
      return new Map<FigureStatistic, number>([
        ['count', count],
        ['sum', sum],
        ['min', min],
        ['max', max],
        ...quantileShares.flatMap(([name, share]): readonly [FigureStatistic, number][] => {
          const value = quantile(sketch, share, min, max)
          return value === undefined ? [] : [[name, value]]
        }),
      ])
  }
}

const quantileShares = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
] as const

const targetChange = (old: Row | undefined, now: Row | undefined): TargetChange | null => {
  const change = { old: old?.serviceTarget ?? null, new: now?.serviceTarget ?? null }
  return change.old === change.new ? null : change
}
