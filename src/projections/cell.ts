import type { FamilyName } from '../domain/family.js'
import type { EpochMs } from '../domain/interval.js'
import type { Measure } from '../domain/measure.js'
import { addMeasures, measureOf } from '../domain/measure.js'
import { rowKey, type Row, type RowStatus } from '../domain/row.js'

/** A measure that the fold owns and changes in place. */
type Tally = { count: number; sum: number; min: number; max: number }

/** A point that may yet be taken back: min and max cannot be subtracted, so it is kept apart until it is certain. */
export type PendingPoint = Readonly<{ metric: number; value: number }>

/** What a cell is when it is put away, after its row was taken: plain data that JSON carries unchanged, hence `null` where nothing was emitted. */
export type CellState = Readonly<{
  family: FamilyName
  dimensions: readonly (string | null)[]
  start: EpochMs
  status: RowStatus
  revision: number
  measures: readonly (Measure | null)[]
  pending: readonly (readonly [string, PendingPoint])[]
}>

/** Family × dimension values × interval, while it is being folded. Every change counts one revision. */
export class Cell {
  readonly family: FamilyName
  readonly dimensions: readonly (string | null)[]
  readonly start: EpochMs
  status: RowStatus
  revision: number
  /** The grid's mark: on its list of cells to look at when rows are taken. */
  touched = false
  /** The last revision handed out as a row. */
  private taken: number
  private readonly tallies: (Tally | undefined)[]
  /** Few cells ever have any, and a map for each would weigh more than the rest of the cell. */
  private pending: Map<string, PendingPoint> | undefined
  private key: string | undefined

  constructor(state: CellState) {
    this.family = state.family
    this.dimensions = state.dimensions
    this.start = state.start
    this.status = state.status
    this.revision = state.revision
    this.taken = state.revision
    this.tallies = state.measures.map((measure) => (measure === null ? undefined : { ...measure }))
    this.pending = state.pending.length === 0 ? undefined : new Map(state.pending)
  }

  /** A point, whole. */
  observe(metric: number, value: number): void {
    this.add(metric, value)
    this.changed()
  }

  /** A point that `settle` makes certain or `withdraw` takes back. */
  observePending(id: string, point: PendingPoint): void {
    this.pending ??= new Map()
    this.pending.set(id, point)
    this.changed()
  }

  withdraw(id: string): void {
    if (this.pending?.delete(id) === true) this.changed()
  }

  /** Makes a pending point certain. No value changes, so no revision is counted. */
  settle(id: string): void {
    const point = this.pending?.get(id)
    if (point === undefined) return
    this.pending?.delete(id)
    this.add(point.metric, point.value)
  }

  /** Time in a state, more or less. */
  adjust(metric: number, deltaMs: number): void {
    const tally = this.tallies[metric]
    if (tally === undefined) this.tallies[metric] = { count: 1, sum: deltaMs, min: 0, max: 0 }
    else tally.sum += deltaMs
    this.changed()
  }

  close(): void {
    this.status = 'final'
    this.revision += 1
  }

  /** Did it change since the last `takeRow`? */
  get isChanged(): boolean {
    return this.revision > this.taken
  }

  /** The row of this revision, which will not be asked for again. */
  takeRow(tenant: string, intervalMs: number): Row {
    this.taken = this.revision
    return {
      tenant,
      key: (this.key ??= rowKey(this)),
      family: this.family,
      dimensions: this.dimensions,
      start: this.start,
      end: this.start + intervalMs,
      status: this.status,
      revision: this.revision,
      measures: this.rendered(),
    }
  }

  save(): CellState {
    const { family, dimensions, start, status, revision } = this
    return {
      family,
      dimensions,
      start,
      status,
      revision,
      measures: this.copies().map((measure) => measure ?? null),
      pending: [...(this.pending ?? [])],
    }
  }

  private changed(): void {
    this.revision += 1
    if (this.status === 'final') this.status = 'corrected'
  }

  private add(metric: number, value: number): void {
    const tally = this.tallies[metric]
    if (tally === undefined) {
      this.tallies[metric] = { count: 1, sum: value, min: value, max: value }
      return
    }
    tally.count += 1
    tally.sum += value
    if (value < tally.min) tally.min = value
    if (value > tally.max) tally.max = value
  }

  private rendered(): readonly (Measure | undefined)[] {
    const measures: (Measure | undefined)[] = this.copies()
    for (const { metric, value } of this.pending?.values() ?? []) {
      const measure = measures[metric]
      measures[metric] = measure === undefined ? measureOf(value) : addMeasures(measure, measureOf(value))
    }
    return measures
  }

  private copies(): (Measure | undefined)[] {
    const copies: (Measure | undefined)[] = new Array<Measure | undefined>(this.tallies.length)
    for (let i = 0; i < this.tallies.length; i++) {
      const tally = this.tallies[i]
      copies[i] = tally === undefined ? undefined : { count: tally.count, sum: tally.sum, min: tally.min, max: tally.max }
    }
    return copies
  }
}
