import type { FamilyName } from '../../domain/family.js'
import { granularities, type Granularity } from '../../domain/granularity.js'
import type { EpochMs, Interval } from '../../domain/interval.js'
import type { KpiEvent } from '../../domain/kpi-event.js'
import type { Published } from '../../domain/published.js'
import { Cell } from './cell.js'
import { cellStateOf, keyOf, type SavedCell } from './saved-cell.js'
import { CellIndex } from './cell-index.js'
import { SpillingMap, type ColdStore, type SpilledEntries } from './cold-store.js'
import {
  CompleteIntervals,
  type Closing,
  type IntervalCounting,
  type CompleteIntervalsState,
  type IntervalsOf,
} from './complete-intervals.js'
import { Keepings } from './keeping.js'
import type { NewCellSettingsOf } from './new-cell-settings.js'
import { Sites, type Site } from './site.js'
import { UnpublishedCells, type Due } from './unpublished-cells.js'

export type CellStoreState = Readonly<{
  closedThrough: EpochMs | null
  /** Absent where intervals are not counted. */
  intervals?: CompleteIntervalsState | undefined
  /** Absent in states that were saved before the clock could be taken back. */
  wasClosedThrough?: EpochMs | null
  open: readonly (readonly [key: string, cell: SavedCell])[]
  /** Keys of the closed cells that are to be published; absent in states of versions that published every change. */
  unpublished?: readonly string[]
}>

/**
 * All cells, by granularity and interval. A cell is *open* until `closeThrough` passes its end, then *closed* for ever.
 * A closed cell stays in memory until the state is saved, and is in the cold store afterwards; a late observation loads
 * it from there. So memory holds the open intervals and what changed since the last save.
 */
export class CellStore {
  private readonly indexes: Readonly<Record<Granularity, Map<EpochMs, CellIndex>>>
  private readonly closed: SpillingMap<Cell>
  /** Those of them that are closed are in `closed`, too. A closed one that leaves is counted. */
  private readonly unpublished = new UnpublishedCells((cell) => this.intervals?.count(cell))
  private readonly settingsOf: NewCellSettingsOf
  private readonly keepings = new Keepings()
  private readonly intervals: IntervalCounting | undefined
  private readonly owns: ((cell: Cell) => boolean) | undefined
  readonly sites = new Sites()
  /** Counts the moments after which `open` may answer another cell for the same place than before. */
  epoch = 0
  /**
   * Cells that the clock closed and that leave memory with the next save. Those that late events change do not count:
   * history that arrives newest first changes the same ones again and again, and would read them back at once.
   */
  closedInMemory = 0
  /** End of the last closed base interval; `null` before the first closing. */
  closedThrough: EpochMs | null = null
  /** After `reopenAfter`: intervals up to here may hold cells that were closed too early. */
  private wasClosedThrough: EpochMs | null = null

  /**
   * `intervals`: absent where the cells of others are not known, so that nothing can be said of intervals; whoever counts
   * cells of several stores gives what counts them. `owns`: of other cells nothing is given out or counted.
   */
  constructor(
    settingsOf: NewCellSettingsOf,
    coldStore: ColdStore,
    spilled: SpilledEntries,
    state?: CellStoreState,
    intervals?: IntervalsOf | IntervalCounting,
    owns?: (cell: Cell) => boolean,
  ) {
    this.settingsOf = settingsOf
    this.owns = owns
    if (intervals !== undefined)
      this.intervals =
        'close' in intervals ? intervals : new CompleteIntervals(intervals, coldStore, spilled, state?.intervals)
    this.indexes = Object.fromEntries(granularities.map((granularity) => [granularity, new Map()])) as Record<
      Granularity,
      Map<EpochMs, CellIndex>
    >
    this.closed = new SpillingMap(
      CELLS,
      coldStore,
      spilled,
      (data, key) => this.restored(key, data as SavedCell),
      (cell) => cell.save(),
    )
    if (state === undefined) return
    this.closedThrough = state.closedThrough
    this.wasClosedThrough = state.wasClosedThrough ?? null
    for (const [key, saved] of state.open) {
      const cell = this.restored(key, saved)
      this.index(cell.granularity, cell).add(cell)
      if (cell.isUnpublished) this.list(cell)
    }
    for (const key of state.unpublished ?? []) {
      const cell = this.closed.get(key)
      if (cell === undefined) throw new Error(`the state names the unpublished cell ${key}, which it does not hold`)
      this.list(cell)
    }
  }

