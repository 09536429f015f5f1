import { pointDimension, splits } from '../../../src/domain/dimensions.js'
import type { Fact, MetricPoint, StateKind } from '../../../src/domain/fact.js'
import { families, type FamilyName } from '../../../src/domain/family.js'
import { granularityOf, intervalAt, type Granularity } from '../../../src/domain/granularity.js'
import { intervalStart, type EpochMs } from '../../../src/domain/interval.js'
import { metricGroup, metricIndex, type MetricName } from '../../../src/domain/metric.js'
import type { Profile } from '../../../src/domain/profile.js'
import { rowKey, type Correction, type Row } from '../../../src/domain/row.js'
import { KpiProjection } from '../../../src/projections/kpi-projection.js'
import type { StateSpan } from '../../../src/projections/points/agent-timeline.js'
import type { PointTarget } from '../../../src/projections/points/point-target.js'
import { Settings } from '../../../src/projections/settings.js'
import { changed, figuresText, isUnpublished, referenceRow, type ReferenceCell } from './reference-cell.js'

const stateMetrics: Readonly<Record<StateKind, MetricName>> = {
  routingStatus: 'tAgentRoutingStatus',
  systemPresence: 'tSystemPresence',
  organizationPresence: 'tOrganizationPresence',
}

const occupancyMetrics = new Map<string, MetricName>([
  ['IDLE', 'tRoutingStatusIdle'],
  ['INTERACTING', 'tRoutingStatusInteracting'],
  ['COMMUNICATING', 'tRoutingStatusCommunicating'],
  ['NOT_RESPONDING', 'tRoutingStatusNotResponding'],
  ['OFF_QUEUE', 'tRoutingStatusOffQueue'],
])

type Place = readonly [family: FamilyName, dimensions: readonly (string | null)[]]

/**
 * What the projection computes, written to be read: every cell keeps all that was counted in it, one map holds all
 * cells, and rows are made of them each time. Points are found by the product's own code (its target is this), and so
 * are settings; which cells a point falls into, what a cell becomes by it, when it closes and what its row says stand
 * here again. It begins in history if asked to, and restates all closed cells at the first tick after a change.
 */
export class ReferenceFold {
  private readonly tenant: string
  private readonly profile: Profile
  private readonly settings: Settings
  private readonly finder: KpiProjection
  private readonly granularities: readonly Granularity[]
  private readonly cells = new Map<string, ReferenceCell>()
  private frontier: EpochMs | null = null
  private closedThrough: EpochMs | null = null
  private mustRestateClosed = false

  constructor(tenant: string, profile: Profile, inHistory: boolean) {
    this.tenant = tenant
    this.profile = profile
    this.settings = new Settings(profile)
    this.finder = new KpiProjection(tenant, profile, { target: this.target, inHistory })
    this.granularities = [granularityOf(profile.intervalMs) as Granularity, ...profile.rollUps]
  }

  apply(fact: Fact): void {
    switch (fact.type) {
      case 'QueueConfigured':
      case 'OrgSettingsChanged':
      case 'ProfilePublished':
        this.learn(fact)
        this.finder.apply(fact)
        return
      case 'ClockTicked':
        if (this.frontier !== null && fact.at <= this.frontier) return
        this.tick(fact.at)
        this.finder.apply(fact)
        this.close(intervalStart(fact.at - this.profile.graceMs, this.profile.intervalMs))
        return
      case 'ClockTakenBack': {
        this.finder.apply(fact)
        if (this.frontier === null || fact.at >= this.frontier) return
        this.frontier = fact.at
        const through = intervalStart(fact.at - this.profile.graceMs, this.profile.intervalMs)
        if (this.closedThrough !== null && through < this.closedThrough) this.closedThrough = through
        return
      }
      default:
        this.finder.apply(fact)
    }
  }

