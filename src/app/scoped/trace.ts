import { dimensionsOf, type PointDimensions } from '../../domain/dimensions.js'
import type { ErasedPoints, Fact, MetricPoint, StateKind } from '../../domain/fact.js'
import type { FamilyName } from '../../domain/family.js'
import type { EpochMs } from '../../domain/interval.js'
import { countsDetails, type Profile } from '../../domain/profile.js'
import type { Correction } from '../../domain/row.js'
import { bucketOfStream, conversationStream } from '../../domain/stream-name.js'
import type { DecodedRun } from '../../facts/decoded-run.js'
import type { Position } from '../../log/event-log.js'
import { metricPlace } from '../../projections/cells/cell-keys.js'
import { KpiProjection } from '../../projections/kpi-projection.js'
import type { ProjectionOptions } from '../../projections/projection-options.js'
import type { Refusal } from '../../projections/lateness.js'
import type { PointTarget } from '../../projections/points/point-target.js'
import type { PointSink } from '../../projections/points/point-sink.js'

/** A raw event by its place in the log. */
export type RawPlace = Readonly<{ stream: string; position: Position }>

/** Why a point that was counted does not count any more, and the event that said so. */
export type TakenBack = Readonly<{ why: Correction; by: RawPlace }>

/** A metric point that was counted. */
export type TracedPoint = Readonly<{
  metric: string
  value: number
  at: EpochMs
  dimensions: PointDimensions
  /** The raw event that stated it; of a handle time the one that completed it. */
  event: RawPlace
  /** The families in which it counts; `null`: in all that carry it. */
  only: readonly FamilyName[] | null
  /** The position at which it was counted: of a handle time without after-call work, that of a tick of the clock. */
  countedAt: Position
  /** May it still be taken back by what follows (after-call work that has not come)? */
  isPending: boolean
  /** The position at which a pending point became certain. */
  settledAt: Position | null
  takenBack: TakenBack | null
}>

/** Time in a state that an agent gained (`sign` 1) or lost (-1), `[from, to)`, not clipped to intervals. */
export type TracedSpan = Readonly<{
  userId: string
  kind: StateKind
  state: string
  from: EpochMs
  to: EpochMs
  sign: 1 | -1
  event: RawPlace
}>

/** An entry of an agent into a state. */
export type TracedState = Readonly<{ userId: string; kind: StateKind; state: string; at: EpochMs; event: RawPlace }>

/** A fact that was not counted, or not as a whole. */
export type TracedRefusal = Readonly<{ fact: Fact; refusal: Refusal; event: RawPlace }>

/** Points of an erased conversation. `isCounted`: they had been counted before they were erased. */
export type TracedErasure = Readonly<{ points: ErasedPoints; event: RawPlace; isCounted: boolean }>

/** All that was done to the cells of a scope, in the order of the log. */
export type Trace = Readonly<{
  points: readonly TracedPoint[]
  spans: readonly TracedSpan[]
  states: readonly TracedState[]
  refused: readonly TracedRefusal[]
  erased: readonly TracedErasure[]
}>

/** What had been done through a position of the log. */
export const traceThrough = ({ points, spans, states, refused, erased }: Trace, through: Position): Trace => {
  const isDone = ({ event }: Readonly<{ event: RawPlace }>): boolean => event.position <= through
  return {
    points: points
      .filter(({ countedAt }) => countedAt <= through)
      .map((point) => {
        const takenBack = point.takenBack !== null && point.takenBack.by.position <= through ? point.takenBack : null
        const isSettled = point.settledAt !== null && point.settledAt <= through
        return { ...point, takenBack, isPending: point.isPending && !isSettled && takenBack === null }
      }),
    spans: spans.filter(isDone),
    states: states.filter(isDone),
    refused: refused.filter(isDone),
    erased: erased.filter(isDone),
  }
}

type Point = { -readonly [K in keyof TracedPoint]: TracedPoint[K] }

/** Folds facts as a projection does, and writes down what would be counted where, and by which event. */
export class Tracer {
  private readonly tenant: string
  private readonly projection: KpiProjection
  private readonly source: Profile['points']
  private readonly points: Point[] = []
  private readonly spans: TracedSpan[] = []
  private readonly states: TracedState[] = []
  private readonly refused: TracedRefusal[] = []
  private readonly erased: TracedErasure[] = []
  /** Points that may be taken back, by what they are of. */
  private readonly live = new Map<string, Point[]>()
  /** Events that ended a session, by conversation and instant: a handle time without after-call work is of these. */
  private readonly ends = new Map<string, RawPlace>()
  private event: RawPlace = { stream: '', position: 0n }
  private inHistory: boolean

