import type { FamilyName } from '../../domain/family.js'
import { COUNT, MAX, measuresOf, MIN, SUM, type FlatMeasures } from '../../domain/flat-measures.js'
import { holdsNothing, kpisOf, type FlatRow } from '../../domain/flat-row.js'
import type { Granularity } from '../../domain/granularity.js'
import type { EpochMs, Interval } from '../../domain/interval.js'
import { ratiosOf } from '../../domain/kpi.js'
import { metricNames } from '../../domain/metric.js'
import { rowKey, type Correction, type RowStatus } from '../../domain/row.js'
import { bucketOf } from '../../domain/sketch.js'
import type { Rendering } from '../settings.js'
import { Figures } from './figures.js'
import { KeptValues } from './kept-values.js'
import { KEEPS_SKETCH, KEEPS_VALUES, type Keeping } from './keeping.js'
import { addQueryTime } from './query-time.js'
import { savedCell, type CellState, type PendingPoint, type SavedCell } from './saved-cell.js'
import type { Site } from './site.js'
import { Tally } from './tally.js'

/** For one row after the other; nothing of it is kept from row to row. */
const figures = new Figures()

/** Family × dimension values × interval. Every change counts one revision. */
export class Cell {
  readonly site: Site
  readonly granularity: Granularity
  private readonly interval: Interval
  status: RowStatus
  correction: Correction | null = null
  revision = 0
  settingsVersion: number
  serviceTarget: number | null
  private erased = 0
  /** Is it on the cell store's list of cells that may have changed? */
  isListed = false
  /** Does the projection give its row out? Another one does where several share the rows of a generation. */
  isOwned = true
  /** The last revision that was published; 0 if none was. */
  private published = 0
  /** The revision that its interval has counted, once it is closed; and whether it held something then. */
  counted = 0
  isCounted = false
  /** The revision at the last drain that did not publish this cell. */
  private passedOver = 0
  private readonly keeping: Keeping
  private readonly tally = new Tally()
  /** By metric. */
  private kept: Map<number, KeptValues> | undefined
  /** Few cells have any, and a map for each would take more memory than the rest of the cell. */
  private pending: Map<string, PendingPoint> | undefined

  constructor(
    site: Site,
    granularity: Granularity,
    interval: Interval,
    keeping: Keeping,
    begins: Readonly<Pick<CellState, 'status' | 'settingsVersion' | 'serviceTarget'>>,
  ) {
    this.site = site
    this.granularity = granularity
    this.interval = interval
    this.keeping = keeping
    this.status = begins.status
    this.settingsVersion = begins.settingsVersion
    this.serviceTarget = begins.serviceTarget
  }

  /** The cell that was saved. */
  static restored(site: Site, keeping: Keeping, state: CellState): Cell {
    const cell = new Cell(site, state.granularity, { start: state.start, end: state.end }, keeping, state)
    cell.correction = state.correction
    cell.revision = state.revision
    cell.published = state.published
    cell.erased = state.erased
    cell.tally.restore(state.measures)
    for (const [metric, kept] of state.kept) (cell.kept ??= new Map()).set(metric, new KeptValues(kept))
    if (state.pending.length > 0) cell.pending = new Map(state.pending)
    if (cell.status !== 'provisional') {
      // A state is saved when all closed cells are counted.
      cell.counted = cell.revision
      cell.isCounted = !cell.isEmpty
    }
    return cell
  }

  get family(): FamilyName {
    return this.site.family
  }

  get start(): EpochMs {
    return this.interval.start
  }

  get end(): EpochMs {
    return this.interval.end
  }

  get dimensions(): readonly (string | null)[] {
    return this.site.dimensions
  }

  /** Counts a point. */
  observe(metric: number, value: number, settingsVersion: number, why: Correction = 'late'): void {
    this.add(metric, value)
    this.changed(why, settingsVersion)
  }

  /** Takes back a point that `observe` counted, in a cell that keeps its values. */
  takeBack(metric: number, value: number, settingsVersion: number, why: Correction): void {
    const kept = this.kept?.get(metric)
    if (kept?.remove(value) !== true)
      throw new Error(`cell ${rowKey(this)} is to take back ${metricNames[metric]} ${value}, which it does not hold`)
    const at = this.tally.offsetOf(metric)
    const { numbers } = this.tally
    numbers[at + COUNT] = (numbers[at + COUNT] as number) - 1
    numbers[at + SUM] = (numbers[at + SUM] as number) - value
    if (numbers[at + COUNT] === 0) this.kept?.delete(metric)
    const isExtreme = value === numbers[at + MIN] || value === numbers[at + MAX]
    if (isExtreme && !kept.has(value)) [numbers[at + MIN], numbers[at + MAX]] = kept.extremes()
    this.changed(why, settingsVersion)
  }

  /** Counts a point that `settle` will make certain or `withdraw` will take back. */
  observePending(id: string, point: PendingPoint, settingsVersion: number, why: Correction = 'handled'): void {
    this.pending ??= new Map()
    this.pending.set(id, point)
    this.changed(why, settingsVersion)
  }

  withdraw(id: string, settingsVersion: number, why: Correction = 'handled'): void {
    if (this.pending?.delete(id) === true) this.changed(why, settingsVersion)
  }

  /** Makes a pending point certain. No value changes, so no revision is counted. */
  settle(id: string): void {
    const point = this.pending?.get(id)
    if (point === undefined) return
    this.pending?.delete(id)
    this.add(point.metric, point.value)
  }

