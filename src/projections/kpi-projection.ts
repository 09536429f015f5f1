import type {
  AgentStateEntered,
  ConfigurationFact,
  ConversationRecorded,
  Fact,
  MetricPoint,
  StateKind,
  StreamErased,
} from '../domain/fact.js'
import type { FamilyName } from '../domain/family.js'
import { granularityOf, intervalAt, type Granularity } from '../domain/granularity.js'
import { intervalStart, type EpochMs, type Interval } from '../domain/interval.js'
import type { KpiEvent } from '../domain/kpi-event.js'
import { metricIndex, type MetricName } from '../domain/metric.js'
import type { Profile } from '../domain/profile.js'
import { unreachable } from '../domain/unreachable.js'
import { AgentTimeline, type StateDelta, type StateEntry } from './points/agent-states.js'
import { SpillingMap, emptyColdStore, type ColdStore, type SpilledEntries } from './cells/cold-store.js'
import { CellStore, type Birthright, type CellStoreState } from './cells/cell-store.js'
import { isObservation, OBSERVATION_SCALE, type Cell } from './cells/cell.js'
import { Configuration, type ConfigurationState } from './settings.js'
import { Correlator, type CorrelatorState } from './points/detail-events.js'
import { forEachCell, metricPlace, pointFamiliesOf } from './cells/cell-keys.js'
import type { PointSink } from './points/point-sink.js'

/** Why a fact was not folded. It is for the dead letter, with these words. */
export type Refusal = Readonly<{ reason: 'too-late' | 'contradictory'; detail: string }>

export type ProjectionState = Readonly<{
  frontier: EpochMs | null
  inHistory: boolean
  configuration: ConfigurationState
  /** Where the restating of closed cells by new settings has come to; null when there is none to do. */
  restatedThrough: string | null
  grid: CellStoreState
  correlator: CorrelatorState
  timelines: readonly (readonly [string, StateKind, readonly StateEntry[]])[]
  spilled: SpilledEntries
}>

export type ProjectionOptions = Readonly<{
  state?: ProjectionState | undefined
  coldStore?: ColdStore | undefined
  /** Configuration that is known from the start, wherever in the log it stands. */
  configuration?: readonly ConfigurationFact[]
  /**
   * When that was: organisation settings for later wait until the frontier comes there. Without it all of them are in
   * force.
   */
  knownAt?: EpochMs
  /** Does the fold begin in history, where nothing is too late? `endHistory` ends it. */
  inHistory?: boolean
  /**
   * Closed cells that one tick of the clock restates, at most, when settings changed that count for all of history.
   * Rows depend on it: only tests choose it.
   */
  restatedPerTick?: number
}>

const stateMetric: Readonly<Record<StateKind, MetricName>> = {
  routingStatus: 'tAgentRoutingStatus',
  systemPresence: 'tSystemPresence',
  organizationPresence: 'tOrganizationPresence',
}

const occupancyMetric: Readonly<Record<string, MetricName>> = {
  IDLE: 'tRoutingStatusIdle',
  INTERACTING: 'tRoutingStatusInteracting',
  COMMUNICATING: 'tRoutingStatusCommunicating',
  NOT_RESPONDING: 'tRoutingStatusNotResponding',
  OFF_QUEUE: 'tRoutingStatusOffQueue',
}

const RESTATED_PER_TICK = 2_000

/**
 * From facts to rows: pure to its caller, quick inside. The same facts give the same rows however they are cut into
 * batches; the last values of a row depend on the set of facts alone, given that the frontier came as far and the
 * configuration was known.
 */
export class KpiProjection {
  private readonly tenant: string
  private readonly base: Profile
  private readonly restatedPerTick: number
  private readonly configuration: Configuration
  private readonly grid: CellStore
  private readonly correlator: Correlator
  private readonly recorded: SpillingMap<Set<string>>
  private readonly timelines = new Map<string, { userId: string; kind: StateKind; timeline: AgentTimeline }>()
  private readonly granularities: readonly Granularity[]
  /** The interval of each granularity that was met last: the next point is nearly always in it too. */
  private readonly intervals: (Interval | undefined)[] = []
  /** Cells of the point at hand. */
  private readonly hit: Cell[] = []
  private asked: Readonly<{ profile: Profile; families: readonly FamilyName[] }> | undefined
  private frontier: EpochMs | null
  private inHistory: boolean
  private restatedThrough: string | null

