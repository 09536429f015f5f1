import type { EpochMs } from './interval.js'

/**
 * Facts: the decoded meaning of raw events, a closed union. Enum values are normalised to one spelling (media types lower case as in metric records,
 * disconnect types and states UPPER_SNAKE); values nobody has seen before pass through unchanged in that spelling.
 */
export type Fact =
  MetricEmitted | AcdStarted | AcdEnded | UserSessionStarted | UserSessionEnded | AfterCallWorkCompleted | AgentStateEntered | ClockTicked

/** One metric record: Genesys emitted this value at this instant. */
export type MetricEmitted = Readonly<{
  type: 'MetricEmitted'
  metric: string
  value: number
  at: EpochMs
  queueId: string | null
  userId: string | null
  mediaType: string
}>

type Session = Readonly<{ at: EpochMs; conversationId: string; sessionId: string; mediaType: string }>

/** An interaction entered a queue. */
export type AcdStarted = Session & Readonly<{ type: 'AcdStarted'; queueId: string }>

export type AcdOutcome = 'ANSWERED' | 'ABANDON' | 'FLOW_OUT' | 'UNKNOWN'

/** An interaction left a queue. `connectedMs` is the time from the offer. */
export type AcdEnded = Session &
  Readonly<{ type: 'AcdEnded'; queueId: string; outcome: AcdOutcome; answeredUserId: string | null; connectedMs: number }>

/** An agent's session began: alerting or dialing, not yet talking. */
export type UserSessionStarted = Session &
  Readonly<{ type: 'UserSessionStarted'; userId: string; queueId: string | null; outbound: boolean }>

/** An agent's session ended, with its totals. */
export type UserSessionEnded = Session &
  Readonly<{
    type: 'UserSessionEnded'
    userId: string
    queueId: string | null
    outbound: boolean
    disconnectType: string
    talkMs: number
    heldMs: number
    alertMs: number
    contactingMs: number
    dialingMs: number
  }>

export type AfterCallWorkCompleted = Session &
  Readonly<{ type: 'AfterCallWorkCompleted'; userId: string; queueId: string | null; acwMs: number }>

export type StateKind = 'routingStatus' | 'systemPresence'

/** An agent entered a state; it lasts until the next of its kind. */
export type AgentStateEntered = Readonly<{ type: 'AgentStateEntered'; userId: string; kind: StateKind; state: string; at: EpochMs }>

/** Event time has certainly come to `at`. The only thing that moves the frontier. */
export type ClockTicked = Readonly<{ type: 'ClockTicked'; at: EpochMs }>

/** What one metric emission is, wherever it came from: it belongs whole to the interval of `at`. */
export type MetricPoint = Readonly<Omit<MetricEmitted, 'type'>>
