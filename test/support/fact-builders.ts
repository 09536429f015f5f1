import type {
  AcdEnded,
  AcdStarted,
  AfterCallWorkCompleted,
  AgentStateEntered,
  ClockTicked,
  MetricEmitted,
  PointDimensions,
  StateKind,
  UserSessionEnded,
  UserSessionStarted,
} from '../../src/domain/fact.js'
import type { EpochMs } from '../../src/domain/interval.js'
import type { MetricName } from '../../src/domain/metric.js'

/** An instant of the test day, 5 January 2026 in UTC: `10:05`, `10:05:30` or `10:05:30.250`. */
export const at = (time: string): EpochMs => Date.parse(`2026-01-05T${time.length === 5 ? `${time}:00` : time}Z`)

export const minutes = (count: number): number => count * 60_000

export const emitted = (
  metric: MetricName | 'nUnheardOf',
  value: number,
  time: string,
  dimensions: Readonly<{ queue?: string; agent?: string; media?: string }> & Partial<PointDimensions>,
): MetricEmitted => {
  const { queue, agent, media, ...more } = dimensions
  return {
    type: 'MetricEmitted',
    metric,
    value,
    at: at(time),
    ...nowhere,
    queueId: queue ?? null,
    userId: agent ?? null,
    mediaType: media ?? 'voice',
    ...more,
  }
}

/** Dimensions of a point that carries none. */
export const nowhere: PointDimensions = {
  queueId: null,
  userId: null,
  mediaType: 'voice',
  direction: null,
  messageType: null,
  skillIds: [],
  languageId: null,
  wrapUpCode: null,
  flowId: null,
  campaignId: null,
  divisionIds: [],
}

export const ticked = (time: string | EpochMs): ClockTicked => ({ type: 'ClockTicked', at: typeof time === 'string' ? at(time) : time })

/** What every detail event of a session says. */
export const inSession = (time: string, sessionId: string) => ({
  at: at(time),
  conversationId: 'c1',
  sessionId,
  mediaType: 'voice',
  direction: 'inbound',
  messageType: null,
  divisionId: null,
})

export const queued = (queueId: string, time: string, more: Partial<AcdStarted> = {}): AcdStarted => ({
  type: 'AcdStarted',
  ...inSession(time, 'acd'),
  queueId,
  skillIds: [],
  ...more,
})

export const leftQueue = (
  queueId: string,
  outcome: AcdEnded['outcome'],
  connectedMs: number,
  time: string,
  more: Partial<AcdEnded> = {},
): AcdEnded => ({
  type: 'AcdEnded',
  ...inSession(time, 'acd'),
  queueId,
  outcome,
  connectedMs,
  answeredUserId: null,
  skillIds: [],
  languageId: null,
  ...more,
})

export const sessionStarted = (userId: string, time: string, more: Partial<UserSessionStarted> = {}): UserSessionStarted => ({
  type: 'UserSessionStarted',
  ...inSession(time, `s-${userId}`),
  userId,
  queueId: 'sales',
  ...more,
})

export const sessionEnded = (userId: string, time: string, more: Partial<UserSessionEnded> = {}): UserSessionEnded => ({
  type: 'UserSessionEnded',
  ...inSession(time, `s-${userId}`),
  userId,
  queueId: 'sales',
  disconnectType: 'PEER',
  talkMs: 0,
  heldMs: 0,
  alertMs: 0,
  contactingMs: 0,
  dialingMs: 0,
  callbackMs: 0,
  ...more,
})

export const worked = (
  userId: string,
  acwMs: number,
  time: string,
  more: Partial<AfterCallWorkCompleted> = {},
): AfterCallWorkCompleted => ({
  type: 'AfterCallWorkCompleted',
  ...inSession(time, `s-${userId}`),
  userId,
  queueId: 'sales',
  wrapUpCode: null,
  acwMs,
  ...more,
})

export const entered = (userId: string, state: string, time: string | EpochMs, kind: StateKind = 'routingStatus'): AgentStateEntered => ({
  type: 'AgentStateEntered',
  userId,
  kind,
  state,
  at: typeof time === 'string' ? at(time) : time,
})
