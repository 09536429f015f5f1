import type { ErasedPoints, MetricPoint, StateKind } from '../../domain/fact.js'
import type { FamilyName } from '../../domain/family.js'
import type { PointDimensions } from '../../domain/dimensions.js'
import type { FactRun } from '../../domain/fact-run.js'
import type { EpochMs } from '../../domain/interval.js'
import type { Correction } from '../../domain/row.js'
import type { StateSpan } from '../points/agent-timeline.js'
import type { PointSink } from '../points/point-sink.js'
import type { PointTarget } from '../points/point-target.js'
import type { Settings } from '../settings.js'
import type { Cell } from './cell.js'
import { CellFinder } from './cell-finder.js'
import { StateCells } from './state-cells.js'
import { metricClass, metricPlace } from './cell-keys.js'
import type { CellStore } from './cell-store.js'
import { isObservation, OBSERVATION_SCALE } from './figures.js'
import type { Tuple } from './tuples.js'

const scaled = (metric: number, value: number): number =>
  isObservation(metric) ? Math.round(value * OBSERVATION_SCALE) : value

/** Counts points and times in states in the cells that they fall into. */
export class PointCells implements PointTarget {
  private readonly settings: Settings
  private readonly finder: CellFinder
  private readonly everywhere: number
  private readonly states: StateCells
  /** The tuples of the run at hand, each looked up when its first point comes. */
  private run: Readonly<{ tuples: FactRun['tuples']; found: (Tuple | undefined)[] }> = { tuples: [], found: [] }

  constructor(settings: Settings, store: CellStore) {
    this.settings = settings
    this.finder = new CellFinder(settings, store)
    this.everywhere = this.finder.addScopes()
    this.states = new StateCells(settings, store, this.finder.granularities)
  }

  observe(point: MetricPoint, why?: Correction): void {
    const metric = metricPlace(point.metric)
    if (metric !== undefined) this.count(this.finder.tupleOf(point), metric, point.value, point.at, why)
  }

  /** Counts a point of a run. */
  observeEntry({ metric, value, at, tuple, tuples }: FactRun, entry: number): void {
    const place = metric[entry] as number
    if ((metricClass[place] as number) < 0) return
    if (this.run.tuples !== tuples) this.run = { tuples, found: [] }
    const { found } = this.run
    const number = tuple[entry] as number
    const known = (found[number] ??= this.finder.tupleOf(tuples[number] as PointDimensions))
    this.count(known, place, value[entry] as number, at[entry] as number)
  }

  takeBack(point: MetricPoint, why: Correction): void {
    const metric = metricPlace(point.metric)
    if (metric === undefined) return
    const value = scaled(metric, point.value)
    for (const cell of this.cellsOf(point, metric)) cell.takeBack(metric, value, this.settings.version, why)
  }

  erase({ source, count, ...point }: ErasedPoints): void {
    const metric = metricPlace(point.metric)
    if (source !== this.settings.base.points || metric === undefined) return
    for (const cell of this.cellsOf(point, metric)) cell.erase(count, this.settings.version)
  }

  sink(only?: readonly FamilyName[]): PointSink {
    const scope = only === undefined ? this.everywhere : this.finder.addScopes(only)
    const change = (point: MetricPoint, act: (cell: Cell, metric: number, version: number) => void): void => {
      const metric = metricPlace(point.metric)
      if (metric === undefined) return
      for (const cell of this.cellsOf(point, metric, scope)) act(cell, metric, this.settings.version)
    }
    return {
      observe: (point, _, why) =>
        change(point, (cell, metric, version) => cell.observe(metric, point.value, version, why)),
      observePending: (id, point, _, why) =>
        change(point, (cell, metric, version) => cell.observePending(id, { metric, value: point.value }, version, why)),
      withdraw: (id, point, _, why) => change(point, (cell, __, version) => cell.withdraw(id, version, why)),
      settle: (id, point) => change(point, (cell) => cell.settle(id)),
    }
  }

  adjust(userId: string, kind: StateKind, spans: readonly StateSpan[]): void {
    this.states.adjust(userId, kind, spans)
  }

  /** Counts times in states that wait to be added up. */
  countTimes(): void {
    this.states.countWaiting()
  }

  private count(tuple: Tuple, metric: number, value: number, at: EpochMs, why?: Correction): void {
    const cells = this.finder.find(tuple, this.everywhere + (metricClass[metric] as number), at)
    const whole = scaled(metric, value)
    const { version } = this.settings
    for (let index = 0; index < cells.length; index++) (cells[index] as Cell).observe(metric, whole, version, why)
  }

  private cellsOf(
    point: PointDimensions & Readonly<{ at: EpochMs }>,
    metric: number,
    scope = this.everywhere,
  ): readonly Cell[] {
    return this.finder.find(this.finder.tupleOf(point), scope + (metricClass[metric] as number), point.at)
  }
}
