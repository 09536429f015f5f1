import type { FamilyName } from '../../domain/family.js'
import type { Granularity } from '../../domain/granularity.js'
import type { EpochMs } from '../../domain/interval.js'
import { kpiValues, type Ratio } from '../../domain/kpi.js'
import { addMeasures, noMeasure, type Measure } from '../../domain/measure.js'
import { metricKind, metricNames } from '../../domain/metric.js'
import { rowKey, type Correction, type Row, type RowStatus } from '../../domain/row.js'
import type { Rendering } from '../settings.js'
import { Accumulator, type AccumulatorState } from './accumulator.js'
import { addQueryTime, keepsSketch, needsValues } from './query-time.js'

/** A point that may be withdrawn. Minimum and maximum cannot be subtracted, so it is kept apart until it is certain. */
export type PendingPoint = Readonly<{ metric: number; value: number }>

/** A cell as plain data. */
export type CellState = Readonly<{
  family: FamilyName
  dimensions: readonly (string | null)[]
  granularity: Granularity
  start: EpochMs
  end: EpochMs
  status: RowStatus
  correction: Correction | null
  revision: number
  /** The last revision that was published, 0 if none was; absent where it is `revision`. */
  published?: number
  /** Number of the settings by which this revision is rendered. */
  settingsVersion: number
  serviceTarget: number | null
  erased: number
  /** Metrics of which the row tells quantiles, by place. */
  sketched: readonly number[]
  /** Does the cell keep all values, so that points can be taken back? */
  keepsValues: boolean
  accumulators: readonly (readonly [place: number, accumulator: AccumulatorState])[]
  pending: readonly (readonly [string, PendingPoint])[]
}>

const states: readonly boolean[] = metricNames.map((metric) => metricKind(metric) === 'state')
const observations: readonly boolean[] = metricNames.map((metric) => metricKind(metric) === 'observation')

/** Is the metric at this place of the catalogue an observed number? */
export const isObservation = (place: number): boolean => observations[place] === true

/** Observations are summed as whole millionths, so that their sum does not depend on the order in which they came. */
export const OBSERVATION_SCALE = 1_000_000

/** Family × dimension values × interval. Every change counts one revision. */
export class Cell {
  readonly family: FamilyName
  readonly dimensions: readonly (string | null)[]
  readonly granularity: Granularity
  readonly start: EpochMs
  readonly end: EpochMs
  status: RowStatus
  correction: Correction | null
  revision: number
  settingsVersion: number
  serviceTarget: number | null
  private erased: number
  /** Is it on the cell store's list of cells that may have changed? */
  isListed = false
  /** The last revision that was published; 0 if none was. */
  private published: number
  /** The revision at the last drain that did not publish this cell. */
  private passedOver = 0
  private readonly sketched: readonly number[]
  private readonly keepsValues: boolean
  private readonly accumulators: (Accumulator | undefined)[] = []
  /** Few cells have any, and a map for each would take more memory than the rest of the cell. */
  private pending: Map<string, PendingPoint> | undefined
  private key: string | undefined

  constructor(state: CellState) {
    this.family = state.family
    this.dimensions = state.dimensions
    this.granularity = state.granularity
    this.start = state.start
    this.end = state.end
    this.status = state.status
    this.correction = state.correction
    this.revision = state.revision
    this.settingsVersion = state.settingsVersion
    this.serviceTarget = state.serviceTarget
    this.erased = state.erased
    this.published = state.published ?? state.revision
    this.sketched = state.sketched
    this.keepsValues = state.keepsValues
    for (const [place, accumulator] of state.accumulators) this.accumulators[place] = new Accumulator(accumulator)
    this.pending = state.pending.length === 0 ? undefined : new Map(state.pending)
  }

  /** Counts a point. */
  observe(metric: number, value: number, settingsVersion: number, why: Correction = 'late'): void {
    this.add(metric, value)
    this.changed(why, settingsVersion)
  }

