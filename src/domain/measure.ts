import type { Monoid } from 'fp-ts/lib/Monoid.js'
import { addSketches, noSketch, type Sketch } from './sketch.js'

/**
 * What a row says of one metric: how many emissions, their sum (ms for durations, emissions for counts, the observed
 * numbers for observations), the extremes, and, where the profile asks for quantiles, their sketch. A commutative
 * monoid: measures of the same cell from different workers are added. `count` 0 means that nothing was emitted.
 */
export type Measure = Readonly<{ count: number; sum: number; min: number; max: number; sketch: Sketch }>

export const noMeasure: Measure = { count: 0, sum: 0, min: Infinity, max: -Infinity, sketch: noSketch }

export const addMeasures = (a: Measure, b: Measure): Measure => ({
  count: a.count + b.count,
  sum: a.sum + b.sum,
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
  sketch: addSketches(a.sketch, b.sketch),
})

export const measureMonoid: Monoid<Measure> = { empty: noMeasure, concat: addMeasures }

export const measureOf = (value: number): Measure => ({
  count: 1,
  sum: value,
  min: value,
  max: value,
  sketch: noSketch,
})