  /**
   * The cell, created if it does not exist. The caller is about to change it, so it is on the list of unpublished cells.
   */
  open(site: Site, granularity: Granularity, interval: Interval): Cell {
    const cell = this.isClosed(interval.end)
      ? this.closedCell(site, granularity, interval)
      : this.openCell(site, granularity, interval)
    this.list(cell)
    return cell
  }

  /**
   * Intervals that end after `through` are open again for cells that do not exist yet. Cells that were closed stay
   * closed: what they observe from now on corrects them.
   */
  reopenAfter(through: EpochMs): void {
    if (this.closedThrough === null || through >= this.closedThrough) return
    this.epoch += 1
    this.wasClosedThrough = Math.max(this.wasClosedThrough ?? this.closedThrough, this.closedThrough)
    this.closedThrough = through
  }

  /** A tick at `at` closes every cell whose interval ends at or before `end`, in the order of their intervals. */
  closeThrough(end: EpochMs, at: EpochMs): void {
    this.epoch += 1
    this.closedThrough = end
    if (this.wasClosedThrough !== null && end >= this.wasClosedThrough) this.wasClosedThrough = null
    const closing = new Map<Granularity, readonly Closing[]>()
    for (const granularity of granularities) {
      const indexes = this.indexes[granularity]
      const due = [...indexes.values()].filter((index) => this.isClosed(index.end)).sort((a, b) => a.start - b.start)
      if (due.length > 0)
        closing.set(
          granularity,
          due.map((index) => this.close(index)),
        )
      for (const { start } of due) indexes.delete(start)
    }
    this.intervals?.close(end, at, (granularity) => closing.get(granularity) ?? [])
  }

  private close(index: CellIndex): Closing {
    const holding = new Set<FamilyName>()
    for (const cell of index) {
      cell.close()
      this.closedInMemory += 1
      this.list(cell)
      this.closed.set(keyOf(cell), cell)
      if (cell.isOwned && !holding.has(cell.family) && !cell.isEmpty) holding.add(cell.family)
    }
    return { start: index.start, end: index.end, holding }
  }

  /** Starts of the open intervals that hold cells, ascending. */
  begun(granularity: Granularity): readonly EpochMs[] {
    return [...this.indexes[granularity].keys()].sort((a, b) => a - b)
  }

  /** Calls `change` with every open cell. */
  forOpen(change: (cell: Cell) => void): void {
    for (const indexes of Object.values(this.indexes))
      for (const index of indexes.values())
        for (const cell of index) {
          change(cell)
          if (cell.isUnpublished) this.list(cell)
        }
  }

  /**
   * Calls `change` with the next `max` closed cells after the key `after`. Answers the last key, or `undefined` at the
   * end.
   */
  forClosed(after: string, max: number, change: (cell: Cell) => void): string | undefined {
    const keys = this.closed.keysAfter(after, max)
    for (const key of keys) {
      const cell = this.closed.get(key)
      if (cell === undefined) continue
      change(cell)
      if (cell.isUnpublished) this.list(cell)
    }
    return keys.at(-1)
  }

  /** Takes the unpublished cells that are due off the list. The caller renders each of them. */
  drainUnpublished(due: Due): readonly Cell[] {
    return this.unpublished.drain(due)
  }

  /** The markers of intervals that are complete, behind the rows that were drained. */
  drainMarkers(tenant: string): readonly KpiEvent[] {
    return this.intervals?.drain(tenant, this.closedThrough, this.unpublished.closed()) ?? []
  }

