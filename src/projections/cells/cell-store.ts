import type { FamilyName } from '../../domain/family.js'
import type { Granularity } from '../../domain/granularity.js'
import type { EpochMs, Interval } from '../../domain/interval.js'
import { cellKey } from '../../domain/row.js'
import { SpillingMap, type ColdStore, type SpilledEntries } from './cold-store.js'
import { Cell, type CellState } from './cell.js'
import { Column, type Birth } from './cell-index.js'

export type CellStoreState = Readonly<{ closedThrough: EpochMs | null; open: readonly CellState[] }>

/** What a new cell is born with besides its place. */
export type Birthright = Readonly<Pick<CellState, 'epoch' | 'serviceTarget' | 'sketched'>>

/**
 * All cells, by granularity and interval. A cell is *open* until `closeThrough` passes its end, then *closed*: in
 * memory until the state is saved, afterwards only in the cold store, from where a late observation fetches it back. So
 * memory holds open intervals and what changed since the last save.
 */
export class CellStore {
  private readonly columns: Readonly<Record<Granularity, Map<EpochMs, Column>>> = {
    PT15M: new Map(),
    PT30M: new Map(),
    PT1H: new Map(),
    P1D: new Map(),
  }
  private readonly closed: SpillingMap<Cell>
  private touched: Cell[] = []
  private readonly birth: Birth
  private readonly late: Birth
  /** End of the last closed base interval; `null` before the first closing. */
  closedThrough: EpochMs | null = null

  constructor(
    birthright: (family: FamilyName, dimensions: readonly (string | null)[], start: EpochMs) => Birthright,
    coldStore: ColdStore,
    spilled: SpilledEntries,
    state?: CellStoreState,
  ) {
    const born =
      (status: 'provisional' | 'corrected'): Birth =>
      (family, dimensions, granularity, { start, end }) => {
        const { epoch, serviceTarget, sketched } = birthright(family, dimensions, start)
        return new Cell({
          family,
          dimensions,
          granularity,
          start,
          end,
          status,
          correction: null,
          revision: 0,
          epoch,
          serviceTarget,
          erased: 0,
          sketched,
          accumulators: [],
          pending: [],
        })
      }
    this.birth = born('provisional')
    // Born after its interval was closed: its first observation is already a correction.
    this.late = born('corrected')
    this.closed = new SpillingMap(
      CELLS,
      coldStore,
      spilled,
      (data) => new Cell(data as CellState),
      (cell) => cell.save(),
    )
    if (state === undefined) return
    this.closedThrough = state.closedThrough
    for (const saved of state.open) this.column(saved.granularity, saved).restore(new Cell(saved))
  }

  /** The cell, made if it does not exist; it counts as touched. */
  touch(
    family: FamilyName,
    dimensions: readonly (string | null)[],
    granularity: Granularity,
    interval: Interval,
  ): Cell {
    const cell = this.isClosed(interval.end)
      ? this.closedCell(family, dimensions, granularity, interval)
      : this.column(granularity, interval).at(family, dimensions)
    if (!cell.touched) this.mark(cell)
    return cell
  }

  /** Closes every cell whose interval ends at or before `end`, in the order of their intervals. */
  closeThrough(end: EpochMs): void {
    this.closedThrough = end
    for (const columns of Object.values(this.columns)) {
      const due = [...columns.values()].filter((column) => this.isClosed(column.end)).sort((a, b) => a.start - b.start)
      for (const column of due) {
        for (const cell of column) {
          cell.close()
          this.mark(cell)
          this.closed.set(gridKey(cell), cell)
        }
        columns.delete(column.start)
      }
    }
  }

  /** Starts of the open intervals that hold cells, ascending. */
  begun(granularity: Granularity): readonly EpochMs[] {
    return [...this.columns[granularity].keys()].sort((a, b) => a - b)
  }

  /** Every open cell, touched if `change` changes it. */
  forOpen(change: (cell: Cell) => void): void {
    for (const columns of Object.values(this.columns))
      for (const column of columns.values())
        for (const cell of column) {
          change(cell)
          if (cell.isChanged) this.mark(cell)
        }
  }

  /**
   * The next `max` closed cells after `after` (a key of the archive), touched if `change` changes them. Answers the
   * last key; `undefined` at the end.
   */
  forClosed(after: string, max: number, change: (cell: Cell) => void): string | undefined {
    const keys = this.closed.keysAfter(after, max)
    for (const key of keys) {
      const cell = this.closed.get(key)
      if (cell === undefined) continue
      change(cell)
      if (cell.isChanged) this.mark(cell)
    }
    return keys.at(-1)
  }

  /** Cells changed since the last call, each once. */
  drainChanged(): readonly Cell[] {
    const cells = this.touched.filter((cell) => cell.isChanged)
    for (const cell of this.touched) cell.touched = false
    this.touched = []
    return cells
  }

  /** Only between batches, when every changed cell has been taken. */
  save(): CellStoreState {
    const columns = Object.values(this.columns).flatMap((byStart) => [...byStart.values()])
    return {
      closedThrough: this.closedThrough,
      open: columns.flatMap((column) => [...column].map((cell) => cell.save())),
    }
  }

  /** Closed cells that changed since the last save. */
  spilled(): SpilledEntries {
    return this.closed.save()
  }

  /** What `spilled` returned is in the cold store: closed cells may leave memory. */
  forgetClosed(): void {
    this.closed.forget()
  }

  isClosed(end: EpochMs): boolean {
    return this.closedThrough !== null && end <= this.closedThrough
  }

  private mark(cell: Cell): void {
    if (cell.touched) return
    cell.touched = true
    this.touched.push(cell)
  }

  private closedCell(
    family: FamilyName,
    dimensions: readonly (string | null)[],
    granularity: Granularity,
    interval: Interval,
  ): Cell {
    const key = gridKey({ family, dimensions, granularity, start: interval.start })
    let cell = this.closed.get(key)
    if (cell === undefined) {
      cell = this.late(family, dimensions, granularity, interval)
      this.closed.set(key, cell)
    }
    return cell
  }

  private column(granularity: Granularity, interval: Interval): Column {
    const columns = this.columns[granularity]
    let column = columns.get(interval.start)
    if (column === undefined) columns.set(interval.start, (column = new Column(granularity, interval, this.birth)))
    return column
  }
}

const CELLS = 'cell/'

/** Key of a cell among all cells of a generation, ordered by interval. */
const gridKey = (cell: Pick<CellState, 'family' | 'dimensions' | 'granularity' | 'start'>): string =>
  `${String(cell.start).padStart(15, '0')}/${cell.granularity}/${cell.family}/${cellKey(cell.dimensions)}`
