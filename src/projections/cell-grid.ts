import type { FamilyName } from '../domain/family.js'
import type { EpochMs } from '../domain/interval.js'
import { cellKey } from '../domain/row.js'
import { Cell, type CellState } from './cell.js'
import { OpenCells } from './open-cells.js'

/** Where cells that were closed and put away are found again by `<start>/<family>/<cell key>`. Synchronous: the fold asks in mid-event. */
export type ClosedCells = (key: string) => CellState | undefined

export type GridState = Readonly<{ closedThrough: EpochMs | null; open: readonly CellState[]; closed: readonly CellState[] }>

/**
 * All cells, by interval. A cell is *open* until `closeThrough` passes its end, then *closed*: kept in `closed` until the state is saved, afterwards only
 * in the store behind `ClosedCells`, from where a late observation fetches it back. So memory holds open intervals and what changed since the last save.
 */
export class CellGrid {
  private readonly open = new Map<EpochMs, OpenCells>()
  private readonly closed = new Map<string, Cell>()
  private touched: Cell[] = []
  private readonly intervalMs: number
  private readonly stored: ClosedCells
  /** End of the last closed interval; `null` before the first closing. */
  closedThrough: EpochMs | null = null

  constructor(intervalMs: number, stored: ClosedCells, state?: GridState) {
    this.intervalMs = intervalMs
    this.stored = stored
    if (state === undefined) return
    this.closedThrough = state.closedThrough
    for (const saved of state.open) this.column(saved.start).restore(new Cell(saved))
    for (const saved of state.closed) this.closed.set(gridKey(saved), new Cell(saved))
  }

  /** The cell, made if it does not exist; it counts as touched. */
  touch(family: FamilyName, dimensions: readonly (string | null)[], start: EpochMs): Cell {
    const cell = this.isClosed(start) ? this.closedCell(family, dimensions, start) : this.column(start).at(family, dimensions)
    this.mark(cell)
    return cell
  }

  /** Closes every cell whose interval ends at or before `end`, in the order of their intervals. */
  closeThrough(end: EpochMs): void {
    this.closedThrough = end
    const due = [...this.open.keys()].filter((start) => this.isClosed(start)).sort((a, b) => a - b)
    for (const start of due) {
      for (const cell of this.column(start)) {
        cell.close()
        this.mark(cell)
        this.closed.set(gridKey(cell), cell)
      }
      this.open.delete(start)
    }
  }

  /** Cells changed since the last call, each once. */
  takeChanged(): readonly Cell[] {
    const cells = this.touched.filter((cell) => cell.isChanged)
    for (const cell of this.touched) cell.touched = false
    this.touched = []
    return cells
  }

  /** Only between batches, when every changed cell has been taken. */
  save(): GridState {
    const open = [...this.open.values()].flatMap((column) => [...column].map((cell) => cell.save()))
    return { closedThrough: this.closedThrough, open, closed: [...this.closed.values()].map((cell) => cell.save()) }
  }

  /** What `save` returned is stored where `ClosedCells` finds it: closed cells may leave memory. */
  forgetClosed(): void {
    this.closed.clear()
  }

  private isClosed(start: EpochMs): boolean {
    return this.closedThrough !== null && start + this.intervalMs <= this.closedThrough
  }

  private mark(cell: Cell): void {
    if (cell.touched) return
    cell.touched = true
    this.touched.push(cell)
  }

  private closedCell(family: FamilyName, dimensions: readonly (string | null)[], start: EpochMs): Cell {
    const key = gridKey({ family, dimensions, start })
    let cell = this.closed.get(key)
    if (cell === undefined) {
      // Born after its interval was closed: its first observation is already a correction.
      cell = new Cell(this.stored(key) ?? { family, dimensions, start, status: 'corrected', revision: 0, measures: [], pending: [] })
      this.closed.set(key, cell)
    }
    return cell
  }

  private column(start: EpochMs): OpenCells {
    let column = this.open.get(start)
    if (column === undefined) this.open.set(start, (column = new OpenCells(start)))
    return column
  }
}

/** Key of a cell among all cells of a generation, ordered by interval. */
export const gridKey = (cell: Pick<CellState, 'family' | 'dimensions' | 'start'>): string =>
  `${String(cell.start).padStart(15, '0')}/${cell.family}/${cellKey(cell.dimensions)}`