  constructor(tenant: string, profile: Profile, options: ProjectionOptions = {}) {
    const {
      state,
      coldStore = emptyColdStore,
      configuration = [],
      knownAt = null,
      inHistory = false,
      restatedPerTick = RESTATED_PER_TICK,
    } = options
    this.restatedPerTick = restatedPerTick
    this.tenant = tenant
    this.base = profile
    this.frontier = state?.frontier ?? null
    this.inHistory = state?.inHistory ?? inHistory
    this.restatedThrough = state?.restatedThrough ?? null
    this.configuration = new Configuration(profile, state?.configuration)
    this.granularities = [granularityOf(profile.intervalMs) ?? 'PT15M', ...profile.rollUps]
    this.grid = new CellStore((...born) => this.birthright(...born), coldStore, state?.spilled ?? [], state?.grid)
    this.recorded = new SpillingMap(
      'recorded/',
      coldStore,
      state?.spilled ?? [],
      (data) => new Set(data as readonly string[]),
      (keys) => [...keys],
    )
    this.correlator = new Correlator(
      this.configuration,
      this.sinkOf(undefined),
      this.sinkOf(['campaign']),
      state?.correlator,
    )
    for (const [userId, kind, entries] of state?.timelines ?? []) this.timelineOf(userId, kind, entries)
    if (state === undefined) for (const fact of configuration) this.configuration.learn(fact, knownAt)
  }

  /** Folds a fact; says why if it could not be. */
  apply(fact: Fact): Refusal | undefined {
    switch (fact.type) {
      case 'MetricEmitted':
        return this.base.points === 'metric-records' ? this.point(fact) : undefined
      case 'ConversationRecorded':
        return this.base.points === 'conversation-details' ? this.record(fact) : undefined
      case 'AcdStarted':
      case 'AcdEnded':
      case 'CustomerStarted':
      case 'CustomerEnded':
      case 'UserSessionStarted':
      case 'UserSessionEnded':
      case 'AfterCallWorkCompleted':
      case 'WrapUpApplied':
      case 'OutboundInitiated':
      case 'VoicemailStarted':
      case 'VoicemailEnded':
      case 'ConversationAnnotated':
      case 'FlowStarted':
      case 'FlowEnded':
      case 'FlowOutcomeReached':
        if (this.base.points !== 'detail-events') return undefined
        if (!this.inHistory && this.isTooLate(fact.at)) return this.tooLate(fact.at)
        return this.correlator.apply(fact) === 'contradictory' ? contradictory(fact) : undefined
      case 'AgentStateEntered':
        return this.state(fact)
      case 'QueueConfigured':
      case 'OrgSettingsChanged':
      case 'PresenceDefined':
      case 'ProfilePublished':
      case 'ConfigurationAudited':
        this.learn(fact)
        return undefined
      case 'StreamErased':
        // What had been folded before stays as it was published.
        if (this.inHistory) this.erase(fact)
        return undefined
      case 'ClockTicked':
        this.tick(fact.at)
        return undefined
      case 'AgentSegmentEntered': // delivered to nobody knows whom: no figure rests on it
      case 'ConversationLoadReported': // without an instant of its own
      case 'QueueMembershipChanged': // without an instant of its own
        return undefined
      default:
        return unreachable(fact)
    }
  }

  /** History ends here: from now on what is later than the horizon is refused. */
  endHistory(): void {
    this.inHistory = false
  }

  /** The events since the last call: each row that changed, in its present state. */
  drainEvents(): readonly KpiEvent[] {
    return this.grid.drainChanged().map((cell) => ({
      kind: 'row',
      row: cell.renderRow(this.tenant, this.configuration.rendering(cell.family, cell.start, cell.epoch)),
    }))
  }

  /** Everything the fold knows; a fold made from it carries on identically. Only between batches, after `drainEvents`. */
  save(): ProjectionState {
    return {
      frontier: this.frontier,
      inHistory: this.inHistory,
      configuration: this.configuration.save(),
      restatedThrough: this.restatedThrough,
      grid: this.grid.save(),
      correlator: this.correlator.save(),
      timelines: [...this.timelines.values()].map(
        ({ userId, kind, timeline }) => [userId, kind, timeline.save()] as const,
      ),
      spilled: [...this.grid.spilled(), ...this.recorded.save()],
    }
  }

  /** What `save` returned is stored, what was spilled where the cold store finds it: it may leave memory. */
  saved(): void {
    this.grid.forgetClosed()
    this.recorded.forget()
  }

  private point(point: MetricPoint): Refusal | undefined {
    if (!this.inHistory && this.isTooLate(point.at)) return this.tooLate(point.at)
    this.observe(point)
    return undefined
  }

