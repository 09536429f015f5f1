import type { EpochMs } from '../../domain/interval.js'
import type { Direction, MediaType, MessageType } from '../roster/media.js'
import type { Agent, Campaign, Flow, Queue } from '../roster/roster.js'

/**
 * A conversation and its legs (Genesys: sessions): the simulator's own record, from which events and truth are derived.
 */

/** Why a leg ended, spelled as in detail events. */
export type DisconnectType =
  | 'ENDPOINT'
  | 'CLIENT'
  | 'SYSTEM'
  | 'TRANSFER'
  | 'PEER'
  | 'TIMEOUT'
  | 'ERROR'
  | 'CONSULT_TRANSFER'
  | 'CONFERENCE_TRANSFER'
  | 'NO_ANSWER_TRANSFER'
  | 'INACTIVITY'
  | 'UNCALLABLE'

export type Conversation = {
  readonly id: string
  readonly originatingDirection: Direction
  /** The medium it came by. A callback conversation also has voice legs. */
  readonly mediaType: MediaType
  readonly messageType: MessageType | null
  readonly ani: string
  readonly dnis: string
  readonly customerName: string
  readonly customerParticipantId: string
  readonly externalContactId: string | null
  readonly divisionIds: string[]
  readonly enterprise: boolean
  /** The campaign that calls. */
  readonly campaign: Campaign | null
  readonly beganAt: EpochMs
  /** Queues it has entered, and agents it has been connected to, so far. */
  queueEntries: number
  connects: number
  replies: number
}

/** Whose session it is (Genesys: purpose). A private call's `user` is an `agent` here. */
export type Party = 'customer' | 'ivr' | 'acd' | 'voicemail' | 'dialer' | 'agent'

export type Leg = {
  readonly party: Party
  readonly conversation: Conversation
  readonly participantId: string
  readonly sessionId: string
  readonly mediaType: MediaType
  readonly direction: Direction
  readonly startedAt: EpochMs
  /** The session at the other side, if there is one. */
  readonly peerId: string | null
  disconnectType: DisconnectType | null
  readonly written: Written
}

/** The constant part of a leg's events, by surface, written on first use. */
export type Surface = 'metricRecord' | 'detailEvent' | 'detailQueue'
export type Written = { [surface in Surface]: string | undefined }
export const unwritten = (): Written => ({ metricRecord: undefined, detailEvent: undefined, detailQueue: undefined })

/** Replies to messages: their number and total time. */
export type Replies = { count: number; tookMs: number }
export const noReplies = (): Replies => ({ count: 0, tookMs: 0 })

export type CustomerLeg = Leg & {
  readonly party: 'customer'
  /** When the customer was connected; null while an outbound call rings. */
  connectedAt: EpochMs | null
  /** A callback that was asked for at a later time. */
  readonly scheduled: boolean
  readonly replies: Replies
}

/** The outcome of a flow: its duration counts from `startedAt`; milestones were passed on the way. */
export type FlowOutcome = Readonly<{
  outcomeId: string
  value: 'SUCCESS' | 'FAILURE'
  startedAt: EpochMs
  milestones: Milestone[]
}>
export type Milestone = Readonly<{ milestoneId: string; at: EpochMs }>

/** A caller in an IVR flow. The session begins some moments before the flow. */
export type FlowLeg = Leg & {
  readonly party: 'ivr'
  readonly flow: Flow
  readonly enteredAt: EpochMs
  readonly exit: 'queue' | 'hangup'
  readonly outcome: FlowOutcome | null
}

/** A campaign's dialer with a customer whom no agent is free for. */
export type DialerLeg = Leg & {
  readonly party: 'dialer'
  readonly campaign: Campaign
  readonly queue: Queue
  readonly customer: CustomerLeg
}

export type QueueOutcome = 'ANSWERED' | 'ABANDON' | 'FLOW_OUT'

/** One entry of a conversation into a queue: a Genesys acd session. It ends exactly once, with an outcome. */
export type QueueEntry = Leg & {
  readonly party: 'acd'
  readonly queue: Queue
  readonly customer: CustomerLeg
  readonly first: boolean
  readonly skillIds: readonly string[]
  readonly languageId: string | null
  /** When the customer gives up; Infinity if never. */
  readonly patienceUntil: EpochMs
  /** When the in-queue flow takes the customer elsewhere; Infinity if never. */
  readonly flowOutAt: EpochMs
  state: 'waiting' | 'alerting' | 'left'
  outcome: QueueOutcome | null
  flowOutType: 'queue' | 'voicemail' | 'callback' | 'disconnect' | null
  answeredBy: Agent | null
  waitedMs: number
}

export type VoicemailLeg = Leg & { readonly party: 'voicemail'; readonly queue: Queue }

/** Whether the queue calls the customer first and then looks for an agent. Such callbacks have metrics of their own. */
export const isCustomerFirst = (entry: QueueEntry): boolean =>
  entry.mediaType === 'callback' && entry.queue.callbackMode === 'CustomerFirst'

/** An agent's session and its totals so far. */
export type AgentLeg = Leg & {
  readonly party: 'agent'
  readonly agent: Agent
  readonly queue: Queue | null
  /** The queue entry that brought it; null for consults, dialed legs and private calls. */
  readonly entry: QueueEntry | null
  readonly customer: CustomerLeg
  /** The callback session whose call this is. */
  readonly serves: AgentLeg | null
  alertMs: number
  contactingMs: number
  dialingMs: number
  talkMs: number
  heldMs: number
  callbackMs: number
  acwMs: number
  /** Whether the session reached this stage, however short it was. */
  dialed: boolean
  talked: boolean
  held: boolean
  wrapUpCode: string | null
  readonly replies: Replies
  /** Messages of the customer in this session. */
  customerMessages: number
  mediaCount: number
}

/** Handle time of an agent's session so far. */
export const handleMs = (leg: AgentLeg): number =>
  leg.contactingMs + leg.dialingMs + leg.talkMs + leg.heldMs + leg.acwMs

/** Whether a session has a handle time. One that only alerted, or only held the callback record, has none. */
export const isHandled = (leg: AgentLeg): boolean => leg.dialed || leg.talked || leg.held
