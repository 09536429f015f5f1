import type { Monoid } from 'fp-ts/lib/Monoid.js'

/**
 * What a cell keeps of one metric: how many emissions, their sum (ms for durations, emissions for counts), and the extremes.
 * A commutative monoid: measures of the same cell from different workers are added. `count` 0 means that nothing was emitted.
 */
export type Measure = Readonly<{ count: number; sum: number; min: number; max: number }>

export const noMeasure: Measure = { count: 0, sum: 0, min: Infinity, max: -Infinity }

export const addMeasures = (a: Measure, b: Measure): Measure => ({
  count: a.count + b.count,
  sum: a.sum + b.sum,
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
})

export const measureMonoid: Monoid<Measure> = { empty: noMeasure, concat: addMeasures }

export const measureOf = (value: number): Measure => ({ count: 1, sum: value, min: value, max: value })
