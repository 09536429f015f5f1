import { flatMeasuresOf, offsetsOf } from '../../../domain/flat-measures.js'
import { kpisOf } from '../../../domain/flat-row.js'
import { ratiosOf } from '../../../domain/kpi.js'
import { addMeasures, noMeasure, type Measure } from '../../../domain/measure.js'
import { metricIndex, metricKind, metricNames, type MetricName } from '../../../domain/metric.js'
import type { Profile } from '../../../domain/profile.js'
import type { Row } from '../../../domain/row.js'
import { bucketOf, noSketch } from '../../../domain/sketch.js'
import type { Rendering } from '../../../projections/settings.js'
import { changesOf, type Change } from '../corrections.js'
import type { RowPoint, RowTime } from './contributions.js'

/** Figures that follow from contributions, by the rules in force for the row. */
export type AddedUp = Pick<Row, 'measures' | 'kpis'>

/**
 * Adds contributions up, without the cells of the projection: each value once, the derived metrics from the values of
 * others, the KPIs from the sums.
 */
export const addUp = (
  points: readonly RowPoint[],
  times: readonly RowTime[],
  { kpis, kpiNames, isShortAbandon, waits }: Rendering,
  quantiles: Profile['quantiles'],
): AddedUp => {
  const measures = new Array<Measure | undefined>(metricNames.length).fill(undefined)
  const add = (metric: MetricName, value: number): void => {
    const place = metricIndex.get(metric) as number
    measures[place] = addMeasures(measures[place] ?? noMeasure, measureOf(metric, value, quantiles.includes(metric)))
  }
  for (const { metric, value, takenBack } of points) {
    if (takenBack !== null) continue
    add(metric, value)
    if (waits.includes(metricIndex.get(metric) as number)) add('tWait', value)
    if (metric === 'tAbandon' && isShortAbandon(value)) add('tShortAbandon', value)
  }
  for (const { metric, from, to } of times) {
    const place = metricIndex.get(metric) as number
    const before = measures[place]?.sum ?? 0
    measures[place] = { count: 1, sum: before + to - from, min: 0, max: 0, sketch: noSketch }
  }
  const whole = measures.map((measure, place) => (measure === undefined ? undefined : asObserved(place, measure)))
  const flat = flatMeasuresOf(whole)
  const ratios = ratiosOf(kpis, offsetsOf(flat.places), flat.numbers)
  return { measures: whole, kpis: kpisOf({ kpiNames, ratios }) }
}

/** Observed numbers are added as whole millionths, as rows do: so their sum does not depend on the order. */
const SCALE = 1_000_000
const isObserved = (metric: MetricName): boolean => metricKind(metric) === 'observation'

const measureOf = (metric: MetricName, value: number, isSketched: boolean): Measure => {
  const whole = isObserved(metric) ? Math.round(value * SCALE) : value
  const sketch = isSketched ? ([[bucketOf(Math.max(0, value)), 1]] as const) : noSketch
  return { count: 1, sum: whole, min: whole, max: whole, sketch }
}

const asObserved = (place: number, measure: Measure): Measure =>
  isObserved(metricNames[place] as MetricName)
    ? { ...measure, sum: measure.sum / SCALE, min: measure.min / SCALE, max: measure.max / SCALE }
    : measure

/** What the published row says otherwise than its contributions add up to; empty: it says the same. */
export const differencesOf = (published: Row, computed: AddedUp): readonly Change[] => {
  const changes = changesOf(
    { ...published, measures: published.measures.map(withoutNothing) },
    { ...published, ...computed },
  )
  const sketches = metricNames.flatMap((metric, place): readonly Change[] => {
    const [was, is] = [published.measures[place]?.sketch ?? noSketch, computed.measures[place]?.sketch ?? noSketch]
    if (JSON.stringify(was) === JSON.stringify(is)) return []
    return [{ figure: metric, statistic: 'buckets', before: was.length, after: is.length }]
  })
  return [...changes, ...sketches]
}

const withoutNothing = (measure: Measure | undefined): Measure | undefined =>
  measure?.count === 0 ? undefined : measure
