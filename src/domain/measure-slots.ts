import { metricKind, metricNames, type MetricName } from './metric.js'

/** Numbers of one measure in a flat array, in this order: count, sum, min, max. */
export const NUMBERS_PER_SLOT = 4
export const COUNT = 0
export const SUM = 1
export const MIN = 2
export const MAX = 3

/**
 * Where the measures of metrics lie in flat arrays: slot `s` has the numbers from `s * NUMBERS_PER_SLOT` on. All cells
 * of a family share their slots. A metric gets the next slot when it first turns up and keeps it, so a family that may
 * carry eighty metrics and meets ten has short arrays.
 */
export class MeasureSlots {
  /** By place of the metric in the catalogue: index of its count in flat arrays, -1 for a metric without a slot. */
  readonly offsets: Int32Array = new Int32Array(metricNames.length).fill(-1)
  /** Places of the metrics, by slot. */
  readonly metrics: number[] = []
  /** An empty measure for each slot: the numbers of a new cell. */
  readonly empty: number[] = []
  /** Offsets of the observed numbers among them. */
  readonly observations: number[] = []

  /** Index of the metric's count in flat arrays, which may have to grow for it. */
  offsetOf(metric: number): number {
    const known = this.offsets[metric] as number
    if (known >= 0) return known
    const offset = (this.metrics.push(metric) - 1) * NUMBERS_PER_SLOT
    this.offsets[metric] = offset
    this.fill(this.empty)
    if (metricKind(metricNames[metric] as MetricName) === 'observation') this.observations.push(offset)
    return offset
  }

  /** Appends empty measures to flat numbers until there is one for each slot. */
  fill(numbers: number[]): void {
    while (numbers.length < this.metrics.length * NUMBERS_PER_SLOT) numbers.push(0, 0, Infinity, -Infinity)
  }
}
