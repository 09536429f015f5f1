import type {
  ClockTakenBack,
  ClockTicked,
  ConfigurationFact,
  ConversationRecorded,
  Fact,
  MetricEmitted,
  StreamErased,
} from '../domain/fact.js'
import type { FactRun } from '../domain/fact-run.js'
import type { FamilyName } from '../domain/family.js'
import { intervalStart, type EpochMs } from '../domain/interval.js'
import type { KpiEvent } from '../domain/kpi-event.js'
import type { Published } from '../domain/published.js'
import { countsDetails, countsMetricRecords, type Profile } from '../domain/profile.js'
import { unreachable } from '../domain/unreachable.js'
import { granularitiesOf } from './cells/cell-finder.js'
import { CellStore } from './cells/cell-store.js'
import { emptyColdStore } from './cells/cold-store.js'
import type { IntervalsOf } from './cells/complete-intervals.js'
import { newCellSettings, serviceTargetOf } from './cells/new-cell-settings.js'
import { PointCells } from './cells/point-cells.js'
import { Restating } from './cells/restating.js'
import type { Due } from './cells/unpublished-cells.js'
import { tooEarly, tooLate, type Refusal } from './lateness.js'
import { Leavers } from './leavers.js'
import { AgentStates } from './points/agent-states.js'
import { ConversationRecords } from './points/conversation-records.js'
import { CustomerFirstAnswers } from './points/customer-first.js'
import { Correlator } from './points/detail-events.js'
import type { PointTarget } from './points/point-target.js'
import type { ProjectionOptions } from './projection-options.js'
import type { ProjectionState } from './projection-state.js'
import { isSinglePoint, receivedAtOf, type RefusedEntry } from './run-entries.js'
import { Settings } from './settings.js'

const RESTATED_PER_TICK = 2_000

/**
 * From facts to KPI events. It dispatches facts to the parts that find metric points in them, and puts out the rows of
 * the cells that changed. It is pure to its caller and changes its state in place. The same facts give the same rows
 * however they are cut into batches; the last values of a row depend on the set of facts alone, given that the frontier
 * came as far and the configuration was known.
 */
export class KpiProjection {
  private readonly tenant: string
  private readonly base: Profile
  private readonly settings: Settings
  private readonly cells: CellStore
  /** Where points go. Points that others found are counted here too. */
  readonly target: PointTarget
  /** The target, unless points go elsewhere. */
  private readonly pointCells: PointCells | undefined
  private readonly restating: Restating
  private readonly correlator: Correlator
  private readonly customerFirst: CustomerFirstAnswers
  private readonly records: ConversationRecords
  private readonly agentStates: AgentStates
  private readonly leavers: Leavers
  private readonly begunElsewhere: () => readonly EpochMs[]
  private frontier: EpochMs | null
  private inHistory: boolean
  /** Take-backs of the clock that are still to come in history: ticks beyond any of them are wrong. */
  private takeBacks: readonly EpochMs[]
  /** During `applyClock`: counts what others found. */
  private countFound: ((target: PointTarget) => void) | undefined

  constructor(tenant: string, profile: Profile, options: ProjectionOptions = {}) {
    const { state, coldStore = emptyColdStore, configuration = [], knownAt = null } = options
    const { inHistory = false, takeBacks = [] } = options
    const spilled = state?.spilled ?? []
    this.tenant = tenant
    this.base = profile
    this.frontier = state?.frontier ?? null
    this.inHistory = state?.inHistory ?? inHistory
    this.takeBacks = state?.takeBacks ?? takeBacks
    this.begunElsewhere = options.begunElsewhere ?? (() => [])
    this.settings = new Settings(profile, state?.settings)
    this.cells = new CellStore(
      newCellSettings(this.settings, profile),
      coldStore,
      spilled,
      state?.cells,
      options.target === undefined ? (options.shared?.intervals ?? this.intervalsOf(profile)) : undefined,
      options.shared?.owns,
    )
    this.pointCells = options.target === undefined ? new PointCells(this.settings, this.cells) : undefined
    this.target = options.target ?? (this.pointCells as PointCells)
    this.restating = new Restating(
      this.settings,
      this.cells,
      options.restatedPerTick ?? RESTATED_PER_TICK,
      state?.restatedThrough ?? null,
    )
    const { target } = this
    this.correlator = new Correlator(this.settings, target.sink(), target.sink(['campaign']), state?.correlator)
    this.customerFirst = new CustomerFirstAnswers(this.settings, target.sink(), state?.customerFirst)
    this.records = new ConversationRecords(coldStore, spilled, target, (at) => this.tooLate(at))
    this.agentStates = new AgentStates(
      this.settings,
      coldStore,
      spilled,
      (...adjustment) => target.adjust(...adjustment),
      state?.agentStates,
    )
    this.leavers = new Leavers(tenant, profile, state?.leaving)
    if (state === undefined) for (const fact of configuration) this.settings.learn(fact, knownAt)
  }

