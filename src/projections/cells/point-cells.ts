import type { ErasedPoints, MetricPoint, StateKind } from '../../domain/fact.js'
import type { FamilyName } from '../../domain/family.js'
import { granularityOf, intervalAt, type Granularity } from '../../domain/granularity.js'
import { intervalStart, type EpochMs, type Interval } from '../../domain/interval.js'
import { metricIndex, type MetricName } from '../../domain/metric.js'
import type { Profile } from '../../domain/profile.js'
import type { Correction } from '../../domain/row.js'
import type { StateDelta } from '../points/agent-timeline.js'
import type { PointSink } from '../points/point-sink.js'
import type { PointTarget } from '../points/point-target.js'
import type { Settings } from '../settings.js'
import { isObservation, OBSERVATION_SCALE, type Cell } from './cell.js'
import { forEachCell, metricPlace, pointFamiliesOf } from './cell-keys.js'
import type { CellStore } from './cell-store.js'

const stateMetric: Readonly<Record<StateKind, MetricName>> = {
  routingStatus: 'tAgentRoutingStatus',
  systemPresence: 'tSystemPresence',
  organizationPresence: 'tOrganizationPresence',
}

const occupancyMetrics: ReadonlyMap<string, MetricName> = new Map([
  ['IDLE', 'tRoutingStatusIdle'],
  ['INTERACTING', 'tRoutingStatusInteracting'],
  ['COMMUNICATING', 'tRoutingStatusCommunicating'],
  ['NOT_RESPONDING', 'tRoutingStatusNotResponding'],
  ['OFF_QUEUE', 'tRoutingStatusOffQueue'],
])

const scaled = (metric: number, value: number): number =>
  isObservation(metric) ? Math.round(value * OBSERVATION_SCALE) : value

/** Base interval and roll-ups of a profile, the base first. */
export const granularitiesOf = ({ intervalMs, rollUps }: Profile): readonly Granularity[] => [
  granularityOf(intervalMs) ?? 'PT15M',
  ...rollUps,
]

/** Counts points and times in states in the cells that they fall into: one of each family, granularity and value. */
export class PointCells implements PointTarget {
  private readonly settings: Settings
  private readonly store: CellStore
  private readonly granularities: readonly Granularity[]
  /** The interval of each granularity that was used last: the next point is nearly always in it too. */
  private readonly intervals: (Interval | undefined)[] = []
  /** Cells of the point at hand: one array for all points. */
  private readonly matched: Cell[] = []
  private asked: Readonly<{ profile: Profile; families: readonly FamilyName[] }> | undefined

  constructor(settings: Settings, store: CellStore) {
    this.settings = settings
    this.store = store
    this.granularities = granularitiesOf(settings.base)
  }

  observe(point: MetricPoint, why?: Correction): void {
    const metric = metricPlace(point.metric)
    if (metric === undefined) return
    const value = scaled(metric, point.value)
    for (const cell of this.matching(point)) cell.observe(metric, value, this.settings.version, why)
  }

  takeBack(point: MetricPoint, why: Correction): void {
    const metric = metricPlace(point.metric)
    if (metric === undefined) return
    const value = scaled(metric, point.value)
    for (const cell of this.matching(point)) cell.takeBack(metric, value, this.settings.version, why)
  }

  erase({ source, count, ...point }: ErasedPoints): void {
    if (source !== this.settings.base.points || metricPlace(point.metric) === undefined) return
    for (const cell of this.matching({ ...point, value: 0 })) cell.erase(count, this.settings.version)
  }

  sink(only?: readonly FamilyName[]): PointSink {
    const change = (point: MetricPoint, act: (cell: Cell, metric: number, version: number) => void): void => {
      const metric = metricPlace(point.metric)
      if (metric === undefined) return
      for (const cell of this.matching(point, only)) act(cell, metric, this.settings.version)
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

  adjust(userId: string, kind: StateKind, deltas: readonly StateDelta[]): void {
    const metric = metricIndex.get(stateMetric[kind]) as number
    const { version } = this.settings
    for (const { state, start, deltaMs } of deltas) {
      const { families } = this.settings.cellProfileAt(start)
      const occupancy = kind === 'routingStatus' ? occupancyMetrics.get(state) : undefined
      this.granularities.forEach((granularity, level) => {
        const interval = this.intervalOf(level, start)
        if (families.includes('agent-state'))
          this.store.open('agent-state', [userId, kind, state], granularity, interval).adjust(metric, deltaMs, version)
        if (occupancy !== undefined && families.includes('agent-occupancy'))
          this.store
            .open('agent-occupancy', [userId], granularity, interval)
            .adjust(metricIndex.get(occupancy) as number, deltaMs, version)
      })
    }
  }

  /** The cells that a point falls into. The array is reused by the next call. */
  private matching(point: MetricPoint, only?: readonly FamilyName[]): readonly Cell[] {
    const { matched, store } = this
    matched.length = 0
    const { profile, families } = this.askedAt(point.at)
    const asked = only === undefined ? families : families.filter((family) => only.includes(family))
    for (let level = 0; level < this.granularities.length; level++) {
      const granularity = this.granularities[level] as Granularity
      const interval = this.intervalOf(level, point.at)
      forEachCell(point, asked, profile.splitBy, (family, dimensions) => {
        matched.push(store.open(family, dimensions, granularity, interval))
      })
    }
    return matched
  }

  private askedAt(at: EpochMs): Readonly<{ profile: Profile; families: readonly FamilyName[] }> {
    const profile = this.settings.cellProfileAt(intervalStart(at, this.settings.base.intervalMs))
    if (this.asked?.profile !== profile) this.asked = { profile, families: pointFamiliesOf(profile) }
    return this.asked
  }

  private intervalOf(level: number, at: EpochMs): Interval {
    const last = this.intervals[level]
    if (last !== undefined && at >= last.start && at < last.end) return last
    const interval = intervalAt(this.granularities[level] as Granularity, this.settings.base.zone, at)
    this.intervals[level] = interval
    return interval
  }
}
