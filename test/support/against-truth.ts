import { splits } from '../../src/domain/dimensions.js'
import { families, type FamilyName } from '../../src/domain/family.js'
import type { Granularity } from '../../src/domain/granularity.js'
import type { Ratio } from '../../src/domain/kpi.js'
import { metricKind, metricNames, type MetricName } from '../../src/domain/metric.js'
import type { Row } from '../../src/domain/row.js'
import { rowsIn, type Truth, type TruthMeasure } from '../../src/simulator/truth/truth.js'
import { pointFamilies, type PointFamily } from '../../src/simulator/truth/cells.js'

export { pointFamilies, type PointFamily }

/** The figure of each cell and metric as text, which is easy to compare and to read in a difference. */
export type Figures = ReadonlyMap<string, string>

type Scope = Readonly<{
  metrics: readonly MetricName[]
  /** Of the rows, those of this granularity; PT15M by default. */
  granularity?: Granularity
  /** Compare whole ranges instead of intervals: for metrics whose interval a source cannot tell. */
  closedRange?: boolean
}>

/** Describes where two sets of figures differ, at most a dozen places. Empty if they are equal. */
export const differences = (rows: Figures, truth: Figures): readonly string[] => {
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

class FigureCollector {
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
  figures(): Figures {
    return new Map(Array.from(this.cells, ([key, { metric, measure }]) => [key, measureText(metric, measure)]))
  }
}

/** The figures of a family's rows. */
export const figuresOfRows = (rows: Iterable<Row>, family: PointFamily, scope: Scope): Figures => {
  const maker = new FigureCollector(family, scope)
  for (const row of rows) {
    if (row.family !== family || row.granularity !== (scope.granularity ?? 'PT15M')) continue
    const measures: (readonly [string, TruthMeasure])[] = []
    row.measures.forEach(
      (measure, index) => measure !== undefined && measures.push([metricNames[index] as string, measure]),
    )
    maker.put(row.dimensions, new Date(row.start).toISOString(), measures)
  }
  return maker.figures()
}

/** The figures of the truth of the same family. The truth must have the granularity that is compared. */
export const figuresOfTruth = (truth: Truth, family: PointFamily, scope: Scope): Figures => {
  const maker = new FigureCollector(family, scope)
  for (const row of rowsIn(truth, family)) {
    const dimensions = families[family].dimensions.map((name) => (row[name] as string | null | undefined) ?? null)
    maker.put(dimensions, row.intervalStart, Object.entries(row.measures))
  }
  return maker.figures()
}

/** Times in states, of both families of states, in intervals that end by `through`. */
export const statesOfRows = (rows: Iterable<Row>, through: number, granularity: Granularity = 'PT15M'): Figures => {
  const figures = new Map<string, string>()
  for (const row of rows) {
    if (row.granularity !== granularity || row.end > through) continue
    if (row.family !== 'agent-state' && row.family !== 'agent-occupancy') continue
    row.measures.forEach((measure, index) => {
      if (measure === undefined || measure.sum === 0) return
      const name = row.family === 'agent-state' ? '' : ` ${metricNames[index] as string}`
      figures.set(
        `${row.family} ${row.dimensions.join(' ')} ${new Date(row.start).toISOString()}${name}`,
        String(measure.sum),
      )
    })
  }
  return figures
}

export const statesOfTruth = (truth: Truth, endOf: (start: number) => number = quarterEnd): Figures => {
  const figures = new Map<string, string>()
  const isWhole = (intervalStart: string): boolean => endOf(Date.parse(intervalStart)) <= Date.parse(truth.through)
  for (const { userId, stateKind, state, intervalStart, sum } of truth.agentState)
    if (sum !== 0 && isWhole(intervalStart))
      figures.set(`agent-state ${userId} ${stateKind} ${state} ${intervalStart}`, String(sum))
  for (const { userId, intervalStart, measures } of truth.agentOccupancy)
    for (const [metric, { sum }] of Object.entries(measures))
      if (sum !== 0 && isWhole(intervalStart))
        figures.set(`agent-occupancy ${String(userId)} ${intervalStart} ${metric}`, String(sum))
  return figures
}

const quarterEnd = (start: number): number => start + 900_000

/** KPIs computed from the truth independently of the product: numerator and denominator. */
const byHand: Readonly<Record<string, (of: (metric: string) => TruthMeasure) => readonly [number, number]>> = {
  serviceLevel: (of) => [of('tAnswered').count - of('nOverSla').count, of('tAnswered').count + of('tAbandon').count],
  asa: (of) => [of('tAnswered').sum ?? 0, of('tAnswered').count],
  aht: (of) => [of('tHandle').sum ?? 0, of('tHandle').count],
  abandonRate: (of) => [of('tAbandon').count, of('nOffered').count],
  averageWait: (of) => [of('tWait').sum ?? 0, of('tWait').count],
}

export const kpisOfRows = (rows: Iterable<Row>, family: PointFamily, granularity: Granularity): Figures => {
  const figures = new Map<string, string>()
  for (const row of rows) {
    if (row.family !== family || row.granularity !== granularity) continue
    for (const name of Object.keys(byHand)) {
      const value: Ratio | undefined = row.kpis[name]
      if (value !== undefined)
        figures.set(
          kpiKey(row.dimensions, new Date(row.start).toISOString(), name),
          `${value.numerator}/${value.denominator}`,
        )
    }
  }
  return figures
}

export const kpisOfTruth = (truth: Truth, family: PointFamily): Figures => {
  const figures = new Map<string, string>()
  for (const row of rowsIn(truth, family)) {
    const dimensions = families[family].dimensions.map((name) => (row[name] as string | null | undefined) ?? null)
    for (const [name, terms] of Object.entries(byHand)) {
      const [numerator, denominator] = terms((metric) => row.measures[metric] ?? { count: 0 })
      if (denominator !== 0) figures.set(kpiKey(dimensions, row.intervalStart, name), `${numerator}/${denominator}`)
    }
  }
  return figures
}

const kpiKey = (dimensions: readonly (string | null)[], start: string, name: string): string =>
  [...dimensions.map((value) => value ?? '-'), start, name].join(' ')

/** All splits that a profile can ask for. */
export const allSplits = splits
