import type { EpochMs } from '../../domain/interval.js'
import type { Direction, MediaType, MessageType } from './media.js'
import type { Agent, Queue } from './roster.js'

/** A conversation and its legs (Genesys: sessions): the simulator's own record of what happened, from which events and truth are told. */

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
  /** Queues it has entered so far. */
  queueEntries: number
}

export type Leg = {
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

/** What each surface always writes of a leg, once it has been asked. */
export type Surface = 'metricRecord' | 'detailEvent' | 'detailQueue'
export type Written = { [surface in Surface]: string | undefined }
export const unwritten = (): Written => ({ metricRecord: undefined, detailEvent: undefined, detailQueue: undefined })

export type CustomerLeg = Leg & {
  /** When the customer was connected; null while an outbound call rings. */
  connectedAt: EpochMs | null
}

/** A caller in an IVR flow. */
export type FlowLeg = Leg & { readonly flowId: string; exit: 'queue' | 'hangup' }

export type QueueOutcome = 'ANSWERED' | 'ABANDON' | 'FLOW_OUT'

/** One entry of a conversation into a queue: a Genesys acd session. It ends exactly once, with an outcome. */
export type QueueEntry = Leg & {
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

export type VoicemailLeg = Leg & { readonly queue: Queue }

/** An agent's session and its totals so far. */
export type AgentLeg = Leg & {
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
  /** Reached the stage, however short it was. */
  dialed: boolean
  talked: boolean
  held: boolean
  wrapUpCode: string | null
}

/** Handle time of an agent's session so far. */
export const handleMs = (leg: AgentLeg): number => leg.contactingMs + leg.dialingMs + leg.talkMs + leg.heldMs + leg.acwMs

/** Whether a session has a handle time at all: one that only alerted, or only held the callback record, has none. */
export const isHandled = (leg: AgentLeg): boolean => leg.dialed || leg.talked || leg.held
