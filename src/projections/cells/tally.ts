import { COUNT, MAX, MIN, NUMBERS_PER_MEASURE, offsetsOf, SUM } from '../../domain/flat-measures.js'

/**
 * The measures that a cell owns and changes in place: four numbers for each metric, in one array, in the order in which
 * the metrics turned up. Most cells have few of the hundred metrics, which are found by looking through them; from
 * `FEW` on a table says where each is.
 */
export class Tally {
  /** Places of the metrics in the catalogue. Asking for an offset may put other arrays here. */
  places: number[] = none
  numbers: number[] = none
  private table: Int16Array | undefined

  /** Adds one value. */
  add(metric: number, value: number): void {
    const at = this.offsetOf(metric)
    const { numbers } = this
    numbers[at + COUNT] = (numbers[at + COUNT] as number) + 1
    numbers[at + SUM] = (numbers[at + SUM] as number) + value
    if (value < (numbers[at + MIN] as number)) numbers[at + MIN] = value
    if (value > (numbers[at + MAX] as number)) numbers[at + MAX] = value
  }

  /** Where the numbers of a metric begin. They are made if there are none. */
  offsetOf(metric: number): number {
    const { table, places } = this
    if (table !== undefined) {
      const at = table[metric] as number
      return at >= 0 ? at : this.append(metric)
    }
    for (let index = 0; index < places.length; index++) if (places[index] === metric) return index * NUMBERS_PER_MEASURE
    return this.append(metric)
  }

  /** Place, count, sum, minimum and maximum of each metric that has values. */
  save(): number[] {
    const saved: number[] = []
    this.places.forEach((place, index) => {
      const at = index * NUMBERS_PER_MEASURE
      if (this.numbers[at + COUNT] !== 0) saved.push(place, ...this.numbers.slice(at, at + NUMBERS_PER_MEASURE))
    })
    return saved
  }

  /** Puts back what was saved. */
  restore(saved: readonly number[]): void {
    for (let from = 0; from < saved.length; from += 1 + NUMBERS_PER_MEASURE) {
      const at = this.offsetOf(saved[from] as number)
      for (let part = 0; part < NUMBERS_PER_MEASURE; part++) this.numbers[at + part] = saved[from + 1 + part] as number
    }
  }

  private append(metric: number): number {
    const at = this.numbers.length
    if (at === 0) {
      this.places = [metric]
      this.numbers = [0, 0, Infinity, -Infinity]
      return at
    }
    // An array that grows by itself reserves room for half as much again and sixteen more, and cells are many.
    this.places = this.places.concat(metric)
    this.numbers = this.numbers.concat(nothing)
    if (this.table !== undefined) this.table[metric] = at
    else if (this.places.length > FEW) this.table = offsetsOf(this.places)
    return at
  }
}

const FEW = 8
const none: number[] = []
const nothing = [0, 0, Infinity, -Infinity]
