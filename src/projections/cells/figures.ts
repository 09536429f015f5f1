import { COUNT, MAX, MIN, NUMBERS_PER_MEASURE, offsetsOf, SUM, type FlatMeasures } from '../../domain/flat-measures.js'
import { metricKind, metricNames } from '../../domain/metric.js'
import { addSketches, noSketch, type Sketch } from '../../domain/sketch.js'

/** Observations are summed as whole millionths, so that their sum does not depend on the order in which they came. */
export const OBSERVATION_SCALE = 1_000_000

const observations: readonly boolean[] = metricNames.map((metric) => metricKind(metric) === 'observation')

/** Is the metric at this place of the catalogue an observed number? */
export const isObservation = (place: number): boolean => observations[place] === true

/**
 * The figures of a row while it is made: the measures of its cell, and what is added to them. One object serves all
 * rows, one after the other.
 */
export class Figures {
  /** Where the numbers of each metric begin, by its place in the catalogue; -1: nowhere. */
  readonly offsets = new Int16Array(metricNames.length)
  private places: number[] = []
  numbers: number[] = []
  private sketches: Map<number, Sketch> | null = null

  /** Begins a row with the measures of a cell, which are copied. */
  begin(places: readonly number[], numbers: readonly number[]): void {
    this.places = places.slice()
    this.numbers = numbers.slice()
    this.sketches = null
    offsetsOf(places, this.offsets)
    for (let index = 0; index < places.length; index++) {
      if (!isObservation(places[index] as number)) continue
      const at = index * NUMBERS_PER_MEASURE
      for (let part = SUM; part <= MAX; part++)
        this.numbers[at + part] = (this.numbers[at + part] as number) / OBSERVATION_SCALE
    }
  }

  /** Adds a measure to that of a metric. */
  add(metric: number, count: number, sum: number, min: number, max: number): void {
    const { numbers } = this
    const at = this.offsets[metric] as number
    if (at < 0) {
      this.offsets[metric] = numbers.length
      this.places.push(metric)
      numbers.push(count, sum, min, max)
      return
    }
    numbers[at + COUNT] = (numbers[at + COUNT] as number) + count
    numbers[at + SUM] = (numbers[at + SUM] as number) + sum
    if (min < (numbers[at + MIN] as number)) numbers[at + MIN] = min
    if (max > (numbers[at + MAX] as number)) numbers[at + MAX] = max
  }

  /** Adds the measure of another metric of the row to that of a metric. */
  addMeasure(metric: number, of: number): void {
    const from = this.offsets[of] as number
    if (from < 0) return
    const { numbers } = this
    const count = numbers[from + COUNT] as number
    if (count === 0) return
    const sum = numbers[from + SUM] as number
    this.add(metric, count, sum, numbers[from + MIN] as number, numbers[from + MAX] as number)
  }

  addSketch(metric: number, sketch: Sketch): void {
    if (sketch.length === 0) return
    this.sketches ??= new Map()
    this.sketches.set(metric, addSketches(this.sketches.get(metric) ?? noSketch, sketch))
  }

  /** What was put together. */
  measures(): FlatMeasures {
    return { places: this.places, numbers: this.numbers, sketches: this.sketches }
  }
}
