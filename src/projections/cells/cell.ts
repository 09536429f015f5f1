import type { FamilyName } from '../../domain/family.js'
import type { Granularity } from '../../domain/granularity.js'
import type { EpochMs } from '../../domain/interval.js'
import { kpiValues, type Ratio } from '../../domain/kpi.js'
import { addMeasures, noMeasure, type Measure } from '../../domain/measure.js'
import { metricIndex, metricKind, metricNames } from '../../domain/metric.js'
import { rowKey, type Correction, type Row, type RowStatus } from '../../domain/row.js'
import type { Rendering } from '../settings.js'
import { Accumulator, type AccumulatorState } from './accumulator.js'

/** A point that may yet be taken back: min and max cannot be subtracted, so it is kept apart until it is certain. */
export type PendingPoint = Readonly<{ metric: number; value: number }>

/** What a cell is when it is put away, after its row was taken: plain data. */
export type CellState = Readonly<{
  family: FamilyName
  dimensions: readonly (string | null)[]
  granularity: Granularity
  start: EpochMs
  end: EpochMs
  status: RowStatus
  correction: Correction | null
  revision: number
  /** Epoch of the settings by which this revision is rendered. */
  epoch: number
  serviceTarget: number | null
  erased: number
  /** Metrics of which the row tells quantiles, by place. */
  sketched: readonly number[]
  accumulators: readonly (readonly [place: number, tally: AccumulatorState])[]
  pending: readonly (readonly [string, PendingPoint])[]
}>

const ABANDON = metricIndex.get('tAbandon') as number
const WAIT = metricIndex.get('tWait') as number
const SHORT_ABANDON = metricIndex.get('tShortAbandon') as number
/** What tWait may be made of. */
const waitParts: ReadonlySet<number> = new Set(
  (['tAnswered', 'tAbandon', 'tFlowOut', 'tCfcAnswered', 'tCfcAbandon', 'tCfcFlowOut'] as const).map(
    (metric) => metricIndex.get(metric) as number,
  ),
)
const observations: readonly boolean[] = metricNames.map((metric) => metricKind(metric) === 'observation')

/** Is the metric at this place an observed number? */
export const isObservation = (place: number): boolean => observations[place] === true

/** Observations are summed as whole millionths, so that their sum does not depend on the order in which they came. */
export const OBSERVATION_SCALE = 1_000_000

