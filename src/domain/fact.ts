import type { PointDimensions } from './dimensions.js'
import type { EpochMs } from './interval.js'
import type { CallbackMode, PointSource, Profile } from './profile.js'

/**
 * Facts: the decoded meaning of raw events, a closed union. Enum values are normalised to one spelling (media types,
 * directions and message types lower case as in metric records, disconnect types and states UPPER_SNAKE); unknown
 * values pass through in that spelling.
 */
export type Fact =
  | MetricEmitted
  | ConversationRecorded
  | DetailFact
  | FlowFact
  | AgentSegmentEntered
  | AgentStateEntered
  | ConversationLoadReported
  | QueueMembershipChanged
  | ConfigurationFact
  | ClockTicked
  | ClockTakenBack

/** What one metric emission is, wherever it came from: it belongs whole to the interval of `at`. */
export type MetricPoint = PointDimensions & Readonly<{ metric: string; value: number; at: EpochMs }>

/**
 * One metric record: Genesys emitted this value at this instant. Flow metric records too. `session` names conversation
 * and session (`<conversation>/<session>`), of the metrics that are joined by it; where points come from
 * `metric-records-and-details`, of all of a conversation, and the session is empty where nothing is joined by it.
 */
export type MetricEmitted = MetricPoint & Readonly<{ type: 'MetricEmitted'; session?: string }>

/** The metrics that are joined by their session: whether nOverSla is of a customer-first answer. */
export const joinedMetrics: ReadonlySet<string> = new Set(['nOverSla', 'tCfcAnswered'])

/**
 * A conversation-detail record of the analytics API: every emission of the conversation, as it stood when the record
 * was fetched. Genesys computes stored conversations again, so a later record replaces all that an earlier one said.
 * The record has no version: of two records, the one later in the log is the newer.
 */
export type ConversationRecorded = Readonly<{
  type: 'ConversationRecorded'
  conversationId: string
  points: readonly MetricPoint[]
}>

/** What every detail event of a session says. */
type Session = Readonly<{
  at: EpochMs
  conversationId: string
  sessionId: string
  mediaType: string
  direction: string | null
  messageType: string | null
  divisionId: string | null
}>

/** The analytics detail events that concern sessions. */
export type DetailFact =
  | AcdStarted
  | AcdEnded
  | CustomerStarted
  | CustomerEnded
  | UserSessionStarted
  | UserSessionEnded
  | AfterCallWorkCompleted
  | WrapUpApplied
  | OutboundInitiated
  | VoicemailStarted
  | VoicemailEnded
  | ConversationAnnotated

/** An interaction entered a queue. */
export type AcdStarted = Session & Readonly<{ type: 'AcdStarted'; queueId: string; skillIds: readonly string[] }>

export type AcdOutcome = 'ANSWERED' | 'ABANDON' | 'FLOW_OUT' | 'UNKNOWN'

/** An interaction left a queue. `connectedMs` is the time from the offer. */
export type AcdEnded = Session &
  Readonly<{
    type: 'AcdEnded'
    queueId: string
    outcome: AcdOutcome
    answeredUserId: string | null
    connectedMs: number
    skillIds: readonly string[]
    languageId: string | null
  }>

export type CustomerStarted = Session & Readonly<{ type: 'CustomerStarted' }>

/** The customer's leg ended. `connectedMs` is how long it had been connected. */
export type CustomerEnded = Session & Readonly<{ type: 'CustomerEnded'; disconnectType: string; connectedMs: number }>

/** An agent's session began: alerting or dialing, not yet talking. */
export type UserSessionStarted = Session &
  Readonly<{ type: 'UserSessionStarted'; userId: string; queueId: string | null }>

/** An agent's session ended, with its totals. */
export type UserSessionEnded = Session &
  Readonly<{
    type: 'UserSessionEnded'
    userId: string
    queueId: string | null
    disconnectType: string
    talkMs: number
    heldMs: number
    alertMs: number
    contactingMs: number
    dialingMs: number
    callbackMs: number
  }>

export type AfterCallWorkCompleted = Session &
  Readonly<{
    type: 'AfterCallWorkCompleted'
    userId: string
    queueId: string | null
    wrapUpCode: string | null
    acwMs: number
  }>

/** Says the same durations as `AfterCallWorkCompleted`, without the agent: nothing is counted from it. */
export type WrapUpApplied = Session &
  Readonly<{ type: 'WrapUpApplied'; queueId: string | null; wrapUpCode: string | null; acwMs: number }>

/** A campaign began the conversation. */
export type OutboundInitiated = Session & Readonly<{ type: 'OutboundInitiated'; campaignId: string }>

export type VoicemailStarted = Session &
  Readonly<{ type: 'VoicemailStarted'; userId: string | null; queueId: string | null }>

export type VoicemailEnded = Session &
  Readonly<{ type: 'VoicemailEnded'; userId: string | null; queueId: string | null; voicemailMs: number }>

/** Contact or attributes of a conversation were set: no metric comes of it. */
export type ConversationAnnotated = Readonly<{
  type: 'ConversationAnnotated'
  at: EpochMs
  conversationId: string
  what: 'contact' | 'attributes'
}>

/** The analytics detail events that concern flows. */
export type FlowFact = FlowStarted | FlowEnded | FlowOutcomeReached

type Flow = Session & Readonly<{ flowId: string; flowType: string }>

export type FlowStarted = Flow & Readonly<{ type: 'FlowStarted' }>
export type FlowEnded = Flow & Readonly<{ type: 'FlowEnded'; exitReason: string; connectedMs: number }>