  /** A record says all emissions of a conversation so far: those of an earlier record of it are known. */
  private record({ conversationId, points }: ConversationRecorded): Refusal | undefined {
    const known = this.recorded.get(conversationId) ?? new Set<string>()
    let refusal: Refusal | undefined
    for (const point of points) {
      if (known.has(point.key)) continue
      const refused = this.point(point)
      if (refused === undefined) known.add(point.key)
      else refusal = refused
    }
    this.recorded.set(conversationId, known)
    return refusal
  }

  private state(fact: AgentStateEntered): Refusal | undefined {
    // Even in history: what an agent did before is forgotten by then, and the time would be counted twice.
    if (this.isTooLate(fact.at)) return this.tooLate(fact.at)
    this.enter(fact.userId, fact.kind, fact)
    if (
      fact.kind === 'systemPresence' &&
      this.configuration.profileAt(fact.at).agentState.endsRoutingStatus.includes(fact.state)
    )
      this.enter(fact.userId, 'routingStatus', { at: fact.at, state: 'OFF_QUEUE' })
    return undefined
  }

  /** Marks the rows that would have held what was erased. */
  private erase({ points }: StreamErased): void {
    for (const { source, count, ...point } of points) {
      if (source !== this.base.points || metricPlace(point.metric) === undefined) continue
      for (const cell of this.cellsOf({ ...point, value: 0 })) cell.erase(count, this.configuration.epoch)
    }
  }

  private enter(userId: string, kind: StateKind, { at, state }: StateEntry): void {
    this.adjust(userId, kind, this.timelineOf(userId, kind).enter({ at, state }, this.grid.closedThrough))
  }

  private observe(point: MetricPoint): void {
    const metric = metricPlace(point.metric)
    if (metric === undefined) return
    const value = isObservation(metric) ? Math.round(point.value * OBSERVATION_SCALE) : point.value
    for (const cell of this.cellsOf(point)) cell.observe(metric, value, this.configuration.epoch)
  }

  /** The cells that a point falls into; the list is only good until the next call. */
  private cellsOf(point: MetricPoint, only?: readonly FamilyName[]): readonly Cell[] {
    const { hit, grid } = this
    hit.length = 0
    const { profile, families } = this.askedAt(point.at)
    for (let level = 0; level < this.granularities.length; level++) {
      const granularity = this.granularities[level] as Granularity
      const interval = this.intervalOf(level, point.at)
      forEachCell(
        point,
        only === undefined ? families : families.filter((family) => only.includes(family)),
        profile.splitBy,
        (family, dimensions) => {
          hit.push(grid.touch(family, dimensions, granularity, interval))
        },
      )
    }
    return hit
  }

  private askedAt(at: EpochMs): Readonly<{ profile: Profile; families: readonly FamilyName[] }> {
    const profile = this.configuration.cellProfileAt(intervalStart(at, this.base.intervalMs))
    if (this.asked?.profile !== profile) this.asked = { profile, families: pointFamiliesOf(profile) }
    return this.asked
  }

  private intervalOf(level: number, at: EpochMs): Interval {
    const last = this.intervals[level]
    if (last !== undefined && at >= last.start && at < last.end) return last
    const interval = intervalAt(this.granularities[level] as Granularity, this.base.zone, at)
    this.intervals[level] = interval
    return interval
  }

  /** Where correlated points go; `only` restricts the families. */
  private sinkOf(only: readonly FamilyName[] | undefined): PointSink {
    const change = (point: MetricPoint, act: (cell: Cell, metric: number, epoch: number) => void): void => {
      const metric = metricPlace(point.metric)
      if (metric === undefined) return
      for (const cell of this.cellsOf(point, only)) act(cell, metric, this.configuration.epoch)
    }
    return {
      observe: (point, _, why) => change(point, (cell, metric, epoch) => cell.observe(metric, point.value, epoch, why)),
      observePending: (id, point) =>
        change(point, (cell, metric, epoch) => cell.observePending(id, { metric, value: point.value }, epoch)),
      withdraw: (id, point) => change(point, (cell, _, epoch) => cell.withdraw(id, epoch)),
      settle: (id, point) => change(point, (cell) => cell.settle(id)),
    }
  }

  private tick(at: EpochMs): void {
    if (this.frontier !== null && at <= this.frontier) return
    this.frontier = at
    const epoch = this.configuration.epoch
    this.configuration.reach(at)
    if (this.configuration.epoch !== epoch) this.beginRestating()
    if (this.restatedThrough !== null) this.restateSome(this.restatedThrough)
    const before = this.grid.closedThrough
    const through = intervalStart(at - this.base.graceMs, this.base.intervalMs)
    if (before !== null && through <= before) return
    this.correlator.tick(at)
    for (const { userId, kind, timeline } of this.timelines.values())
      this.adjust(userId, kind, timeline.advance(before, through))
    this.grid.closeThrough(through)
    for (const { timeline } of this.timelines.values())
      timeline.forgetBefore(intervalStart(through - this.base.lateHorizonMs, this.base.intervalMs))
  }