  /** The rows that changed, in the order of their keys. */
  drain(): readonly Row[] {
    const rows: Row[] = []
    for (const cell of this.cells.values()) {
      if (!isUnpublished(cell)) continue
      cell.published = cell.revision
      rows.push(referenceRow(this.tenant, cell, this.renderingOf(cell, cell.settingsVersion)))
    }
    return rows.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  private readonly target: PointTarget = {
    observe: (point, why = 'late') => this.observe(point, why),
    takeBack: (point, why) => {
      for (const [cell, metric] of this.cellsOf(point)) {
        cell.values.splice(
          cell.values.findIndex(([of, value]) => of === metric && value === point.value),
          1,
        )
        changed(cell, why, this.settings.version)
      }
    },
    sink: (only) => ({
      observe: (point, _, why) => this.observe(point, why ?? 'late', only),
      observePending: (id, point, _, why = 'handled') => {
        for (const [cell, metric] of this.cellsOf(point, only)) {
          cell.pending.set(id, [metric, point.value])
          changed(cell, why, this.settings.version)
        }
      },
      withdraw: (id, point, _, why = 'handled') => {
        for (const [cell] of this.cellsOf(point, only))
          if (cell.pending.delete(id)) changed(cell, why, this.settings.version)
      },
      settle: (id, point) => {
        for (const [cell] of this.cellsOf(point, only)) {
          const settled = cell.pending.get(id)
          if (cell.pending.delete(id) && settled !== undefined) cell.values.push(settled)
        }
      },
    }),
    adjust: (userId, kind, spans) => spans.forEach((span) => this.adjust(userId, kind, span)),
    erase: ({ source, count, ...point }) => {
      if (source !== this.profile.points) return
      for (const [cell] of this.cellsOf({ ...point, value: 0 })) {
        cell.erased += count
        changed(cell, 'erased', this.settings.version)
      }
    },
  }

  private observe(point: MetricPoint, why: Correction, only?: readonly FamilyName[]): void {
    for (const [cell, metric] of this.cellsOf(point, only)) {
      cell.values.push([metric, point.value])
      changed(cell, why, this.settings.version)
    }
  }

  /** Every base interval that a span touches gains its time there, as one change. */
  private adjust(userId: string, kind: StateKind, { state, from, to, sign }: StateSpan): void {
    const { intervalMs } = this.profile
    for (let start = intervalStart(from, intervalMs); start < to; start += intervalMs) {
      const ms = sign * (Math.min(to, start + intervalMs) - Math.max(from, start))
      const occupancy = kind === 'routingStatus' ? occupancyMetrics.get(state) : undefined
      const places: (readonly [Place, MetricName])[] = [[['agent-state', [userId, kind, state]], stateMetrics[kind]]]
      if (occupancy !== undefined) places.push([['agent-occupancy', [userId]], occupancy])
      for (const [[family, dimensions], name] of places) {
        if (!this.settings.cellProfileAt(start).families.includes(family)) continue
        const metric = metricIndex.get(name) as number
        for (const cell of this.opened([[family, dimensions]], start)) {
          cell.times.set(metric, (cell.times.get(metric) ?? 0) + ms)
          changed(cell, 'late', this.settings.version)
        }
      }
    }
  }

  private cellsOf(point: MetricPoint, only?: readonly FamilyName[]): readonly (readonly [ReferenceCell, number])[] {
    const metric = metricIndex.get(point.metric)
    if (metric === undefined || !['interaction', 'flow'].includes(metricGroup(point.metric as MetricName))) return []
    const { families: asked, splitBy } = this.settings.cellProfileAt(intervalStart(point.at, this.profile.intervalMs))
    const places = asked
      .filter((family) => only === undefined || only.includes(family))
      .flatMap((family) => placesIn(family, point, splitBy))
    return this.opened(places, point.at).map((cell) => [cell, metric])
  }

  private opened(places: readonly Place[], at: EpochMs): readonly ReferenceCell[] {
    return this.granularities.flatMap((granularity) => {
      const interval = intervalAt(granularity, this.profile.zone, at)
      return places.map(([family, dimensions]) => {
        const key = rowKey({ family, dimensions, granularity, start: interval.start })
        const isClosed = this.closedThrough !== null && interval.end <= this.closedThrough
        const cell: ReferenceCell = this.cells.get(key) ?? {
          ...{ family, dimensions, granularity, interval, status: isClosed ? 'corrected' : 'provisional' },
          ...{ correction: null, revision: 0, published: 0, settingsVersion: this.settings.version, erased: 0 },
          sketched: this.settings
            .cellProfileAt(interval.start)
            .quantiles.map((metric) => metricIndex.get(metric) as number),
          serviceTarget: this.targetOf(family, dimensions, interval.start),
          ...{ values: [], times: new Map(), pending: new Map() },
        }
        this.cells.set(key, cell)
        return cell
      })
    })
  }

  private learn(fact: Extract<Fact, { type: 'QueueConfigured' | 'OrgSettingsChanged' | 'ProfilePublished' }>): void {
    const { version } = this.settings
    const open = [...this.cells.values()].filter(({ status }) => status === 'provisional')
    const begun = open.filter(({ granularity }) => granularity === this.granularities[0])
    const queueId = this.settings.learn(fact, this.frontier, () => ({
      closedThrough: this.closedThrough,
      open: begun.map(({ interval }) => interval.start),
    }))
    for (const cell of open) {
      if (queueId === undefined || cell.family !== 'queue' || cell.dimensions[0] !== queueId) continue
      const target = this.targetOf(cell.family, cell.dimensions, cell.interval.start)
      if (target === cell.serviceTarget) continue
      cell.serviceTarget = target
      changed(cell, 'settings', version)
    }
    if (this.settings.version !== version) this.restateOpen()
  }

  private tick(at: EpochMs): void {
    this.frontier = at
    const { version } = this.settings
    this.settings.reach(at)
    if (this.settings.version !== version) this.restateOpen()
    if (!this.mustRestateClosed) return
    this.mustRestateClosed = false
    for (const cell of this.cells.values()) if (cell.status !== 'provisional') this.restate(cell)
  }

  private restateOpen(): void {
    for (const cell of this.cells.values()) if (cell.status === 'provisional') this.restate(cell)
    this.mustRestateClosed = true
  }

  private restate(cell: ReferenceCell): void {
    const { version } = this.settings
    const [before, after] = [cell.settingsVersion, version].map((each) =>
      figuresText(cell, this.renderingOf(cell, each)),
    )
    if (before !== after) changed(cell, 'settings', version)
  }

  private close(through: EpochMs): void {
    if (this.closedThrough !== null && through <= this.closedThrough) return
    this.closedThrough = through
    for (const cell of this.cells.values())
      if (cell.status === 'provisional' && cell.interval.end <= through) {
        cell.status = 'final'
        cell.revision += 1
      }
  }

  private renderingOf({ family, interval }: ReferenceCell, version: number): ReturnType<Settings['rendering']> {
    return this.settings.rendering(family, interval.start, version)
  }

  private targetOf(family: FamilyName, [queueId, media]: readonly (string | null)[], start: EpochMs): number | null {
    return family === 'queue' ? this.settings.serviceTarget(queueId as string, media as string, start) : null
  }
}

/** The cells of a family that a point falls into: none where it lacks a dimension, several where it has several values. */
const placesIn = (family: FamilyName, point: MetricPoint, splitBy: Profile['splitBy']): readonly Place[] => {
  const { dimensions, optional, metrics } = families[family]
  if (!(metrics as readonly string[]).includes(point.metric) || !dimensions.includes('mediaType')) return []
  let chosen: readonly (readonly (string | null)[])[] = [[]]
  for (const name of dimensions) {
    const value = point[pointDimension(name)?.field as keyof MetricPoint] as string | readonly string[] | null
    const split = splits.find((each) => each === name)
    const values =
      split !== undefined
        ? [splitBy.includes(split) ? ((value as string | null) ?? 'unknown') : null]
        : Array.isArray(value)
          ? [...new Set<string>(value)]
          : value === null && !optional.includes(name)
            ? []
            : [value as string | null]
    chosen = chosen.flatMap((before) => values.map((one) => [...before, one]))
  }
  return chosen.map((one) => [family, one])
}
