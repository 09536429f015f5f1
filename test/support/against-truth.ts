import { families } from '../../src/domain/family.js'
import { metricKind, metricNames, type MetricName } from '../../src/domain/metric.js'
import type { Row } from '../../src/domain/row.js'
import type { Truth, TruthMeasure } from '../../src/ingress/simulator/truth.js'

/** Cell → metric → what is said of it, as text: easy to compare and to read in a difference. */
export type Sheet = ReadonlyMap<string, string>

type Scope = Readonly<{
  metrics: readonly MetricName[]
  /** Compare whole ranges instead of intervals: for metrics whose interval a source cannot tell. */
  closedRange?: boolean
}>

const measureText = (metric: MetricName, measure: TruthMeasure): string =>
  metricKind(metric) === 'count' ? String(measure.count) : `${measure.count} ${measure.sum} ${measure.min} ${measure.max}`

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
  private readonly scope: Scope
  constructor(scope: Scope) {
    this.scope = scope
  }
  put(dimensions: readonly (string | null)[], start: string, metric: string, measure: TruthMeasure | undefined): void {
    if (measure === undefined || measure.count === 0 || !this.scope.metrics.includes(metric as MetricName)) return
    const key = [...dimensions.map((value) => value ?? '-'), ...(this.scope.closedRange === true ? [] : [start]), metric].join(' ')
    this.cells.set(key, { metric: metric as MetricName, measure: add(this.cells.get(key)?.measure, measure) })
  }
  sheet(): Sheet {
    return new Map(
      [...this.cells].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, { metric, measure }]) => [key, measureText(metric, measure)]),
    )
  }
}

export const sheetOfRows = (rows: readonly Row[], family: 'queue' | 'agent', scope: Scope): Sheet => {
  const maker = new SheetMaker(scope)
  for (const row of rows) {
    if (row.family !== family) continue
    row.measures.forEach((measure, index) =>
      maker.put(row.dimensions, new Date(row.start).toISOString(), metricNames[index] as string, measure),
    )
  }
  return maker.sheet()
}

export const sheetOfTruth = (truth: Truth, family: 'queue' | 'agent', scope: Scope): Sheet => {
  const maker = new SheetMaker(scope)
  for (const row of truth[family]) {
    const dimensions = families[family].dimensions.map((name) => (row as unknown as Record<string, string | null>)[name] ?? null)
    for (const [metric, measure] of Object.entries(row.measures)) maker.put(dimensions, row.intervalStart, metric, measure)
  }
  return maker.sheet()
}

export const statesOfRows = (rows: readonly Row[], through: number): Sheet =>
  new Map(
    rows
      .filter((row) => row.family === 'agent-state' && row.start < through)
      .map(
        (row) =>
          [
            `${row.dimensions.join(' ')} ${new Date(row.start).toISOString()}`,
            String(row.measures.find((measure) => measure !== undefined)?.sum ?? 0),
          ] as const,
      )
      .filter(([, sum]) => sum !== '0')
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )

export const statesOfTruth = (truth: Truth): Sheet =>
  new Map(
    truth.agentState
      .filter(({ sum }) => sum !== 0)
      .map((row) => [`${row.userId} ${row.stateKind} ${row.state} ${row.intervalStart}`, String(row.sum)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