  /**
   * Folds a fact. `receivedAt` is when its raw event was received, if that is known. Answers why if the fact, or a part
   * of it, cannot be counted.
   */
  apply(fact: Fact, receivedAt?: EpochMs): Refusal | undefined {
    switch (fact.type) {
      case 'MetricEmitted':
        if (!countsMetricRecords(this.base.points)) return undefined
        return this.refusalAt(fact.at, receivedAt) ?? this.emitted(fact)
      case 'ConversationRecorded':
        return countsDetails(this.base.points) ? this.recorded(fact, receivedAt) : undefined
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
        return this.refusalAt(fact.at, receivedAt) ?? this.correlator.apply(fact)
      case 'AgentStateEntered': {
        const refusal = this.refusalAt(fact.at, receivedAt)
        if (refusal === undefined) this.agentStates.entered(fact, this.cells.closedThrough)
        return refusal
      }
      case 'QueueConfigured':
      case 'OrgSettingsChanged':
      case 'PresenceDefined':
      case 'ObjectNamed':
      case 'ProfilePublished':
      case 'ConfigurationAudited':
        this.learn(fact)
        return undefined
      case 'StreamErased':
        // What had been folded before stays as it was published.
        if (this.inHistory) for (const points of fact.points) this.target.erase(points)
        return undefined
      case 'ClockTicked':
        this.tick(fact.at)
        return undefined
      case 'ClockTakenBack':
        this.takeBack(fact.at)
        return undefined
      case 'AgentSegmentEntered': // who receives this topic is unknown, so no figure rests on it
      case 'ConversationLoadReported': // has no instant of its own
      case 'QueueMembershipChanged': // has no instant of its own
        return undefined
      default:
        return unreachable(fact)
    }
  }

  /**
   * The clock moved, and others found points by it, which `count` gives to the target: they count where this
   * projection's own would, before intervals close or open.
   */
  applyClock(fact: ClockTicked | ClockTakenBack, count: (target: PointTarget) => void): void {
    this.countFound = count
    this.apply(fact)
    this.countFound = undefined
  }

  /**
   * Folds the entries `[from, to)` of a run as `apply` would one after the other. Points of metric records, the bulk of
   * all facts, are counted from the columns, without an object for each. Answers the entries that cannot be counted.
   */
  applyRun(run: FactRun, from = 0, to = run.length): readonly RefusedEntry[] {
    const refused: RefusedEntry[] = []
    const { pointCells } = this
    const counts = pointCells !== undefined && this.base.points === 'metric-records'
    for (let entry = from; entry < to; entry++) {
      const refusal =
        counts && isSinglePoint(run, entry)
          ? this.pointRefusal(pointCells, run, entry)
          : this.apply(run.fact(entry), receivedAtOf(run, entry))
      if (refusal !== undefined) refused.push({ entry, refusal })
    }
    return refused
  }

  /** History ends here: from now on what is later than the horizon is refused. */
  endHistory(): void {
    this.inHistory = false
  }

  /**
   * The rows that changed since they were last given out, in their present state: all of them, or those that have
   * settled; the others wait for a later call. Behind them the markers of intervals whose rows have all been given out,
   * and what has left the configuration. They are to be taken to the last before the projection goes on. Each row is made
   * when it is taken: a closing interval has tens of thousands.
   */
  *drain(due: Due): Generator<KpiEvent, void, undefined> {
    this.pointCells?.countTimes()
    for (const cell of this.cells.drainUnpublished(due)) {
      const rendering = this.settings.rendering(cell.family, cell.start, cell.settingsVersion)
      yield { kind: 'row', row: cell.renderRow(this.tenant, rendering) }
    }
    yield* this.cells.drainMarkers(this.tenant)
    for (const left of this.leavers.drain()) yield { kind: 'left', left }
  }

  /** The same as an array. */
  drainEvents(due: Due = 'all'): readonly KpiEvent[] {
    return [...this.drain(due)]
  }

  /** What was published before is not given out again. */
  wasPublished(published: Published): void {
    this.pointCells?.countTimes()
    this.cells.wasPublished(published)
    this.leavers.wasPublished(published.left)
  }

  /** End of the last closed base interval; null before the first closing. */
  get closedThrough(): EpochMs | null {
    return this.cells.closedThrough
  }

  /** Closed cells that wait in memory for the next save. */
  get closedInMemory(): number {
    return this.cells.closedInMemory
  }

  /** Base intervals that hold cells and are not closed. */
  get openIntervals(): number {
    return this.cells.begun(granularitiesOf(this.base)[0] ?? 'PT15M').length
  }