/** Family × dimension values × interval, while it is being folded. Every change counts one revision. */
export class Cell {
  readonly family: FamilyName
  readonly dimensions: readonly (string | null)[]
  readonly granularity: Granularity
  readonly start: EpochMs
  readonly end: EpochMs
  status: RowStatus
  correction: Correction | null
  revision: number
  epoch: number
  serviceTarget: number | null
  private erased: number
  /** The grid's mark: on its list of cells to look at when rows are taken. */
  touched = false
  /** The last revision handed out as a row. */
  private taken: number
  private readonly sketched: readonly number[]
  private readonly accumulators: (Accumulator | undefined)[] = []
  /** Few cells ever have any, and a map for each would weigh more than the rest of the cell. */
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
    this.epoch = state.epoch
    this.serviceTarget = state.serviceTarget
    this.erased = state.erased
    this.taken = state.revision
    this.sketched = state.sketched
    for (const [place, tally] of state.accumulators) this.accumulators[place] = new Accumulator(tally)
    this.pending = state.pending.length === 0 ? undefined : new Map(state.pending)
  }

  /** A point, whole. */
  observe(metric: number, value: number, epoch: number, why: Correction = 'late'): void {
    this.add(metric, value)
    this.changed(why, epoch)
  }

  /** A point that `settle` makes certain or `withdraw` takes back. */
  observePending(id: string, point: PendingPoint, epoch: number): void {
    this.pending ??= new Map()
    this.pending.set(id, point)
    this.changed('handled', epoch)
  }

  withdraw(id: string, epoch: number): void {
    if (this.pending?.delete(id) === true) this.changed('handled', epoch)
  }

  /** Makes a pending point certain. No value changes, so no revision is counted. */
  settle(id: string): void {
    const point = this.pending?.get(id)
    if (point === undefined) return
    this.pending?.delete(id)
    this.add(point.metric, point.value)
  }

  /** Time in a state, more or less. */
  adjust(metric: number, deltaMs: number, epoch: number): void {
    const tally = (this.accumulators[metric] ??= Accumulator.ofNothing())
    tally.count = 1
    tally.sum += deltaMs
    tally.min = 0
    tally.max = 0
    this.changed('late', epoch)
  }

  /** So many points that had been here were erased before the fold came to them. */
  erase(points: number, epoch: number): void {
    this.erased += points
    this.changed('erased', epoch)
  }

  close(): void {
    this.status = 'final'
    this.revision += 1
  }

  /**
   * Renders the cell by the settings of `epoch` from now on. Counts a revision if the row says something else by them.
   */
  restate(epoch: number, before: Rendering, after: Rendering): void {
    if (sameFigures(this.figures(before), this.figures(after))) return
    this.changed('settings', epoch)
  }

  /** The target of its queue is another one. */
  retarget(serviceTarget: number | null, epoch: number): void {
    if (this.serviceTarget === serviceTarget) return
    this.serviceTarget = serviceTarget
    this.changed('settings', epoch)
  }

  /** Did it change since the last `renderRow`? */
  get isChanged(): boolean {
    return this.revision > this.taken
  }

  /** The row of this revision, which will not be asked for again. */
  renderRow(tenant: string, rendering: Rendering): Row {
    this.taken = this.revision
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
    const {
      family,
      dimensions,
      granularity,
      start,
      end,
      status,
      correction,
      revision,
      epoch,
      serviceTarget,
      erased,
      sketched,
    } = this
    const accumulators: [number, AccumulatorState][] = []
    this.accumulators.forEach((tally, place) => tally !== undefined && accumulators.push([place, tally.save()]))
    const pending = [...(this.pending ?? [])]
    return {
      ...{
        family,
        dimensions,
        granularity,
        start,
        end,
        status,
        correction,
        revision,
        epoch,
        serviceTarget,
        erased,
        sketched,
      },
      ...{ accumulators, pending },
    }
  }

  private changed(why: Correction, epoch: number): void {
    this.revision += 1
    this.epoch = epoch
    if (this.status === 'provisional') return
    this.status = 'corrected'
    this.correction = why
  }

  private add(metric: number, value: number): void {
    let tally = this.accumulators[metric]
    if (tally === undefined) {
      tally = Accumulator.ofNothing(this.keepsSketch(metric), metric === ABANDON)
      this.accumulators[metric] = tally
    }
    tally.add(value)
  }

  /** A histogram is kept where it is asked for, and of the parts of tWait where one of tWait is. */
  private keepsSketch(metric: number): boolean {
    return this.sketched.includes(metric) || (waitParts.has(metric) && this.sketched.includes(WAIT))
  }

  private figures(
    rendering: Rendering,
  ): Readonly<{ measures: readonly (Measure | undefined)[]; kpis: Readonly<Record<string, Ratio>> }> {
    const measures = this.measures()
    this.addQueryTime(measures, rendering)
    return { measures, kpis: kpiValues(rendering.sheet, measures) }
  }

  private measures(): (Measure | undefined)[] {
    const measures: (Measure | undefined)[] = new Array<Measure | undefined>(metricNames.length)
    for (let place = 0; place < this.accumulators.length; place++) {
      const tally = this.accumulators[place]
      measures[place] = tally?.measure(isObservation(place) ? OBSERVATION_SCALE : 1, this.sketched.includes(place))
    }
    for (const { metric, value } of this.pending?.values() ?? []) {
      const tally = Accumulator.ofNothing(this.sketched.includes(metric))
      tally.add(value)
      measures[metric] = addMeasures(measures[metric] ?? noMeasure, tally.measure(1, true))
    }
    return measures
  }

  /**
   * The metrics that are not emitted but derived from others of the cell: the wait of all, and the short ones of the
   * abandons.
   */
  private addQueryTime(measures: (Measure | undefined)[], { waits, isShortAbandon }: Rendering): void {
    const isSketched = this.sketched.includes(WAIT)
    let wait: Measure | undefined
    for (const place of waits) {
      const part = this.accumulators[place]?.measure(1, isSketched)
      if (part !== undefined) wait = wait === undefined ? part : addMeasures(wait, part)
    }
    if (wait !== undefined) measures[WAIT] = wait
    const short = this.accumulators[ABANDON]?.partOf(isShortAbandon, this.sketched.includes(SHORT_ABANDON))
    if (short !== undefined) measures[SHORT_ABANDON] = short
  }
}

const sameFigures = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
