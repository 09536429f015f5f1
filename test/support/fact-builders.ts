import type {
  AcdEnded,
  AcdStarted,
  AfterCallWorkCompleted,
  AgentStateEntered,
  ClockTicked,
  ConversationRecorded,
  CustomerEnded,
  CustomerStarted,
  FlowEnded,
  FlowOutcomeReached,
  FlowStarted,
  MetricEmitted,
  MetricPoint,
  OrgSettingsChanged,
  OutboundInitiated,
  ProfilePublished,
  QueueConfigured,
  StateKind,
  UserSessionEnded,
  UserSessionStarted,
  VoicemailEnded,
} from '../../src/domain/fact.js'
import { noDimensions, type PointDimensions } from '../../src/domain/dimensions.js'
import type { EpochMs } from '../../src/domain/interval.js'
import type { MetricName } from '../../src/domain/metric.js'
import { defaultProfile, type Profile } from '../../src/domain/profile.js'

/**
 * An instant of the test day, 5 January 2026 in UTC: `10:05`, `10:05:30` or `10:05:30.250`. Of another day:
 * `2026-01-06T10:05`.
 */
export const at = (time: string): EpochMs => {
  const [day, clock] = time.includes('T') ? (time.split('T') as [string, string]) : ['2026-01-05', time]
  return Date.parse(`${day}T${clock.length === 5 ? `${clock}:00` : clock}Z`)
}

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
export const nowhere: PointDimensions = { ...noDimensions, mediaType: 'voice' }

export const ticked = (time: string | EpochMs): ClockTicked => ({
  type: 'ClockTicked',
  at: typeof time === 'string' ? at(time) : time,
})

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

export const sessionStarted = (
  userId: string,
  time: string,
  more: Partial<UserSessionStarted> = {},
): UserSessionStarted => ({
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

export const entered = (
  userId: string,
  state: string,
  time: string | EpochMs,
  kind: StateKind = 'routingStatus',
): AgentStateEntered => ({
  type: 'AgentStateEntered',
  userId,
  kind,
  state,
  at: typeof time === 'string' ? at(time) : time,
})

export const customerStarted = (time: string, more: Partial<CustomerStarted> = {}): CustomerStarted => ({
  type: 'CustomerStarted',
  ...inSession(time, 'customer'),
  ...more,
})

export const customerEnded = (connectedMs: number, time: string, more: Partial<CustomerEnded> = {}): CustomerEnded => ({
  type: 'CustomerEnded',
  ...inSession(time, 'customer'),
  disconnectType: 'ENDPOINT',
  connectedMs,
  ...more,
})

/** A campaign began the conversation. */
export const initiated = (
  campaignId: string,
  time: string,
  more: Partial<OutboundInitiated> = {},
): OutboundInitiated => ({
  type: 'OutboundInitiated',
  ...inSession(time, 'outbound'),
  direction: 'outbound',
  campaignId,
  ...more,
})

export const voicemailEnded = (
  voicemailMs: number,
  time: string,
  more: Partial<VoicemailEnded> = {},
): VoicemailEnded => ({
  type: 'VoicemailEnded',
  ...inSession(time, 'voicemail'),
  userId: null,
  queueId: 'sales',
  voicemailMs,
  ...more,
})

const inFlow = (time: string) => ({ ...inSession(time, 'flow'), flowId: 'menu', flowType: 'INBOUNDCALL' })

export const flowStarted = (time: string, more: Partial<FlowStarted> = {}): FlowStarted => ({
  type: 'FlowStarted',
  ...inFlow(time),
  ...more,
})

export const flowEnded = (
  connectedMs: number,
  exitReason: string,
  time: string,
  more: Partial<FlowEnded> = {},
): FlowEnded => ({
  type: 'FlowEnded',
  ...inFlow(time),
  exitReason,
  connectedMs,
  ...more,
})

export const outcomeReached = (
  outcome: FlowOutcomeReached['outcome'],
  time: string,
  more: Partial<FlowOutcomeReached> = {},
): FlowOutcomeReached => ({
  type: 'FlowOutcomeReached',
  ...inFlow(time),
  outcome,
  startedAt: null,
  endedAt: null,
  milestones: 0,
  ...more,
})

/** Settings of a queue in force from `time`, by media type. */
export const configured = (
  queueId: string,
  time: string,
  serviceLevel: QueueConfigured['serviceLevel'],
  acw: QueueConfigured['acw'] = null,
): QueueConfigured => ({ type: 'QueueConfigured', queueId, at: at(time), name: null, serviceLevel, acw })

/** Settings of the organisation; what is not named stays as the profile says. */
export const settings = (time: string | EpochMs, changed: Partial<OrgSettingsChanged>): OrgSettingsChanged => ({
  type: 'OrgSettingsChanged',
  at: typeof time === 'string' ? at(time) : time,
  includeFlowOuts: null,
  includeShortAbandons: null,
  includeAbandons: null,
  shortAbandonMs: null,
  ...changed,
})

/** Another profile, in force from `time`: the default one with `overrides`. */
export const published = (time: string | EpochMs, overrides: Partial<Profile>): ProfilePublished => ({
  type: 'ProfilePublished',
  at: typeof time === 'string' ? at(time) : time,
  profile: { ...defaultProfile, ...overrides },
})

/** A conversation-detail record of the API. */
export const recorded = (conversationId: string, ...points: readonly MetricPoint[]): ConversationRecorded => ({
  type: 'ConversationRecorded',
  conversationId,
  points,
})
