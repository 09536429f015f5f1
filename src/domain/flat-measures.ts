import { noSketch, type Sketch } from './sketch.js'
import type { Measure } from './measure.js'
import { metricNames } from './metric.js'

/**
 * Measures in flat arrays, which are changed, copied and encoded quickly: the places of the metrics in the catalogue, in
 * any order, and four numbers for each. A metric of which nothing was emitted may have a place, with a count of 0.
 */
export type FlatMeasures = Readonly<{
  places: readonly number[]
  numbers: readonly number[]
  /** Sketches of the metrics that have one, by place; null: none has. */
  sketches: ReadonlyMap<number, Sketch> | null
}>

/** The numbers of one measure, in this order. */
export const COUNT = 0
export const SUM = 1
export const MIN = 2
export const MAX = 3
export const NUMBERS_PER_MEASURE = 4

/** Where the numbers of each metric begin, by place; -1 for one that is not there. */
export const offsetsOf = (places: readonly number[], into = new Int16Array(metricNames.length)): Int16Array => {
  into.fill(-1)
  for (let index = 0; index < places.length; index++) into[places[index] as number] = index * NUMBERS_PER_MEASURE
  return into
}

/** The measures for readers, in the order of the catalogue. */
export const measuresOf = ({ places, numbers, sketches }: FlatMeasures): readonly (Measure | undefined)[] => {
  const measures = new Array<Measure | undefined>(metricNames.length).fill(undefined)
  places.forEach((place, index) => {
    const at = index * NUMBERS_PER_MEASURE
    const [count = 0, sum = 0, min = 0, max = 0] = numbers.slice(at, at + NUMBERS_PER_MEASURE)
    if (count > 0) measures[place] = { count, sum, min, max, sketch: sketches?.get(place) ?? noSketch }
  })
  return measures
}

/** Measures of readers laid flat. */
export const flatMeasuresOf = (measures: readonly (Measure | undefined)[]): FlatMeasures => {
  const places: number[] = []
  const numbers: number[] = []
  const sketches = new Map<number, Sketch>()
  measures.forEach((measure, place) => {
    if (measure === undefined) return
    places.push(place)
    numbers.push(measure.count, measure.sum, measure.min, measure.max)
    if (measure.sketch.length > 0) sketches.set(place, measure.sketch)
  })
  return { places, numbers, sketches: sketches.size === 0 ? null : sketches }
}