  constructor(tenant: string, profile: Profile, options: ProjectionOptions) {
    this.tenant = tenant
    this.source = profile.points
    this.inHistory = options.inHistory ?? false
    this.projection = new KpiProjection(tenant, profile, { ...options, target: this.target() })
  }

  take(run: DecodedRun, entry: number, fact: Fact): void {
    const index = run.facts.event[entry] as number
    this.event = { stream: run.stream(index), position: run.position(index) }
    if (fact.type === 'UserSessionEnded') this.ends.set(endKey(fact.conversationId, fact.at), this.event)
    const receivedAt = run.facts.receivedAt[entry] as number
    const refusal = this.projection.apply(fact, Number.isNaN(receivedAt) ? undefined : receivedAt)
    if (refusal !== undefined) this.refused.push({ fact, refusal, event: this.event })
    else if (fact.type === 'AgentStateEntered') {
      const { userId, kind, state, at } = fact
      this.states.push({ userId, kind, state, at, event: this.event })
    }
    if (fact.type === 'StreamErased')
      for (const points of fact.points)
        if (points.source === this.source) this.erased.push({ points, event: this.event, isCounted: !this.inHistory })
  }

  endHistory(): void {
    this.inHistory = false
    this.projection.endHistory()
  }

  trace(): Trace {
    const { points, spans, states, refused, erased } = this
    return { points, spans, states, refused, erased }
  }

  private target(): PointTarget {
    return {
      // Only a record that is fetched again takes points back by their values.
      observe: (point) => this.count(point, countsDetails(this.source) ? identityOf(point) : '', null, false),
      takeBack: (point, why) => {
        const counted = this.live.get(identityOf(point))?.pop()
        if (counted !== undefined) counted.takenBack = { why, by: this.event }
      },
      sink: (families) => this.sink(families ?? null),
      adjust: (userId, kind, spans) => {
        for (const span of spans) this.spans.push({ userId, kind, ...span, event: this.event })
      },
      erase: () => undefined,
    }
  }

  private sink(only: readonly FamilyName[] | null): PointSink {
    return {
      observe: (point, { conversationId }) => this.count(point, '', only, false, conversationId),
      observePending: (id, point, { conversationId }) => this.count(point, id, only, true, conversationId),
      withdraw: (id, _, __, why) => {
        for (const point of this.takeLive(id, only)) point.takenBack = { why: why ?? 'handled', by: this.event }
      },
      settle: (id) => {
        for (const point of this.takeLive(id, only)) point.settledAt = this.event.position
      },
    }
  }

  /**
   * The pending points of an id, which are pending no more. Where they are taken from all families, those that were
   * counted in one alone go too: a handle time counts in its campaign when the campaign becomes known.
   */
  private takeLive(id: string, only: readonly FamilyName[] | null): readonly Point[] {
    const known = this.live.get(id) ?? []
    const taken = known.filter((point) => only === null || point.only?.join() === only.join())
    this.live.set(
      id,
      known.filter((point) => !taken.includes(point)),
    )
    return taken
  }

  /** Counts a point. With an `identity` it may be taken back by that. */
  private count(
    point: MetricPoint,
    identity: string,
    only: readonly FamilyName[] | null,
    isPending: boolean,
    conversationId?: string,
  ): void {
    const { metric, value, at } = point
    if (metricPlace(metric) === undefined) return
    const counted: Point = {
      ...{ metric, value, at, only, isPending, settledAt: null, takenBack: null },
      countedAt: this.event.position,
      dimensions: point,
      event: this.statedBy(at, conversationId),
    }
    this.points.push(counted)
    if (identity === '') return
    const known = this.live.get(identity)
    if (known === undefined) this.live.set(identity, [counted])
    else known.push(counted)
  }

  /** The event at hand; of what a tick of the clock counts, the end of the session that it is of. */
  private statedBy(at: EpochMs, conversationId: string | undefined): RawPlace {
    if (conversationId === undefined || bucketOfStream(this.tenant, this.event.stream) !== undefined) return this.event
    return (
      this.ends.get(endKey(conversationId, at)) ?? {
        stream: conversationStream(this.tenant, conversationId),
        position: this.event.position,
      }
    )
  }
}

const endKey = (conversationId: string, at: EpochMs): string => `${conversationId}/${at}`

/** A record that is fetched again takes back points of its own conversation: the same values are the same point. */
const identityOf = ({ metric, value, at, ...dimensions }: MetricPoint): string =>
  JSON.stringify([metric, value, at, dimensionsOf(dimensions)])
