import type { EpochMs } from '../domain/interval.js'
import type {
  AgentLeg,
  CustomerLeg,
  DialerLeg,
  FlowLeg,
  FlowOutcome,
  Milestone,
  QueueEntry,
  VoicemailLeg,
} from './conversations/leg.js'
import type { Presence, PresenceDefinition } from './roster/presence-definitions.js'
import type { Agent } from './roster/roster.js'

export type RoutingStatus = 'OFF_QUEUE' | 'IDLE' | 'INTERACTING' | 'NOT_RESPONDING' | 'COMMUNICATING'

/** What an agent's session is doing, spelled as in agent state events. */
export type Segment = 'ALERT' | 'CONTACTING' | 'DIALING' | 'CALLBACK' | 'INTERACT' | 'HOLD' | 'WRAPUP'

/** An agent declares a presence through one of the organisation's definitions of it. */
export type AgentStateEntered =
  | Readonly<{ kind: 'AgentStateEntered'; at: EpochMs; agent: Agent; stateKind: 'routingStatus'; state: RoutingStatus }>
  | Readonly<{
      kind: 'AgentStateEntered'
      at: EpochMs
      agent: Agent
      stateKind: 'systemPresence'
      state: Presence
      definition: PresenceDefinition
    }>

/**
 * What happened, reported at its instant. Metric records, detail events and the truth are derived from the same
 * happenings, each by its own rules, so that an error in one of them shows against the others.
 */
export type Happening =
  /** A conversation began with this customer leg. Inbound customers are connected from the start. */
  | Readonly<{ kind: 'ConversationBegan'; at: EpochMs; leg: CustomerLeg }>
  /** A further customer leg: the callback that replaces a call, or the call that a callback makes. */
  | Readonly<{ kind: 'CustomerLegOpened'; at: EpochMs; leg: CustomerLeg }>
  | Readonly<{ kind: 'CustomerLeft'; at: EpochMs; leg: CustomerLeg }>
  | Readonly<{ kind: 'ContactIdentified'; at: EpochMs; leg: CustomerLeg }>
  | Readonly<{ kind: 'AttributesSet'; at: EpochMs; leg: CustomerLeg; attributes: Readonly<Record<string, string>> }>
  | Readonly<{ kind: 'FlowEntered'; at: EpochMs; leg: FlowLeg }>
  | Readonly<{ kind: 'MilestoneReached'; at: EpochMs; leg: FlowLeg; milestone: Milestone }>
  | Readonly<{ kind: 'FlowLeft'; at: EpochMs; leg: FlowLeg; durationMs: number }>
  | Readonly<{ kind: 'OutcomeDecided'; at: EpochMs; leg: FlowLeg; outcome: FlowOutcome }>
  | Readonly<{ kind: 'QueueEntered'; at: EpochMs; entry: QueueEntry }>
  | Readonly<{ kind: 'QueueLeft'; at: EpochMs; entry: QueueEntry }>
  | Readonly<{ kind: 'VoicemailBegan'; at: EpochMs; leg: VoicemailLeg }>
  | Readonly<{ kind: 'VoicemailEnded'; at: EpochMs; leg: VoicemailLeg; durationMs: number }>
  /** A campaign dials without an agent. */
  | Readonly<{ kind: 'DialerLegOpened'; at: EpochMs; leg: DialerLeg }>
  | Readonly<{ kind: 'DialerLegDialed'; at: EpochMs; leg: DialerLeg; reached: boolean }>
  /** Nobody answered, or somebody did and no agent was there. */
  | Readonly<{ kind: 'DialerLegClosed'; at: EpochMs; leg: DialerLeg; how: 'unreached' | 'abandoned' }>
  /** Alerting or, on an outbound leg, contacting begins. */
  | Readonly<{ kind: 'AgentLegOpened'; at: EpochMs; leg: AgentLeg }>
  /** A part of the session begins; the one before it, if any, is over. */
  | Readonly<{ kind: 'SegmentBegan'; at: EpochMs; leg: AgentLeg; segment: Segment }>
  /** `first`: no agent had been connected to this conversation before. */
  | Readonly<{
      kind: 'AlertEnded'
      at: EpochMs
      leg: AgentLeg
      how: 'answered' | 'missed' | 'callerGone'
      first: boolean
    }>
  | Readonly<{ kind: 'ContactingEnded'; at: EpochMs; leg: AgentLeg }>
  | Readonly<{ kind: 'DialingEnded'; at: EpochMs; leg: AgentLeg; reached: boolean }>
  /** `last`: no more of it will follow on this leg. */
  | Readonly<{ kind: 'TalkEnded'; at: EpochMs; leg: AgentLeg; durationMs: number; last: boolean }>
  | Readonly<{ kind: 'HoldEnded'; at: EpochMs; leg: AgentLeg; durationMs: number; last: boolean }>
  /** `first`: no agent had replied in this conversation before. */
  | Readonly<{ kind: 'AgentReplied'; at: EpochMs; leg: AgentLeg; tookMs: number; first: boolean }>
  | Readonly<{ kind: 'CustomerReplied'; at: EpochMs; leg: AgentLeg; tookMs: number }>
  | Readonly<{ kind: 'ConsultBegan'; at: EpochMs; leg: AgentLeg }>
  | Readonly<{ kind: 'Transferred'; at: EpochMs; leg: AgentLeg; how: 'blind' | 'consult' | 'conference' }>
  | Readonly<{ kind: 'AgentLegClosed'; at: EpochMs; leg: AgentLeg; acwFollows: boolean }>
  | Readonly<{ kind: 'AcwCompleted'; at: EpochMs; leg: AgentLeg }>
  | AgentStateEntered

export type Observer = (happening: Happening) => void