  /** Notes what the KPI stream holds. Only cells on the list and intervals that are due matter. */
  wasPublished({ rows, markers }: Published): void {
    this.unpublished.wasPublished(rows)
    this.intervals?.wasPublished(markers)
  }

  save(): CellStoreState {
    for (const cell of this.unpublished.closed()) this.intervals?.count(cell)
    const indexes = Object.values(this.indexes).flatMap((byStart) => [...byStart.values()])
    return {
      closedThrough: this.closedThrough,
      wasClosedThrough: this.wasClosedThrough,
      open: indexes.flatMap((index) => [...index].map((cell) => [keyOf(cell), cell.save()] as const)),
      unpublished: this.closedUnpublished().map(keyOf),
      intervals: this.intervals?.save(),
    }
  }

  /** Closed cells and intervals that changed since the last save. */
  spilled(): SpilledEntries {
    return [...this.closed.save(), ...(this.intervals?.spilled() ?? [])]
  }

  /** The cold store holds what `spilled` returned: closed cells leave memory, but for those to be published. */
  releaseClosed(): void {
    this.epoch += 1
    this.closed.release()
    this.closedInMemory = 0
    for (const cell of this.closedUnpublished()) this.closed.set(keyOf(cell), cell)
    this.intervals?.release()
  }

  isClosed(end: EpochMs): boolean {
    return this.closedThrough !== null && end <= this.closedThrough
  }

  /** Puts a cell on the list of changed cells. */
  list(cell: Cell): void {
    this.unpublished.add(cell)
  }

  private closedUnpublished(): readonly Cell[] {
    return this.unpublished.closed().filter((cell) => cell.isUnpublished)
  }

  private openCell(site: Site, granularity: Granularity, interval: Interval): Cell {
    const { start } = interval
    const known = this.indexes[granularity].get(start)?.get(site)
    if (known !== undefined) return known
    // After `reopenAfter` the interval may hold cells that were closed too early.
    if (this.wasClosedThrough !== null && interval.end <= this.wasClosedThrough) {
      const closedTooEarly = this.closed.get(keyOf({ site, granularity, start }))
      if (closedTooEarly !== undefined) return closedTooEarly
    }
    const cell = this.newCell(site, granularity, interval, 'provisional')
    this.index(granularity, interval).add(cell)
    return cell
  }

  private closedCell(site: Site, granularity: Granularity, interval: Interval): Cell {
    const key = keyOf({ site, granularity, start: interval.start })
    let cell = this.closed.get(key)
    if (cell === undefined) {
      // Created after its interval closed: its first observation is already a correction.
      cell = this.newCell(site, granularity, interval, 'corrected')
      this.closed.set(key, cell)
    }
    return cell
  }

  private newCell(site: Site, granularity: Granularity, interval: Interval, status: 'provisional' | 'corrected'): Cell {
    const { settingsVersion, serviceTarget, sketched, keepsValues } = this.settingsOf(
      site.family,
      site.dimensions,
      interval.start,
    )
    const keeping = this.keepings.of(sketched, keepsValues)
    return this.owned(new Cell(site, granularity, interval, keeping, { status, settingsVersion, serviceTarget }))
  }

  private restored(key: string, saved: SavedCell): Cell {
    const state = cellStateOf(key, saved)
    const site = this.sites.of(state.family, state.dimensions)
    return this.owned(Cell.restored(site, this.keepings.of(state.sketched, state.keepsValues), state))
  }

  private owned(cell: Cell): Cell {
    if (this.owns !== undefined) cell.isOwned = this.owns(cell)
    return cell
  }

  private index(granularity: Granularity, interval: Interval): CellIndex {
    const indexes = this.indexes[granularity]
    let index = indexes.get(interval.start)
    if (index === undefined) indexes.set(interval.start, (index = new CellIndex(interval)))
    return index
  }
}

const CELLS = 'cell/'