  /** Adds time in a state, or takes it back: the sum of so many changes. */
  adjust(metric: number, deltaMs: number, settingsVersion: number, changes: number): void {
    const at = this.tally.offsetOf(metric)
    const { numbers } = this.tally
    numbers[at + COUNT] = 1
    numbers[at + SUM] = (numbers[at + SUM] as number) + deltaMs
    numbers[at + MIN] = 0
    numbers[at + MAX] = 0
    this.revision += changes - 1
    this.changed('late', settingsVersion)
  }

  /** Notes that so many points of this cell were erased before the projection read them. */
  erase(points: number, settingsVersion: number): void {
    this.erased += points
    this.changed('erased', settingsVersion)
  }

  close(): void {
    this.status = 'final'
    this.revision += 1
    this.counted = this.revision // the closing is counted by the interval as a whole
  }

  /** Renders the cell by other settings from now on. Counts a revision if the row's figures change by that. */
  restate(settingsVersion: number, before: Rendering, after: Rendering): void {
    if (this.figuresText(before) === this.figuresText(after)) return
    this.changed('settings', settingsVersion)
  }

  /** Sets the service-level target of its queue. */
  retarget(serviceTarget: number | null, settingsVersion: number): void {
    if (this.serviceTarget === serviceTarget) return
    this.serviceTarget = serviceTarget
    this.changed('settings', settingsVersion)
  }

  /**
   * Does its row have to be published? A row that holds nothing and was never published says the same as no row, so it
   * is left out.
   */
  get isUnpublished(): boolean {
    return this.revision > this.published && (this.published > 0 || !this.isEmpty)
  }

  /** Is it final, or corrected and unchanged since the last drain that passed it over? Asking is such a drain. */
  settles(): boolean {
    if (this.status === 'provisional') return false
    if (this.status === 'final' || this.passedOver === this.revision) return true
    this.passedOver = this.revision
    return false
  }

  /** Notes that the KPI stream holds a row of this cell with this revision. */
  wasPublished(revision: number): void {
    this.published = Math.max(this.published, revision)
  }

  /** The row of this revision, which counts as published from now on. */
  renderRow(tenant: string, rendering: Rendering): FlatRow {
    this.published = this.revision
    const { places, numbers, sketches } = this.figures(rendering)
    return {
      tenant,
      site: this.site.key,
      family: this.site.family,
      dimensions: this.site.dimensions,
      granularity: this.granularity,
      start: this.start,
      end: this.end,
      status: this.status,
      correction: this.correction,
      revision: this.revision,
      serviceTarget: this.serviceTarget,
      erased: this.erased === 0 ? null : this.erased,
      places,
      numbers,
      sketches,
      kpiNames: rendering.kpiNames,
      ratios: ratiosOf(rendering.kpis, figures.offsets, numbers),
    }
  }

  save(): SavedCell {
    return savedCell(this, this.keeping, {
      published: this.published,
      erased: this.erased,
      measures: this.tally.save(),
      kept: this.kept === undefined ? [] : [...this.kept].map(([metric, kept]) => [metric, kept.save()] as const),
      pending: this.pending === undefined ? [] : [...this.pending],
    })
  }

  /** Does its row hold nothing? Time in a state that was taken back as a whole is nothing. */
  get isEmpty(): boolean {
    if (this.pending !== undefined && this.pending.size > 0) return false
    const { places, numbers } = this.tally
    return holdsNothing({ places, numbers, erased: this.erased === 0 ? null : this.erased })
  }

  private changed(why: Correction, settingsVersion: number): void {
    this.revision += 1
    this.settingsVersion = settingsVersion
    if (this.status === 'provisional') return
    this.status = 'corrected'
    this.correction = why
  }

  private add(metric: number, value: number): void {
    this.tally.add(metric, value)
    if (this.keeping.ofMetric[metric] !== 0) this.keep(metric, value)
  }

  private keep(metric: number, value: number): void {
    this.kept ??= new Map()
    let kept = this.kept.get(metric)
    if (kept === undefined) {
      const keeps = this.keeping.ofMetric[metric] as number
      kept = new KeptValues({
        buckets: (keeps & KEEPS_SKETCH) === 0 ? null : [],
        values: (keeps & KEEPS_VALUES) === 0 ? null : [],
      })
      this.kept.set(metric, kept)
    }
    kept.add(value)
  }

  /** What the row is to say; `figures` hold it too. */
  private figures(rendering: Rendering): FlatMeasures {
    const { sketched } = this.keeping
    figures.begin(this.tally.places, this.tally.numbers)
    if (this.kept !== undefined)
      for (const [metric, kept] of this.kept) if (sketched.includes(metric)) figures.addSketch(metric, kept.sketch())
    addQueryTime(figures, this.kept, sketched, rendering)
    for (const { metric, value } of this.pending?.values() ?? []) {
      figures.add(metric, 1, value, value, value)
      if (sketched.includes(metric)) figures.addSketch(metric, [[bucketOf(Math.max(0, value)), 1]])
    }
    return figures.measures()
  }

  /** The figures as text, to be compared. */
  private figuresText(rendering: Rendering): string {
    const measures = this.figures(rendering)
    const ratios = ratiosOf(rendering.kpis, figures.offsets, measures.numbers)
    return JSON.stringify([measuresOf(measures), kpisOf({ kpiNames: rendering.kpiNames, ratios })])
  }
}
