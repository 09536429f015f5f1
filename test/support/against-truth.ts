import { splits } from '../../src/domain/dimensions.js'
import { families, type FamilyName } from '../../src/domain/family.js'
import type { Granularity } from '../../src/domain/granularity.js'
import type { Ratio } from '../../src/domain/kpi.js'
import { metricKind, metricNames, type MetricName } from '../../src/domain/metric.js'
import type { Row } from '../../src/domain/row.js'
import { rowsIn, type Truth, type TruthMeasure } from '../../src/simulator/truth/truth.js'
import { pointFamilies, type PointFamily } from '../../src/simulator/truth/cells.js'

export { pointFamilies, type PointFamily }

/** Cell and metric → what is said of it, as text: easy to compare and to read in a difference. */
export type Sheet = ReadonlyMap<string, string>

type Scope = Readonly<{
  metrics: readonly MetricName[]
  /** Of the rows, those of this granularity; PT15M by default. */
  granularity?: Granularity
  /** Compare whole ranges instead of intervals: for metrics whose interval a source cannot tell. */
  closedRange?: boolean
}>

/** Where two sheets differ, in words; only the first of many. Empty if nowhere. */
export const differences = (rows: Sheet, truth: Sheet): readonly string[] => {
  const found: string[] = []
  for (const key of new Set([...truth.keys(), ...rows.keys()])) {
    const [ours, theirs] = [rows.get(key) ?? 'nothing', truth.get(key) ?? 'nothing']
    if (ours !== theirs) found.push(`${key}: rows say ${ours}, the truth is ${theirs}`)
  }
  return found.length <= 12 ? found : [...found.slice(0, 12), `and ${found.length - 12} more`]
}

const measureText = (metric: MetricName, measure: TruthMeasure): string =>
  metricKind(metric) === 'count'
    ? String(measure.count)
    : `${measure.count} ${measure.sum} ${measure.min} ${measure.max}`

const add = (a: TruthMeasure | undefined, b: TruthMeasure): TruthMeasure =>
  a === undefined
    ? b
    : {
        count: a.count + b.count,
        sum: (a.sum ?? 0) + (b.sum ?? 0),
        min: Math.min(a.min ?? Infinity, b.min ?? Infinity),
        max: Math.max(a.max ?? -Infinity, b.max ?? -Infinity),
      }

class SheetMaker {
  private readonly cells = new Map<string, Readonly<{ metric: MetricName; measure: TruthMeasure }>>()
  private readonly family: FamilyName
  private readonly scope: Scope
  private readonly metrics: ReadonlySet<string>
  constructor(family: FamilyName, scope: Scope) {
    this.family = family
    this.scope = scope
    this.metrics = new Set(scope.metrics)
  }
  put(
    dimensions: readonly (string | null)[],
    start: string,
    measures: Iterable<readonly [string, TruthMeasure | undefined]>,
  ): void {
    const cell = `${this.family} ${dimensions.map((value) => value ?? '-').join(' ')}${this.scope.closedRange === true ? '' : ` ${start}`}`
    for (const [metric, measure] of measures) {
      if (measure === undefined || measure.count === 0 || !this.metrics.has(metric)) continue
      const key = `${cell} ${metric}`
      this.cells.set(key, { metric: metric as MetricName, measure: add(this.cells.get(key)?.measure, measure) })
    }
  }
  sheet(): Sheet {
    return new Map(Array.from(this.cells, ([key, { metric, measure }]) => [key, measureText(metric, measure)]))
  }
}

/** What rows say of a family. */
export const sheetOfRows = (rows: Iterable<Row>, family: PointFamily, scope: Scope): Sheet => {
  const maker = new SheetMaker(family, scope)
  for (const row of rows) {
    if (row.family !== family || row.granularity !== (scope.granularity ?? 'PT15M')) continue
    const measures: (readonly [string, TruthMeasure])[] = []
    row.measures.forEach(
      (measure, index) => measure !== undefined && measures.push([metricNames[index] as string, measure]),
    )
    maker.put(row.dimensions, new Date(row.start).toISOString(), measures)
  }
  return maker.sheet()
}

