import type { StateKind } from '../../domain/fact.js'
import { intervalAt, type Granularity } from '../../domain/granularity.js'
import { intervalStart, type EpochMs, type Interval } from '../../domain/interval.js'
import { metricIndex, type MetricName } from '../../domain/metric.js'
import type { StateSpan } from '../points/agent-timeline.js'
import type { Settings } from '../settings.js'
import type { CellStore } from './cell-store.js'
import { RecentMap } from './recent-map.js'
import type { Site } from './site.js'
import { StateTimes, type StateChange } from './state-times.js'

const place = (metric: MetricName): number => metricIndex.get(metric) as number

const stateMetric: Readonly<Record<StateKind, number>> = {
  routingStatus: place('tAgentRoutingStatus'),
  systemPresence: place('tSystemPresence'),
  organizationPresence: place('tOrganizationPresence'),
}

/** The metric of a routing status in rows of occupancy. */
const occupancyMetric: ReadonlyMap<string, number> = new Map([
  ['IDLE', place('tRoutingStatusIdle')],
  ['INTERACTING', place('tRoutingStatusInteracting')],
  ['COMMUNICATING', place('tRoutingStatusCommunicating')],
  ['NOT_RESPONDING', place('tRoutingStatusNotResponding')],
  ['OFF_QUEUE', place('tRoutingStatusOffQueue')],
])

/** A span of more base intervals waits to be added up with others. */
const LONG_INTERVALS = 4

/** The sites of an agent. */
type AgentSites = Readonly<{ occupancy: Site; states: Readonly<Record<StateKind, Map<string, Site>>> }>

/** Counts the times of agents in states. */
export class StateCells {
  private readonly settings: Settings
  private readonly store: CellStore
  private readonly granularities: readonly Granularity[]
  private readonly agents = new RecentMap<AgentSites>()
  private readonly times: StateTimes
  private epoch = 0
  /** The interval of each granularity that was used last: the next delta is mostly in it too. */
  private readonly intervals: (Interval | undefined)[] = []

  constructor(settings: Settings, store: CellStore, granularities: readonly Granularity[]) {
    this.settings = settings
    this.store = store
    this.granularities = granularities
    this.times = new StateTimes(settings.base.intervalMs, (...change) => this.change(...change))
  }

  adjust(userId: string, kind: StateKind, spans: readonly StateSpan[]): void {
    const { intervalMs } = this.settings.base
    for (const span of spans) {
      const { state, from, to, sign } = span
      if (to - from > LONG_INTERVALS * intervalMs) this.times.add(userId, kind, span)
      else
        for (let start = intervalStart(from, intervalMs); start < to; start += intervalMs)
          this.change(userId, kind, state, {
            start,
            deltaMs: sign * (Math.min(to, start + intervalMs) - Math.max(from, start)),
            changes: 1,
          })
    }
  }

  /** Counts the spans that wait. */
  countWaiting(): void {
    this.times.count()
  }

  private change(userId: string, kind: StateKind, state: string, { start, deltaMs, changes }: StateChange): void {
    const { version } = this.settings
    const agent = this.agentOf(userId)
    const { families } = this.settings.cellProfileAt(start)
    const ofState = families.includes('agent-state') ? this.siteOf(agent, userId, kind, state) : undefined
    const occupancy = kind === 'routingStatus' ? occupancyMetric.get(state) : undefined
    const hasOccupancy = occupancy !== undefined && families.includes('agent-occupancy')
    for (let level = 0; level < this.granularities.length; level++) {
      const granularity = this.granularities[level] as Granularity
      const interval = this.intervalOf(level, start)
      if (ofState !== undefined)
        this.store.open(ofState, granularity, interval).adjust(stateMetric[kind], deltaMs, version, changes)
      if (hasOccupancy)
        this.store.open(agent.occupancy, granularity, interval).adjust(occupancy, deltaMs, version, changes)
    }
  }

  private agentOf(userId: string): AgentSites {
    if (this.epoch !== this.store.epoch) {
      this.epoch = this.store.epoch
      this.agents.turn()
    }
    let agent = this.agents.get(userId)
    if (agent === undefined) {
      const states = { routingStatus: new Map(), systemPresence: new Map(), organizationPresence: new Map() }
      agent = { occupancy: this.store.sites.of('agent-occupancy', [userId]), states }
      this.agents.set(userId, agent)
    }
    return agent
  }

  private siteOf({ states }: AgentSites, userId: string, kind: StateKind, state: string): Site {
    let site = states[kind].get(state)
    if (site === undefined) states[kind].set(state, (site = this.store.sites.of('agent-state', [userId, kind, state])))
    return site
  }

  private intervalOf(level: number, at: EpochMs): Interval {
    const last = this.intervals[level]
    if (last !== undefined && at >= last.start && at < last.end) return last
    const interval = intervalAt(this.granularities[level] as Granularity, this.settings.base.zone, at)
    this.intervals[level] = interval
    return interval
  }
}
