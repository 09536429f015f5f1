import type { AcdEnded, AcdStarted, AfterCallWorkCompleted, MetricPoint, UserSessionEnded, UserSessionStarted } from '../domain/fact.js'
import type { EpochMs } from '../domain/interval.js'
import type { MetricName } from '../domain/metric.js'
import { serviceLevelDurationMs, type Profile } from '../domain/profile.js'

/** Where the correlator puts what it finds. `observePending` may be taken back by `withdraw` or made certain by `settle`, with the same point. */
export type PointSink = Readonly<{
  observe: (point: MetricPoint) => void
  observePending: (id: string, point: MetricPoint) => void
  withdraw: (id: string, point: MetricPoint) => void
  settle: (id: string, point: MetricPoint) => void
}>

export type DetailFact = AcdStarted | AcdEnded | UserSessionStarted | UserSessionEnded | AfterCallWorkCompleted

/**
 * One agent session on its way to a handle time.
 *
 * - *ended*, waiting for its after-call work: no handle time yet
 * - *assumed*: the horizon passed without after-call work; the handle time without it is published, pending
 * - *worked*: after-call work is known, the end of the session is not
 *
 * A session leaves when both are known, or when it is older than the restate horizon (what was assumed is then settled).
 */
export type SessionState =
  | Readonly<{ kind: 'ended'; end: UserSessionEnded }>
  | Readonly<{ kind: 'assumed'; end: UserSessionEnded }>
  | Readonly<{ kind: 'worked'; acw: AfterCallWorkCompleted }>

export type CorrelatorState = Readonly<{ frontier: EpochMs | null; sessions: readonly (readonly [string, SessionState])[] }>

/**
 * Metric points from analytics detail events. Every point but tHandle follows from one event alone, so arrival order does not matter to them;
 * tHandle needs the end of the session and its after-call work, which may come hours later or never.
 */
export class Correlator {
  private readonly sessions: Map<string, SessionState>
  private readonly profile: Profile
  private readonly sink: PointSink
  private frontier: EpochMs | null

  constructor(profile: Profile, sink: PointSink, state?: CorrelatorState) {
    this.profile = profile
    this.sink = sink
    this.frontier = state?.frontier ?? null
    this.sessions = new Map(state?.sessions)
  }

  apply(fact: DetailFact): void {
    switch (fact.type) {
      case 'AcdStarted':
        return this.emit('nOffered', 1, fact.at, fact, fact.queueId, null)
      case 'AcdEnded':
        return this.acdEnded(fact)
      case 'UserSessionStarted':
        if (fact.outbound) this.emit('nOutbound', 1, fact.at, fact, fact.queueId, fact.userId)
        return
      case 'UserSessionEnded':
        return this.sessionEnded(fact)
      case 'AfterCallWorkCompleted':
        this.emit('tAcw', fact.acwMs, fact.at, fact, fact.queueId, fact.userId)
        return this.workCompleted(fact)
    }
  }

  /**
   * The frontier came to `at`: sessions that waited long enough are handled without after-call work, old ones are forgotten. Looks at every session
   * there is, so it is called when intervals close rather than at each tick of the clock.
   */
  tick(at: EpochMs): void {
    this.frontier = at
    const { acwHorizonMs, restateHorizonMs } = this.profile.correlation
    for (const [id, session] of this.sessions) {
      const since = session.kind === 'worked' ? session.acw.at : session.end.at
      if (session.kind === 'ended' && since + acwHorizonMs <= at) this.assume(id, session.end)
      if (since + restateHorizonMs <= at) {
        if (session.kind !== 'worked') this.settle(id, session.end)
        this.sessions.delete(id)
      }
    }
  }

  save(): CorrelatorState {
    return { frontier: this.frontier, sessions: [...this.sessions] }
  }

  private acdEnded(fact: AcdEnded): void {
    const { at, queueId, connectedMs } = fact
    this.emit('tAcd', connectedMs, at, fact, queueId, null)
    switch (fact.outcome) {
      case 'ANSWERED':
        // Genesys stamps the answer at the agent's connect, some milliseconds later; the events do not tell that instant.
        this.emit('tAnswered', connectedMs, at, fact, queueId, fact.answeredUserId)
        if (connectedMs > serviceLevelDurationMs(this.profile, queueId, fact.mediaType))
          this.emit('nOverSla', 1, at, fact, queueId, fact.answeredUserId)
        return
      case 'ABANDON':
        return this.emit('tAbandon', connectedMs, at, fact, queueId, null)
      case 'FLOW_OUT':
        return this.emit('tFlowOut', connectedMs, at, fact, queueId, null)
      case 'UNKNOWN':
        return
    }
  }

