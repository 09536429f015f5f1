import type { AfterCallWorkCompleted, MetricPoint, UserSessionEnded } from '../../domain/fact.js'
import type { EpochMs } from '../../domain/interval.js'
import type { Settings } from '../settings.js'
import { pointOf, type PointSink } from './point-sink.js'

/**
 * What is known of one agent session.
 *
 * - *ended*: it waits for its after-call work and has no handle time yet
 * - *assumed*: the horizon passed without after-call work; the handle time without it is counted, pending
 * - *worked*: after-call work is known, the end of the session is not
 * - *done*: both are known and the handle time is counted; kept for a while to recognise repeats and contradictions
 *
 * A session is forgotten when it is older than the restate horizon (an assumed handle time is then settled), a done one
 * earlier.
 */
export type SessionState =
  | Readonly<{ kind: 'ended'; end: UserSessionEnded; horizonMs: number }>
  | Readonly<{ kind: 'assumed'; end: UserSessionEnded }>
  | Readonly<{ kind: 'worked'; acw: AfterCallWorkCompleted }>
  | Readonly<{ kind: 'done'; end: UserSessionEnded; acw: AfterCallWorkCompleted }>

export type HandleTimeState = Readonly<{
  frontier: EpochMs | null
  sessions: readonly (readonly [string, SessionState])[]
}>

/** Whether a fact is new, repeats a known one, or says something else than a known one about the same session. */
export type DedupResult = 'new' | 'known' | 'contradictory'

/**
 * Joins the end of an agent's session with its after-call work, in either order. After-call work may follow hours later
 * or never. Until the session's horizon passes there is no handle time; then the session counts as handled without
 * after-call work. Work that arrives later replaces that handle time. State is partitioned by session.
 */
export class HandleTime {
  private readonly sessions: Map<string, SessionState>
  private readonly settings: Settings
  private readonly sink: PointSink
  private frontier: EpochMs | null

  constructor(settings: Settings, sink: PointSink, state?: HandleTimeState) {
    this.settings = settings
    this.sink = sink
    this.frontier = state?.frontier ?? null
    this.sessions = new Map(state?.sessions)
  }

  /** Call it before anything is counted from this end. */
  dedupEnd(end: UserSessionEnded): DedupResult {
    const known = this.sessions.get(sessionKey(end))
    return known === undefined || known.kind === 'worked' ? 'new' : same(known.end, end) ? 'known' : 'contradictory'
  }

  dedupWork(acw: AfterCallWorkCompleted): DedupResult {
    const known = this.sessions.get(sessionKey(acw))
    return known === undefined || known.kind === 'ended' || known.kind === 'assumed'
      ? 'new'
      : same(known.acw, acw)
        ? 'known'
        : 'contradictory'
  }

  ended(end: UserSessionEnded): void {
    const id = sessionKey(end)
    const known = this.sessions.get(id)
    if (known?.kind === 'worked') return this.done(id, end, known.acw)
    const horizonMs = this.settings.acwHorizonMs(end.queueId, end.at)
    this.sessions.set(id, { kind: 'ended', end, horizonMs })
    if (this.frontier !== null && end.at + horizonMs <= this.frontier) this.assume(id, end)
  }

  worked(acw: AfterCallWorkCompleted): void {
    const id = sessionKey(acw)
    const known = this.sessions.get(id)
    if (known?.kind !== 'ended' && known?.kind !== 'assumed') {
      this.sessions.set(id, { kind: 'worked', acw })
      return
    }
    if (known.kind === 'assumed')
      this.ifAny(handlePoint(known.end, undefined), (point) => this.sink.withdraw(id, point, known.end))
    this.done(id, known.end, acw)
  }

  /**
   * The frontier reached `at`: sessions whose horizon passed count as handled without after-call work, and old ones are
   * forgotten. It visits every session, so it is called when intervals close rather than at each tick of the clock.
   */
  tick(at: EpochMs): void {
    this.frontier = at
    const { acwHorizonMs, restateHorizonMs } = this.settings.base.correlation
    for (const [id, session] of this.sessions) {
      const since = session.kind === 'worked' ? session.acw.at : session.end.at
      if (session.kind === 'ended' && since + session.horizonMs <= at) this.assume(id, session.end)
      if (session.kind === 'done' && Math.max(since, session.acw.at) + acwHorizonMs <= at) this.sessions.delete(id)
      else if (since + restateHorizonMs <= at) {
        if (session.kind === 'ended' || session.kind === 'assumed')
          this.ifAny(handlePoint(session.end, undefined), (point) => this.sink.settle(id, point, session.end))
        this.sessions.delete(id)
      }
    }
  }

  takeBack(at: EpochMs): void {
    this.frontier = at
  }

  save(): HandleTimeState {
    return { frontier: this.frontier, sessions: [...this.sessions] }
  }

  private assume(id: string, end: UserSessionEnded): void {
    this.sessions.set(id, { kind: 'assumed', end })
    this.ifAny(handlePoint(end, undefined), (point) => this.sink.observePending(id, point, end))
  }

  private done(id: string, end: UserSessionEnded, acw: AfterCallWorkCompleted): void {
    this.sessions.set(id, { kind: 'done', end, acw })
    this.sink.observe(handlePoint(end, acw), end, 'handled')
  }

  /** A session without any time has no handle time, unless after-call work shows that it was handled. */
  private ifAny(point: MetricPoint, act: (point: MetricPoint) => void): void {
    if (point.value > 0) act(point)
  }
}

const sessionKey = (fact: Readonly<{ conversationId: string; sessionId: string }>): string =>
  `${fact.conversationId}/${fact.sessionId}`

/** tHandle = contacting + dialing + talk + hold + after-call work, at the end of the last part. */
const handlePoint = (end: UserSessionEnded, acw: AfterCallWorkCompleted | undefined): MetricPoint =>
  pointOf(
    'tHandle',
    end.contactingMs + end.dialingMs + end.talkMs + end.heldMs + (acw?.acwMs ?? 0),
    Math.max(end.at, acw?.at ?? end.at),
    end,
    { queueId: end.queueId, userId: end.userId, wrapUpCode: acw?.wrapUpCode ?? null },
  )

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
