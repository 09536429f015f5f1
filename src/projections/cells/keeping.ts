import { metricNames } from '../../domain/metric.js'
import { keepsSketch, needsValues } from './query-time.js'

/** Bits of `Keeping.ofMetric`. */
export const KEEPS_SKETCH = 1
export const KEEPS_VALUES = 2

/** What cells keep of the values of each metric beside count, sum and extremes. Cells share it. */
export type Keeping = Readonly<{
  /** Metrics of which the row tells quantiles, by place. */
  sketched: readonly number[]
  /** Are all values kept, so that points can be taken back? */
  keepsValues: boolean
  /** By place of the metric. */
  ofMetric: Uint8Array
}>

/** Makes each choice once. */
export class Keepings {
  private readonly made = new Map<string, Keeping>()
  private last: Keeping | undefined

  of(sketched: readonly number[], keepsValues: boolean): Keeping {
    if (this.last?.sketched === sketched && this.last.keepsValues === keepsValues) return this.last
    const key = `${keepsValues} ${sketched.join(' ')}`
    let keeping = this.made.get(key)
    if (keeping === undefined) {
      const ofMetric = Uint8Array.from(
        metricNames,
        (_, metric) =>
          (keepsSketch(metric, sketched) ? KEEPS_SKETCH : 0) | (keepsValues || needsValues(metric) ? KEEPS_VALUES : 0),
      )
      this.made.set(key, (keeping = { sketched, keepsValues, ofMetric }))
    }
    this.last = keeping
    return keeping
  }
}