  /** Takes back a point that `observe` counted, in a cell that keeps its values. */
  takeBack(metric: number, value: number, settingsVersion: number, why: Correction): void {
    const accumulator = this.accumulators[metric]
    if (accumulator === undefined)
      throw new Error(`cell ${rowKey(this)} is to take back ${metricNames[metric]}, which it does not hold`)
    accumulator.remove(value)
    if (accumulator.count === 0) this.accumulators[metric] = undefined
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

  /** Adds time in a state, or takes it back. */
  adjust(metric: number, deltaMs: number, settingsVersion: number): void {
    const accumulator = (this.accumulators[metric] ??= Accumulator.empty())
    accumulator.count = 1
    accumulator.sum += deltaMs
    accumulator.min = 0
    accumulator.max = 0
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
  }

  /** Renders the cell by other settings from now on. Counts a revision if the row's figures change by that. */
  restate(settingsVersion: number, before: Rendering, after: Rendering): void {
    if (sameFigures(this.figures(before), this.figures(after))) return
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
  renderRow(tenant: string, rendering: Rendering): Row {
    this.published = this.revision
    const { measures, kpis } = this.figures(rendering)
    return {
      tenant,
      key: (this.key ??= rowKey(this)),
      family: this.family,
      dimensions: this.dimensions,
      granularity: this.granularity,
      start: this.start,
      end: this.end,
      status: this.status,
      correction: this.correction,
      revision: this.revision,
      measures,
      kpis,
      serviceTarget: this.serviceTarget,
      erased: this.erased === 0 ? null : this.erased,
    }
  }

  save(): CellState {
    const { family, dimensions, granularity, start, end, status, correction, revision } = this
    const { settingsVersion, serviceTarget, erased, sketched, keepsValues, published } = this
    const accumulators: [number, AccumulatorState][] = []
    this.accumulators.forEach((one, place) => one !== undefined && accumulators.push([place, one.save()]))
    return {
      ...{ family, dimensions, granularity, start, end, status, correction, revision },
      ...{ settingsVersion, serviceTarget, erased, sketched, keepsValues, accumulators },
      ...(published === revision ? {} : { published }),
      pending: [...(this.pending ?? [])],
    }
  }

  /** Does its row hold nothing? Time in a state that was taken back as a whole is nothing. */
  private get isEmpty(): boolean {
    return (
      this.erased === 0 &&
      (this.pending?.size ?? 0) === 0 &&
      this.accumulators.every(
        (one, place) => one === undefined || one.count === 0 || (states[place] === true && one.sum === 0),
      )
    )
  }

  private changed(why: Correction, settingsVersion: number): void {
    this.revision += 1
    this.settingsVersion = settingsVersion
    if (this.status === 'provisional') return
    this.status = 'corrected'
    this.correction = why
  }

  private add(metric: number, value: number): void {
    let accumulator = this.accumulators[metric]
    if (accumulator === undefined) {
      accumulator = Accumulator.empty(keepsSketch(metric, this.sketched), this.keepsValues || needsValues(metric))
      this.accumulators[metric] = accumulator
    }
    accumulator.add(value)
  }

  private figures(
    rendering: Rendering,
  ): Readonly<{ measures: readonly (Measure | undefined)[]; kpis: Readonly<Record<string, Ratio>> }> {
    const measures = this.measures()
    addQueryTime(measures, this.accumulators, this.sketched, rendering)
    return { measures, kpis: kpiValues(rendering.kpis, measures) }
  }

  private measures(): (Measure | undefined)[] {
    const measures: (Measure | undefined)[] = new Array<Measure | undefined>(metricNames.length)
    for (let place = 0; place < this.accumulators.length; place++) {
      const accumulator = this.accumulators[place]
      measures[place] = accumulator?.measure(
        isObservation(place) ? OBSERVATION_SCALE : 1,
        this.sketched.includes(place),
      )
    }
    for (const { metric, value } of this.pending?.values() ?? []) {
      const accumulator = Accumulator.empty(this.sketched.includes(metric))
      accumulator.add(value)
      measures[metric] = addMeasures(measures[metric] ?? noMeasure, accumulator.measure(1, true))
    }
    return measures
  }
}

const sameFigures = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
