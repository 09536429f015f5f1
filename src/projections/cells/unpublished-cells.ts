import { rowKey } from '../../domain/row.js'
import type { Cell } from './cell.js'

/**
 * Which unpublished cells are due: `all`, or those that have `settled`. Settled are cells that closed, and corrected
 * cells that did not change between two drains of settled cells. A function chooses by itself: whoever computes again
 * what was published gives out what was given out then.
 */
export type Due = 'all' | 'settled' | ((cell: Cell) => boolean)

/** Cells whose row may have to be published, in the order in which they changed. Cells that others own are never here. */
export class UnpublishedCells {
  private listed: Cell[] = []
  private readonly closedLeaves: (cell: Cell) => void

  /** `closedLeaves` is told each closed cell that leaves the list. */
  constructor(closedLeaves: (cell: Cell) => void) {
    this.closedLeaves = closedLeaves
  }

  /** Puts a cell on the list. */
  add(cell: Cell): void {
    if (cell.isListed || !cell.isOwned) return
    cell.isListed = true
    this.listed.push(cell)
  }

  /** Takes those that are due off the list. The caller renders each of them. */
  drain(due: Due): readonly Cell[] {
    const isDue = typeof due === 'function' ? due : (cell: Cell): boolean => due === 'all' || cell.settles()
    const drained: Cell[] = []
    this.keep((cell) => {
      if (!cell.isUnpublished) return false
      if (!isDue(cell)) return true
      drained.push(cell)
      return false
    })
    return drained
  }

  /** Notes which revisions the KPI stream holds, by key of the row. */
  wasPublished(rows: ReadonlyMap<string, number>): void {
    for (const cell of this.listed) cell.wasPublished(rows.get(rowKey(cell)) ?? 0)
    this.keep((cell) => cell.isUnpublished)
  }

  /** The closed cells on the list; some may have been published since they came. */
  closed(): readonly Cell[] {
    return this.listed.filter(isClosedCell)
  }

  private keep(stays: (cell: Cell) => boolean): void {
    const kept: Cell[] = []
    for (const cell of this.listed)
      if ((cell.isListed = stays(cell))) kept.push(cell)
      else if (isClosedCell(cell)) this.closedLeaves(cell)
    this.listed = kept
  }
}

const isClosedCell = ({ status }: Cell): boolean => status !== 'provisional'
