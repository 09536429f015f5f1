import type { MetricEmitted, MetricPoint } from '../../domain/fact.js'
import type { EpochMs } from '../../domain/interval.js'
import type { Settings } from '../settings.js'
import type { PointSink } from './point-sink.js'

type Session = { isCustomerFirst: boolean; over: MetricPoint[]; lastAt: EpochMs }

export type CustomerFirstState = readonly (readonly [session: string, state: Session])[]

/**
 * Keeps nOverSla of customer-first callbacks out of the service level of others. The service level subtracts nOverSla
 * from tAnswered, and a session of a customer-first callback has tCfcAnswered instead. The two metrics are two records
 * that may arrive in either order: nOverSla of a callback counts at once, pending, and is withdrawn when its session
 * turns out to be one of these. State is partitioned by session, and forgotten after the restate horizon.
 */
export class CustomerFirstAnswers {
  private readonly sessions: Map<string, Session>
  private readonly settings: Settings
  private readonly sink: PointSink

  constructor(settings: Settings, sink: PointSink, state: CustomerFirstState = []) {
    this.settings = settings
    this.sink = sink
    this.sessions = new Map(state.map(([id, session]) => [id, { ...session, over: [...session.over] }]))
  }

  /** Counts a point of a session. Answers false for a metric that it does not join. */
  observe(point: MetricEmitted): boolean {
    const { session: id, metric } = point
    if (id === undefined || point.mediaType !== 'callback') return false
    if (metric === 'tCfcAnswered') {
      const session = this.sessionOf(id, point.at)
      session.isCustomerFirst = true
      session.over.forEach((over, index) => this.sink.withdraw(pendingId(id, index), over, ofSession(id), 'late'))
      session.over = []
      this.sink.observe(point, ofSession(id))
      return true
    }
    if (metric !== 'nOverSla') return false
    const session = this.sessionOf(id, point.at)
    if (session.isCustomerFirst) return true
    this.sink.observePending(pendingId(id, session.over.length), point, ofSession(id), 'late')
    session.over.push(point)
    return true
  }

  /** The frontier reached `at`. Called when intervals close. */
  tick(at: EpochMs): void {
    const { restateHorizonMs } = this.settings.base.correlation
    for (const [id, { over, lastAt }] of this.sessions) {
      if (lastAt + restateHorizonMs > at) continue
      over.forEach((point, index) => this.sink.settle(pendingId(id, index), point, ofSession(id)))
      this.sessions.delete(id)
    }
  }

  save(): CustomerFirstState {
    return [...this.sessions].map(([id, session]) => [id, { ...session, over: [...session.over] }])
  }

  private sessionOf(id: string, at: EpochMs): Session {
    let session = this.sessions.get(id)
    if (session === undefined) this.sessions.set(id, (session = { isCustomerFirst: false, over: [], lastAt: at }))
    session.lastAt = Math.max(session.lastAt, at)
    return session
  }
}

const pendingId = (session: string, index: number): string => `over/${session}/${index}`

const ofSession = (session: string): Readonly<{ conversationId: string }> => ({ conversationId: session })