/** `startedAt` and `endedAt` delimit the outcome's measurement, null where they are not said. */
export type FlowOutcomeReached = Flow &
  Readonly<{
    type: 'FlowOutcomeReached'
    outcome: 'SUCCESS' | 'FAILURE' | 'UNKNOWN'
    startedAt: EpochMs | null
    endedAt: EpochMs | null
    milestones: number
  }>

/**
 * An agent's session entered a segment (alert, interact, hold, wrapup, …). Whether and where this topic is delivered is
 * unknown, so no KPI rests on it.
 */
export type AgentSegmentEntered = Readonly<{
  type: 'AgentSegmentEntered'
  userId: string
  conversationId: string
  sessionId: string
  state: string
  at: EpochMs
  queueId: string | null
  mediaType: string
}>

export type StateKind = 'routingStatus' | 'systemPresence' | 'organizationPresence'

/**
 * An agent entered a state; it lasts until the next of its kind. The state of an organisation presence is the id of its
 * definition.
 */
export type AgentStateEntered = Readonly<{
  type: 'AgentStateEntered'
  userId: string
  kind: StateKind
  state: string
  at: EpochMs
}>

/** How many conversations an agent is on now, by media type. It has no instant of its own, so no KPI rests on it. */
export type ConversationLoadReported = Readonly<{
  type: 'ConversationLoadReported'
  userId: string
  active: number
  acw: number
}>

/** An agent joined or left a queue. */
export type QueueMembershipChanged = Readonly<{
  type: 'QueueMembershipChanged'
  queueId: string
  userId: string
  joined: boolean
}>

/** What is configured, each with the instant from which it is in force. */
export type ConfigurationFact =
  | QueueConfigured
  | OrgSettingsChanged
  | PresenceDefined
  | ObjectNamed
  | ProfilePublished
  | ConfigurationAudited
  | StreamErased

const configurationTypes: ReadonlySet<Fact['type']> = new Set<ConfigurationFact['type']>([
  'QueueConfigured',
  'OrgSettingsChanged',
  'PresenceDefined',
  'ObjectNamed',
  'ProfilePublished',
  'ConfigurationAudited',
  'StreamErased',
])

export const isConfiguration = (fact: Fact): fact is ConfigurationFact => configurationTypes.has(fact.type)

/**
 * Settings of a queue. `serviceLevel` and `acw` are by what Genesys calls media settings; durations in ms, targets as
 * shares from 0 to 1.
 */
export type QueueConfigured = Readonly<{
  type: 'QueueConfigured'
  queueId: string
  at: EpochMs
  name: string | null
  /** By media type as in facts (`voice`, not `call`). */
  serviceLevel: Readonly<Record<string, Readonly<{ durationMs: number; target: number | null }>>>
  acw: Readonly<{ prompt: string; timeoutMs: number | null }> | null
  /** Whom a callback of the queue calls first; null or absent where the settings do not say. */
  callbackMode?: CallbackMode | null
}>

/** Organisation settings that Genesys applies to all of history; null: as the profile says. */
export type OrgSettingsChanged = Readonly<{
  type: 'OrgSettingsChanged'
  at: EpochMs
  includeFlowOuts: boolean | null
  includeShortAbandons: boolean | null
  includeAbandons: boolean | null
  shortAbandonMs: number | null
}>

export type PresenceDefined = Readonly<{
  type: 'PresenceDefined'
  presenceId: string
  at: EpochMs
  systemPresence: string
  name: string | null
  deactivated: boolean
}>

/**
 * Kinds of objects whose names the log knows, as in the names of their streams. Queues and presences have their names
 * in their settings; an `ObjectNamed` of them says that they are gone, or there again.
 */
export const namedKinds = [
  ...(['user', 'skill', 'language', 'wrapup', 'division'] as const),
  ...(['queue', 'presence', 'organisation'] as const),
] as const
export type NamedKind = (typeof namedKinds)[number]

/**
 * What Genesys calls an object. `gone`: it was deleted in Genesys; its name stays, because rows of before have its id.
 * No figure depends on it.
 */
export type ObjectNamed = Readonly<{
  type: 'ObjectNamed'
  kind: NamedKind
  objectId: string
  at: EpochMs
  name: string | null
  gone: boolean
}>

export type ProfilePublished = Readonly<{ type: 'ProfilePublished'; at: EpochMs; profile: Profile }>

/** Somebody changed the configuration in Genesys: a reason to read it again and import it. */
export type ConfigurationAudited = Readonly<{
  type: 'ConfigurationAudited'
  at: EpochMs
  service: string
  action: string
  entityType: string
  entityId: string | null
  changed: readonly string[]
}>

/**
 * All that was known of a conversation or an agent was erased on request. `points` says what rows lose by it and
 * nothing of whom it was: how many metric points of each source, by the interval and dimensions in which they had
 * counted. `through` is the position of the last erased event in the raw log.
 */
export type StreamErased = Readonly<{
  type: 'StreamErased'
  at: EpochMs
  stream: string
  from: string
  through: string
  events: number
  points: readonly ErasedPoints[]
}>

export type ErasedPoints = PointDimensions &
  Readonly<{ source: PointSource; metric: string; at: EpochMs; count: number }>

/** Event time has certainly come to `at`. Only this moves the frontier forward. */
export type ClockTicked = Readonly<{ type: 'ClockTicked'; at: EpochMs }>

/**
 * The clock had ticked too far, and event time has certainly come to `at` alone. The frontier goes back to `at`; ticks
 * beyond it that come before this fact in the log were wrong.
 */
export type ClockTakenBack = Readonly<{ type: 'ClockTakenBack'; at: EpochMs }>
