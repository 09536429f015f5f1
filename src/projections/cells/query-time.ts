import { COUNT, MAX, MIN, SUM, type MeasureSlots } from '../../domain/measure-slots.js'
import { metricIndex, type MetricName } from '../../domain/metric.js'
import { addSketches, noSketch, sketchOf, type Sketch } from '../../domain/sketch.js'
import type { Rendering } from '../settings.js'
import type { KeptValues } from './kept-values.js'

/**
 * Metrics that Genesys does not emit but derives when it is queried, from others of the same cell: tWait is the union
 * of all waits, tShortAbandon is the part of tAbandon below the threshold.
 */

const place = (metric: MetricName): number => metricIndex.get(metric) as number

const ABANDON = place('tAbandon')
const WAIT = place('tWait')
const SHORT_ABANDON = place('tShortAbandon')

/** What tWait may consist of. */
const waitParts: ReadonlySet<number> = new Set(
  (['tAnswered', 'tAbandon', 'tFlowOut', 'tCfcAnswered', 'tCfcAbandon', 'tCfcFlowOut'] as const).map(place),
)

/** Must a cell keep a histogram of this metric? Of the parts of tWait it must where one of tWait is asked for. */
export const keepsSketch = (metric: number, sketched: readonly number[]): boolean =>
  sketched.includes(metric) || (waitParts.has(metric) && sketched.includes(WAIT))

/** Must a cell keep the values of this metric? Which abandons are short depends on settings that can change. */
export const needsValues = (metric: number): boolean => metric === ABANDON

/** The figures of a cell while its row is made: flat numbers, and sketches by place of the metric if any are told. */
export type Figures = Readonly<{ slots: MeasureSlots; numbers: number[]; sketches: Map<number, Sketch> | null }>

/** Adds the derived metrics to the figures of a cell. */
export const addQueryTime = (
  figures: Figures,
  kept: ReadonlyMap<number, KeptValues> | undefined,
  sketched: readonly number[],
  { waits, isShortAbandon }: Rendering,
): void => {
  addWait(figures, waits)
  if (kept === undefined) return
  if (sketched.includes(WAIT)) {
    const sketch = waits.reduce((sum, metric) => addSketches(sum, kept.get(metric)?.sketch() ?? noSketch), noSketch)
    if (sketch.length > 0) figures.sketches?.set(WAIT, sketch)
  }
  const short = kept.get(ABANDON)?.partOf(isShortAbandon, sketched.includes(SHORT_ABANDON))
  if (short === undefined || short.count === 0) return
  addTo(figures, SHORT_ABANDON, short.count, short.sum, short.min, short.max)
  if (short.buckets !== null) figures.sketches?.set(SHORT_ABANDON, sketchOf(short.buckets))
}

const addWait = (figures: Figures, waits: readonly number[]): void => {
  const { offsets } = figures.slots
  for (let index = 0; index < waits.length; index++) {
    const from = offsets[waits[index] as number] as number
    const { numbers } = figures
    if (from < 0 || from >= numbers.length || numbers[from + COUNT] === 0) continue
    addTo(
      figures,
      WAIT,
      numbers[from + COUNT] as number,
      numbers[from + SUM] as number,
      numbers[from + MIN] as number,
      numbers[from + MAX] as number,
    )
  }
}

/** Adds a measure to that of a metric. */
export const addTo = (
  { slots, numbers }: Figures,
  metric: number,
  count: number,
  sum: number,
  min: number,
  max: number,
): void => {
  const at = slots.offsetOf(metric)
  if (at >= numbers.length) slots.fill(numbers)
  numbers[at + COUNT] = (numbers[at + COUNT] as number) + count
  numbers[at + SUM] = (numbers[at + SUM] as number) + sum
  if (min < (numbers[at + MIN] as number)) numbers[at + MIN] = min
  if (max > (numbers[at + MAX] as number)) numbers[at + MAX] = max
}
