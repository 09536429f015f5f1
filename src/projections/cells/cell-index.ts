import { familyNames, type FamilyName } from '../../domain/family.js'
import type { Granularity } from '../../domain/granularity.js'
import type { EpochMs, Interval } from '../../domain/interval.js'
import type { Cell } from './cell.js'

/** One level for each dimension of the family, cells at the last. */
type Branch = Map<string | null, Branch | Cell>

export type CellFactory = (
  family: FamilyName,
  dimensions: readonly (string | null)[],
  granularity: Granularity,
  interval: Interval,
) => Cell

/**
 * The open cells of one interval, found by walking their dimensions. This is the hottest place of the projection: every
 * point comes here once per family. One map keyed by a joined string says the same in fewer lines, but escaping,
 * joining and hashing a new string for each point took most of the projection's time; a string keeps its own hash.
 */
export class CellIndex implements Iterable<Cell> {
  readonly granularity: Granularity
  readonly start: EpochMs
  readonly end: EpochMs
  private readonly roots: Readonly<Record<FamilyName, Branch>>
  /** In the order of creation, so that a projection made from a saved state closes the cells in the same order. */
  private readonly cells: Cell[] = []
  private readonly create: CellFactory

  constructor(granularity: Granularity, { start, end }: Interval, create: CellFactory) {
    this.granularity = granularity
    this.start = start
    this.end = end
    this.create = create
    this.roots = Object.fromEntries(familyNames.map((family) => [family, new Map()])) as Record<FamilyName, Branch>
  }

  /** The cell with these dimensions, created if it does not exist. */
  open(family: FamilyName, dimensions: readonly (string | null)[]): Cell {
    const branch = this.branch(family, dimensions)
    const last = dimensions[dimensions.length - 1] as string | null
    const known = branch.get(last)
    if (known !== undefined) return known as Cell
    const cell = this.create(family, dimensions, this.granularity, this)
    this.cells.push(cell)
    branch.set(last, cell)
    return cell
  }

  has(family: FamilyName, dimensions: readonly (string | null)[]): boolean {
    return this.branch(family, dimensions).has(dimensions[dimensions.length - 1] as string | null)
  }

  /** Puts back a cell that was saved. */
  restore(cell: Cell): void {
    this.cells.push(cell)
    this.branch(cell.family, cell.dimensions).set(cell.dimensions[cell.dimensions.length - 1] as string | null, cell)
  }

  [Symbol.iterator](): Iterator<Cell> {
    return this.cells.values()
  }

  private branch(family: FamilyName, dimensions: readonly (string | null)[]): Branch {
    let branch = this.roots[family]
    for (let level = 0; level < dimensions.length - 1; level++) {
      const dimension = dimensions[level] as string | null
      let next = branch.get(dimension) as Branch | undefined
      if (next === undefined) branch.set(dimension, (next = new Map()))
      branch = next
    }
    return branch
  }
}