  private sessionEnded(fact: UserSessionEnded): void {
    const { at, queueId, userId, talkMs, heldMs, alertMs, contactingMs, dialingMs } = fact
    const { alertEndedByOther, transfers } = this.profile.correlation
    const point = (metric: MetricName, value: number, when: EpochMs): void => this.emit(metric, value, when, fact, queueId, userId)
    const connectedAt = at - talkMs - heldMs
    if (alertMs > 0) point('tAlert', alertMs, connectedAt)
    if (alertMs > 0 && talkMs + heldMs === 0 && !alertEndedByOther.includes(fact.disconnectType)) point('tNotResponding', alertMs, at)
    if (contactingMs > 0) point('tContacting', contactingMs, connectedAt - dialingMs)
    if (dialingMs > 0) point('tDialing', dialingMs, connectedAt)
    if (fact.outbound && dialingMs > 0 && talkMs > 0) point('nConnected', 1, connectedAt)
    // Talk and hold are stamped at the end of the session: right for what came last, the other's own end is not in the events.
    if (talkMs > 0) point('tTalkComplete', talkMs, at)
    if (heldMs > 0) point('tHeldComplete', heldMs, at)
    if (talkMs > 0 && transfers.includes(fact.disconnectType)) point('nTransferred', 1, at)

    const id = sessionKey(fact)
    const known = this.sessions.get(id)
    if (known?.kind === 'worked') {
      this.handled(fact, known.acw)
      this.sessions.delete(id)
      return
    }
    if (known !== undefined) return // a second end of the same session: the first stands
    this.sessions.set(id, { kind: 'ended', end: fact })
    if (this.frontier !== null && at + this.profile.correlation.acwHorizonMs <= this.frontier) this.assume(id, fact)
  }

  private workCompleted(acw: AfterCallWorkCompleted): void {
    const id = sessionKey(acw)
    const known = this.sessions.get(id)
    if (known === undefined) {
      this.sessions.set(id, { kind: 'worked', acw })
      return
    }
    if (known.kind === 'worked') return
    if (known.kind === 'assumed') this.withdraw(id, known.end)
    this.handled(known.end, acw)
    this.sessions.delete(id)
  }

  private assume(id: string, end: UserSessionEnded): void {
    this.sessions.set(id, { kind: 'assumed', end })
    const point = handlePoint(end, undefined)
    if (point.value > 0) this.sink.observePending(id, point)
  }

  private withdraw(id: string, end: UserSessionEnded): void {
    const point = handlePoint(end, undefined)
    if (point.value > 0) this.sink.withdraw(id, point)
  }

  private settle(id: string, end: UserSessionEnded): void {
    const point = handlePoint(end, undefined)
    if (point.value > 0) this.sink.settle(id, point)
  }

  private handled(end: UserSessionEnded, acw: AfterCallWorkCompleted): void {
    this.sink.observe(handlePoint(end, acw))
  }

  private emit(
    metric: MetricName,
    value: number,
    at: EpochMs,
    from: Readonly<{ mediaType: string }>,
    queueId: string | null,
    userId: string | null,
  ): void {
    this.sink.observe({ metric, value, at, queueId, userId, mediaType: from.mediaType })
  }
}

const sessionKey = (fact: Readonly<{ conversationId: string; sessionId: string }>): string => `${fact.conversationId}/${fact.sessionId}`

/** tHandle = contacting + dialing + talk + hold + after-call work, at the end of the last part. */
const handlePoint = (end: UserSessionEnded, acw: AfterCallWorkCompleted | undefined): MetricPoint => ({
  metric: 'tHandle',
  value: end.contactingMs + end.dialingMs + end.talkMs + end.heldMs + (acw?.acwMs ?? 0),
  at: Math.max(end.at, acw?.at ?? end.at),
  queueId: end.queueId,
  userId: end.userId,
  mediaType: end.mediaType,
})