/** What happened, of the same family. The truth is told in the granularity that is compared. */
export const sheetOfTruth = (truth: Truth, family: PointFamily, scope: Scope): Sheet => {
  const maker = new SheetMaker(family, scope)
  for (const row of rowsIn(truth, family)) {
    const dimensions = families[family].dimensions.map((name) => (row[name] as string | null | undefined) ?? null)
    maker.put(dimensions, row.intervalStart, Object.entries(row.measures))
  }
  return maker.sheet()
}

/** Times in states, by state and side by side, in intervals that end by `through`. */
export const statesOfRows = (rows: Iterable<Row>, through: number, granularity: Granularity = 'PT15M'): Sheet => {
  const sheet = new Map<string, string>()
  for (const row of rows) {
    if (row.granularity !== granularity || row.end > through) continue
    if (row.family !== 'agent-state' && row.family !== 'agent-occupancy') continue
    row.measures.forEach((measure, index) => {
      if (measure === undefined || measure.sum === 0) return
      const name = row.family === 'agent-state' ? '' : ` ${metricNames[index] as string}`
      sheet.set(
        `${row.family} ${row.dimensions.join(' ')} ${new Date(row.start).toISOString()}${name}`,
        String(measure.sum),
      )
    })
  }
  return sheet
}

export const statesOfTruth = (truth: Truth, endOf: (start: number) => number = quarterEnd): Sheet => {
  const sheet = new Map<string, string>()
  const isWhole = (intervalStart: string): boolean => endOf(Date.parse(intervalStart)) <= Date.parse(truth.through)
  for (const { userId, stateKind, state, intervalStart, sum } of truth.agentState)
    if (sum !== 0 && isWhole(intervalStart))
      sheet.set(`agent-state ${userId} ${stateKind} ${state} ${intervalStart}`, String(sum))
  for (const { userId, intervalStart, measures } of truth.agentOccupancy)
    for (const [metric, { sum }] of Object.entries(measures))
      if (sum !== 0 && isWhole(intervalStart))
        sheet.set(`agent-occupancy ${String(userId)} ${intervalStart} ${metric}`, String(sum))
  return sheet
}

const quarterEnd = (start: number): number => start + 900_000

/** KPIs worked out by hand from what happened, against those of the rows: numerator / denominator. */
const byHand: Readonly<Record<string, (of: (metric: string) => TruthMeasure) => readonly [number, number]>> = {
  serviceLevel: (of) => [of('tAnswered').count - of('nOverSla').count, of('tAnswered').count + of('tAbandon').count],
  asa: (of) => [of('tAnswered').sum ?? 0, of('tAnswered').count],
  aht: (of) => [of('tHandle').sum ?? 0, of('tHandle').count],
  abandonRate: (of) => [of('tAbandon').count, of('nOffered').count],
  averageWait: (of) => [of('tWait').sum ?? 0, of('tWait').count],
}

export const kpisOfRows = (rows: Iterable<Row>, family: PointFamily, granularity: Granularity): Sheet => {
  const sheet = new Map<string, string>()
  for (const row of rows) {
    if (row.family !== family || row.granularity !== granularity) continue
    for (const name of Object.keys(byHand)) {
      const value: Ratio | undefined = row.kpis[name]
      if (value !== undefined)
        sheet.set(
          kpiKey(row.dimensions, new Date(row.start).toISOString(), name),
          `${value.numerator}/${value.denominator}`,
        )
    }
  }
  return sheet
}

export const kpisOfTruth = (truth: Truth, family: PointFamily): Sheet => {
  const sheet = new Map<string, string>()
  for (const row of rowsIn(truth, family)) {
    const dimensions = families[family].dimensions.map((name) => (row[name] as string | null | undefined) ?? null)
    for (const [name, terms] of Object.entries(byHand)) {
      const [numerator, denominator] = terms((metric) => row.measures[metric] ?? { count: 0 })
      if (denominator !== 0) sheet.set(kpiKey(dimensions, row.intervalStart, name), `${numerator}/${denominator}`)
    }
  }
  return sheet
}

const kpiKey = (dimensions: readonly (string | null)[], start: string, name: string): string =>
  [...dimensions.map((value) => value ?? '-'), start, name].join(' ')

/** All splits, as a profile asks for them. */
export const allSplits = splits
