import type { Fact, MetricPoint, StateKind } from '../domain/fact.js'
import { intervalStart, type EpochMs } from '../domain/interval.js'
import { metricIndex, pointMetrics, type MetricName } from '../domain/metric.js'
import type { Profile } from '../domain/profile.js'
import type { Row } from '../domain/row.js'
import { unreachable } from '../domain/unreachable.js'
import { AgentTimeline, type StateDelta, type StateEntry } from './agent-timeline.js'
import { CellGrid, type ClosedCells, type GridState } from './cell-grid.js'
import type { Cell } from './cell.js'
import { Correlator, type CorrelatorState } from './correlator.js'

export type FoldState = Readonly<{
  frontier: EpochMs | null
  grid: GridState
  correlator: CorrelatorState
  timelines: readonly (readonly [string, StateKind, readonly StateEntry[]])[]
}>

const stateMetric: Readonly<Record<StateKind, MetricName>> = { routingStatus: 'tAgentRoutingStatus', systemPresence: 'tSystemPresence' }
const pointIndex = new Map<string, number>(pointMetrics.map((metric) => [metric, metricIndex.get(metric) as number]))
const nothingStored: ClosedCells = () => undefined

/**
 * From facts to rows: pure to its caller, quick inside. The same facts give the same rows however they are cut into batches; the last values of a row
 * depend on the set of facts alone, given that the frontier came as far.
 */
export class KpiFold {
  private readonly profile: Profile
  private readonly tenant: string
  private readonly grid: CellGrid
  private readonly correlator: Correlator
  private readonly timelines = new Map<string, { userId: string; kind: StateKind; timeline: AgentTimeline }>()
  private frontier: EpochMs | null

  constructor(tenant: string, profile: Profile, state?: FoldState, stored: ClosedCells = nothingStored) {
    this.tenant = tenant
    this.profile = profile
    this.frontier = state?.frontier ?? null
    this.grid = new CellGrid(profile.intervalMs, stored, state?.grid)
    this.correlator = new Correlator(
      profile,
      {
        observe: (point) => this.observe(point),
        observePending: (id, point) => this.inCells(point, (cell, metric) => cell.observePending(id, { metric, value: point.value })),
        withdraw: (id, point) => this.inCells(point, (cell) => cell.withdraw(id)),
        settle: (id, point) => this.inCells(point, (cell) => cell.settle(id)),
      },
      state?.correlator,
    )
    for (const [userId, kind, entries] of state?.timelines ?? []) this.timelineOf(userId, kind, entries)
  }

  apply(fact: Fact): void {
    switch (fact.type) {
      case 'MetricEmitted':
        if (this.profile.points === 'metric-records') this.observe(fact)
        return
      case 'AcdStarted':
      case 'AcdEnded':
      case 'UserSessionStarted':
      case 'UserSessionEnded':
      case 'AfterCallWorkCompleted':
        if (this.profile.points === 'detail-events') this.correlator.apply(fact)
        return
      case 'AgentStateEntered':
        return this.adjust(fact.userId, fact.kind, this.timelineOf(fact.userId, fact.kind).enter(fact, this.grid.closedThrough))
      case 'ClockTicked':
        return this.tick(fact.at)
      default:
        return unreachable(fact)
    }
  }

  /** Rows changed since the last call, each in its present state. */
  takeRows(): readonly Row[] {
    return this.grid.takeChanged().map((cell) => cell.takeRow(this.tenant, this.profile.intervalMs))
  }

  /** Everything the fold knows; a fold made from it carries on identically. Only between batches, after `takeRows`. */
  save(): FoldState {
    return {
      frontier: this.frontier,
      grid: this.grid.save(),
      correlator: this.correlator.save(),
      timelines: [...this.timelines.values()].map(({ userId, kind, timeline }) => [userId, kind, timeline.save()] as const),
    }
  }

  /** What `save` returned is stored, its closed cells where `ClosedCells` finds them: they may leave memory. */
  saved(): void {
    this.grid.forgetClosed()
  }

  /** The hot path: as `inCells`, without a closure for each point. */
  private observe(point: MetricPoint): void {
    const metric = pointIndex.get(point.metric)
    if (metric === undefined) return // a metric that no family carries yet stays in the raw log
    const start = intervalStart(point.at, this.profile.intervalMs)
    if (point.queueId !== null) this.grid.touch('queue', [point.queueId, point.mediaType], start).observe(metric, point.value)
    if (point.userId !== null) this.grid.touch('agent', [point.userId, point.queueId, point.mediaType], start).observe(metric, point.value)
  }

  private inCells(point: MetricPoint, change: (cell: Cell, metric: number) => void): void {
    const metric = pointIndex.get(point.metric)
    if (metric === undefined) return // a metric that no family carries yet stays in the raw log
    const start = intervalStart(point.at, this.profile.intervalMs)
    if (point.queueId !== null) change(this.grid.touch('queue', [point.queueId, point.mediaType], start), metric)
    if (point.userId !== null) change(this.grid.touch('agent', [point.userId, point.queueId, point.mediaType], start), metric)
  }

  private tick(at: EpochMs): void {
    if (this.frontier !== null && at <= this.frontier) return
    this.frontier = at
    const before = this.grid.closedThrough
    const through = intervalStart(at - this.profile.graceMs, this.profile.intervalMs)
    if (before !== null && through <= before) return
    this.correlator.tick(at)
    for (const { userId, kind, timeline } of this.timelines.values()) {
      this.adjust(userId, kind, timeline.advance(before, through))
      timeline.forgetBefore(at - this.profile.correlation.restateHorizonMs)
    }
    this.grid.closeThrough(through)
  }

  private adjust(userId: string, kind: StateKind, deltas: readonly StateDelta[]): void {
    const metric = metricIndex.get(stateMetric[kind]) as number
    for (const { state, start, deltaMs } of deltas) this.grid.touch('agent-state', [userId, kind, state], start).adjust(metric, deltaMs)
  }

  private timelineOf(userId: string, kind: StateKind, entries?: readonly StateEntry[]): AgentTimeline {
    const key = `${kind}/${userId}`
    const known = this.timelines.get(key)
    if (known !== undefined) return known.timeline
    const timeline = new AgentTimeline({ stateMaxMs: this.profile.agentState.stateMaxMs, intervalMs: this.profile.intervalMs }, entries)
    this.timelines.set(key, { userId, kind, timeline })
    return timeline
  }
}
