import type { Measure } from '../../domain/measure.js'
import { bucketOf, noSketch, sketchOf } from '../../domain/sketch.js'

export type AccumulatorState = Readonly<{
  count: number
  sum: number
  min: number
  max: number
  buckets: readonly (readonly [number, number])[] | null
  values: readonly (readonly [number, number])[] | null
}>

/**
 * A measure that a cell owns and changes in place. It keeps a histogram where quantiles are asked for. It keeps every
 * value with its number of occurrences where values can be taken back, and where the cell must tell a part of them by a
 * threshold that can change (short abandons).
 */
export class Accumulator {
  count: number
  sum: number
  min: number
  max: number
  private readonly buckets: Map<number, number> | null
  private readonly values: Map<number, number> | null

  constructor(state: AccumulatorState) {
    this.count = state.count
    this.sum = state.sum
    this.min = state.min
    this.max = state.max
    this.buckets = state.buckets === null ? null : new Map(state.buckets)
    this.values = state.values === null ? null : new Map(state.values)
  }

  static empty(isSketched = false, keepsValues = false): Accumulator {
    return new Accumulator({
      count: 0,
      sum: 0,
      min: Infinity,
      max: -Infinity,
      buckets: isSketched ? [] : null,
      values: keepsValues ? [] : null,
    })
  }

  add(value: number): void {
    this.count += 1
    this.sum += value
    if (value < this.min) this.min = value
    if (value > this.max) this.max = value
    if (this.buckets !== null) increment(this.buckets, bucketOf(Math.max(0, value)))
    if (this.values !== null) increment(this.values, value)
  }

  /**
   * Takes back a value that was added. The accumulator must keep its values: minimum and maximum cannot be subtracted.
   */
  remove(value: number): void {
    const left = this.values?.get(value)
    if (this.values === null || left === undefined)
      throw new Error(`an accumulator is to take back ${value}, which it does not hold`)
    this.count -= 1
    this.sum -= value
    decrement(this.values, value)
    if (this.buckets !== null) decrement(this.buckets, bucketOf(Math.max(0, value)))
    if (left > 1 || (value !== this.min && value !== this.max)) return
    this.min = Infinity
    this.max = -Infinity
    for (const each of this.values.keys()) {
      if (each < this.min) this.min = each
      if (each > this.max) this.max = each
    }
  }

  /** The measure for a row, in units of `scale`, with its sketch if one is kept and asked for. */
  measure(scale: number, withSketch: boolean): Measure {
    const sketch = this.buckets === null || !withSketch ? noSketch : sketchOf(this.buckets)
    if (scale === 1) return { count: this.count, sum: this.sum, min: this.min, max: this.max, sketch }
    return { count: this.count, sum: this.sum / scale, min: this.min / scale, max: this.max / scale, sketch }
  }

  /** The measure of those values that pass; `undefined` if there are none. */
  partOf(passes: (value: number) => boolean, withSketch: boolean): Measure | undefined {
    const part = Accumulator.empty(withSketch)
    for (const [value, count] of this.values ?? []) if (passes(value)) for (let i = 0; i < count; i++) part.add(value)
    return part.count === 0 ? undefined : part.measure(1, withSketch)
  }

  save(): AccumulatorState {
    const { count, sum, min, max, buckets, values } = this
    return {
      count,
      sum,
      min,
      max,
      buckets: buckets === null ? null : [...buckets],
      values: values === null ? null : [...values],
    }
  }
}

const increment = (counts: Map<number, number>, key: number): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

const decrement = (counts: Map<number, number>, key: number): void => {
  const left = (counts.get(key) ?? 0) - 1
  if (left > 0) counts.set(key, left)
  else counts.delete(key)
}
