import type { EpochMs, Interval } from '../../domain/interval.js'
import type { Cell } from './cell.js'
import type { Site } from './site.js'

/** The open cells of one interval of one granularity. */
export class CellIndex implements Iterable<Cell> {
  readonly start: EpochMs
  readonly end: EpochMs
  /** By the key of their site, in the order of creation: a projection made from a saved state closes them in it too. */
  private readonly cells = new Map<string, Cell>()

  constructor({ start, end }: Interval) {
    this.start = start
    this.end = end
  }

  get({ key }: Site): Cell | undefined {
    return this.cells.get(key)
  }

  add(cell: Cell): void {
    this.cells.set(cell.site.key, cell)
  }

  [Symbol.iterator](): Iterator<Cell> {
    return this.cells.values()
  }
}
