import { bucketOf, noSketch, sketchOf, type Sketch } from '../../domain/sketch.js'

export type KeptValuesState = Readonly<{
  buckets: readonly (readonly [number, number])[] | null
  values: readonly (readonly [number, number])[] | null
}>

/** The measure of those values that pass a test. */
export type Part = {
  readonly passes: (value: number) => boolean
  count: number
  sum: number
  min: number
  max: number
  readonly buckets: Map<number, number> | null
}

/**
 * What a cell keeps of the values of one metric beside count, sum and extremes: a histogram where quantiles are asked
 * for, and every value with its number of occurrences where values can be taken back, or where the cell must tell a part
 * of them by a threshold that can change (short abandons).
 */
export class KeptValues {
  private readonly buckets: Map<number, number> | null
  private readonly values: Map<number, number> | null
  /** The part that was asked for last. It follows the values, for a day of an organisation has many of them. */
  private part: Part | undefined

  constructor({ buckets, values }: KeptValuesState) {
    this.buckets = buckets === null ? null : new Map(buckets)
    this.values = values === null ? null : new Map(values)
  }

  add(value: number): void {
    if (this.buckets !== null) increment(this.buckets, bucketOf(Math.max(0, value)))
    if (this.values !== null) increment(this.values, value)
    if (this.part?.passes(value) === true) addTo(this.part, value, 1)
  }

  /** Answers whether it held the value. It must keep its values: extremes cannot be subtracted. */
  remove(value: number): boolean {
    if (this.values?.has(value) !== true) return false
    decrement(this.values, value)
    if (this.buckets !== null) decrement(this.buckets, bucketOf(Math.max(0, value)))
    if (this.part?.passes(value) === true) this.part = undefined
    return true
  }

  has(value: number): boolean {
    return this.values?.has(value) === true
  }

  extremes(): readonly [min: number, max: number] {
    let min = Infinity
    let max = -Infinity
    for (const value of this.values?.keys() ?? []) {
      if (value < min) min = value
      if (value > max) max = value
    }
    return [min, max]
  }

  sketch(): Sketch {
    return this.buckets === null ? noSketch : sketchOf(this.buckets)
  }

  /** The part of the values that pass. The same test must come as the same function. */
  partOf(passes: (value: number) => boolean, isSketched: boolean): Readonly<Part> {
    if (this.part?.passes === passes) return this.part
    const part: Part = {
      passes,
      count: 0,
      sum: 0,
      min: Infinity,
      max: -Infinity,
      buckets: isSketched ? new Map() : null,
    }
    for (const [value, count] of this.values ?? []) if (passes(value)) addTo(part, value, count)
    this.part = part
    return part
  }

  save(): KeptValuesState {
    return {
      buckets: this.buckets === null ? null : [...this.buckets],
      values: this.values === null ? null : [...this.values],
    }
  }
}

const addTo = (part: Part, value: number, count: number): void => {
  part.count += count
  part.sum += value * count
  if (value < part.min) part.min = value
  if (value > part.max) part.max = value
  if (part.buckets !== null) increment(part.buckets, bucketOf(Math.max(0, value)), count)
}

const increment = (counts: Map<number, number>, key: number, by = 1): void => {
  counts.set(key, (counts.get(key) ?? 0) + by)
}

const decrement = (counts: Map<number, number>, key: number): void => {
  const left = (counts.get(key) ?? 0) - 1
  if (left > 0) counts.set(key, left)
  else counts.delete(key)
}