  private learn(fact: Exclude<ConfigurationFact, StreamErased>): void {
    const epoch = this.configuration.epoch
    const queueId = this.configuration.learn(fact, this.frontier, () => ({
      closedThrough: this.grid.closedThrough,
      open: this.grid.begun(this.granularities[0] as Granularity),
    }))
    if (queueId !== undefined)
      this.grid.forOpen((cell) => {
        if (cell.family === 'queue' && cell.dimensions[0] === queueId)
          cell.retarget(this.targetOf(cell.family, cell.dimensions, cell.start), epoch)
      })
    if (this.configuration.epoch !== epoch) this.beginRestating()
  }

  /** Settings changed: open cells are rendered by them at once, closed ones as the clock ticks, some at a time. */
  private beginRestating(): void {
    this.grid.forOpen((cell) => this.restate(cell))
    this.restatedThrough = ''
  }

  private restateSome(after: string): void {
    this.restatedThrough = this.grid.forClosed(after, this.restatedPerTick, (cell) => this.restate(cell)) ?? null
  }

  private restate(cell: Cell): void {
    const { epoch } = this.configuration
    if (cell.epoch === epoch) return
    const { family, start } = cell
    cell.restate(
      epoch,
      this.configuration.rendering(family, start, cell.epoch),
      this.configuration.rendering(family, start, epoch),
    )
  }

  private adjust(userId: string, kind: StateKind, deltas: readonly StateDelta[]): void {
    const metric = metricIndex.get(stateMetric[kind]) as number
    const { epoch } = this.configuration
    for (const { state, start, deltaMs } of deltas) {
      const { families } = this.configuration.cellProfileAt(start)
      const occupancy =
        kind === 'routingStatus' && Object.hasOwn(occupancyMetric, state) ? occupancyMetric[state] : undefined
      this.granularities.forEach((granularity, level) => {
        const interval = this.intervalOf(level, start)
        if (families.includes('agent-state'))
          this.grid.touch('agent-state', [userId, kind, state], granularity, interval).adjust(metric, deltaMs, epoch)
        if (occupancy !== undefined && families.includes('agent-occupancy'))
          this.grid
            .touch('agent-occupancy', [userId], granularity, interval)
            .adjust(metricIndex.get(occupancy) as number, deltaMs, epoch)
      })
    }
  }

  private birthright(family: FamilyName, dimensions: readonly (string | null)[], start: EpochMs): Birthright {
    const { quantiles } = this.configuration.cellProfileAt(start)
    return {
      epoch: this.configuration.epoch,
      serviceTarget: this.targetOf(family, dimensions, start),
      sketched: quantiles.map((metric) => metricIndex.get(metric) as number),
    }
  }

  private targetOf(
    family: FamilyName,
    [queueId, mediaType]: readonly (string | null)[],
    start: EpochMs,
  ): number | null {
    if (family !== 'queue' || typeof queueId !== 'string' || typeof mediaType !== 'string') return null
    return this.configuration.serviceTarget(queueId, mediaType, start)
  }

  /** Is the base interval of this instant closed for longer than the horizon? */
  private isTooLate(at: EpochMs): boolean {
    const { closedThrough } = this.grid
    return (
      closedThrough !== null &&
      intervalStart(at, this.base.intervalMs) + this.base.intervalMs + this.base.lateHorizonMs <= closedThrough
    )
  }

  private tooLate(at: EpochMs): Refusal {
    const [happened, closed] = [at, this.grid.closedThrough ?? at].map((instant) => new Date(instant).toISOString())
    return {
      reason: 'too-late',
      detail: `it happened at ${happened}, and intervals are closed through ${closed}: that is more than lateHorizonMs (${this.base.lateHorizonMs}) ago; \`streamvane rebuild\` takes it in`,
    }
  }

  private timelineOf(userId: string, kind: StateKind, entries?: readonly StateEntry[]): AgentTimeline {
    const key = `${kind}/${userId}`
    const known = this.timelines.get(key)
    if (known !== undefined) return known.timeline
    const timeline = new AgentTimeline(
      { stateMaxMs: this.base.agentState.stateMaxMs, intervalMs: this.base.intervalMs },
      entries,
    )
    this.timelines.set(key, { userId, kind, timeline })
    return timeline
  }
}

const contradictory = (fact: Fact & Readonly<{ conversationId: string }>): Refusal => ({
  reason: 'contradictory',
  detail: `another ${fact.type} of the same session of conversation ${fact.conversationId} says something else; the first one counts`,
})