  /** The whole state; a projection made from it carries on identically. */
  save(): ProjectionState {
    this.pointCells?.countTimes()
    return {
      frontier: this.frontier,
      inHistory: this.inHistory,
      takeBacks: this.takeBacks,
      settings: this.settings.save(),
      restatedThrough: this.restating.save(),
      cells: this.cells.save(),
      correlator: this.correlator.save(),
      customerFirst: this.customerFirst.save(),
      agentStates: this.agentStates.save(),
      leaving: this.leavers.save(),
      spilled: [...this.cells.spilled(), ...this.records.spilled(), ...this.agentStates.spilled()],
    }
  }

  /** What `save` returned is stored, and the cold store holds its `spilled` entries: they leave memory. */
  saved(): void {
    this.cells.releaseClosed()
    this.records.release()
    this.agentStates.release()
  }

  /** The families that the profile in force at an instant asks for. */
  familiesAt(at: EpochMs): readonly FamilyName[] {
    return this.settings.cellProfileAt(intervalStart(at, this.base.intervalMs)).families
  }

  private intervalsOf(profile: Profile): IntervalsOf {
    return {
      granularities: granularitiesOf(profile),
      zone: profile.zone,
      familiesAt: (at) => this.familiesAt(at),
    }
  }

  /** Counts a point of a run, or answers why it cannot be counted. */
  private pointRefusal(cells: PointCells, run: FactRun, entry: number): Refusal | undefined {
    const refusal = this.refusalAt(run.at[entry] as number, run.receivedAt[entry])
    if (refusal === undefined) cells.observeEntry(run, entry)
    return refusal
  }

  private emitted(point: MetricEmitted): undefined {
    if (this.base.points === 'metric-records-and-details' && point.session !== undefined)
      return this.records.emitted(point, point.session)
    if (!this.customerFirst.observe(point)) this.target.observe(point)
  }

  /** Points that are too early are not part of the statement. */
  private recorded(fact: ConversationRecorded, receivedAt: EpochMs | undefined): Refusal | undefined {
    const early = fact.points.find(({ at }) => tooEarly(at, receivedAt, this.base) !== undefined)
    if (early === undefined) return this.records.record(fact)
    const points = fact.points.filter(({ at }) => tooEarly(at, receivedAt, this.base) === undefined)
    return this.records.record({ ...fact, points }) ?? tooEarly(early.at, receivedAt, this.base)
  }

  private refusalAt(at: EpochMs, receivedAt: EpochMs | undefined): Refusal | undefined {
    return tooEarly(at, receivedAt, this.base) ?? this.tooLate(at)
  }

  private tooLate(at: EpochMs): Refusal | undefined {
    return this.inHistory ? undefined : tooLate(at, this.cells.closedThrough, this.base)
  }

  private tick(at: EpochMs): void {
    if (this.frontier !== null && at <= this.frontier) return
    if (this.takeBacks.some((limit) => at > limit)) return
    this.frontier = at
    this.pointCells?.countTimes()
    const { version } = this.settings
    this.settings.reach(at)
    if (this.settings.version !== version) this.restating.begin()
    this.restating.tick()
    const before = this.cells.closedThrough
    const through = intervalStart(at - this.base.graceMs, this.base.intervalMs)
    if (before !== null && through <= before) return
    this.correlator.tick(at)
    this.customerFirst.tick(at)
    this.agentStates.advance(before, through)
    this.countFound?.(this.target)
    this.pointCells?.countTimes()
    this.cells.closeThrough(through, at)
    this.leavers.reach(through)
  }

  /**
   * The frontier goes back to `at`. Intervals after it are open again for new cells; cells that the wrong tick closed
   * stay closed, because a row that was published as final never becomes provisional again.
   */
  private takeBack(at: EpochMs): void {
    this.takeBacks = this.takeBacks.slice(1)
    if (this.frontier === null || at >= this.frontier) return
    this.frontier = at
    this.pointCells?.countTimes()
    this.correlator.takeBack(at)
    const before = this.cells.closedThrough
    const through = intervalStart(at - this.base.graceMs, this.base.intervalMs)
    if (before === null || through >= before) return
    this.agentStates.takeBack(before, through)
    this.countFound?.(this.target)
    this.pointCells?.countTimes()
    this.cells.reopenAfter(through)
  }

  private learn(fact: Exclude<ConfigurationFact, StreamErased>): void {
    this.pointCells?.countTimes()
    if (fact.type === 'ConfigurationAudited' && this.pointCells !== undefined) this.leavers.learn(fact)
    const { version } = this.settings
    const queueId = this.settings.learn(fact, this.frontier, () => ({
      closedThrough: this.cells.closedThrough,
      open: [...this.cells.begun(granularitiesOf(this.base)[0] ?? 'PT15M'), ...this.begunElsewhere()],
    }))
    if (queueId !== undefined)
      this.cells.forOpen((cell) => {
        if (cell.family === 'queue' && cell.dimensions[0] === queueId)
          cell.retarget(serviceTargetOf(this.settings, cell.family, cell.dimensions, cell.start), version)
      })
    if (this.settings.version !== version) this.restating.begin()
  }
}
