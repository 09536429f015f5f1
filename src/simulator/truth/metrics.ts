import type { EpochMs } from '../../domain/interval.js'
import type { Happening } from '../happening.js'
import type { AgentLeg, CustomerLeg, DialerLeg, FlowLeg, Leg, QueueEntry, VoicemailLeg } from '../conversations/leg.js'
import { serviceLevelMsAt } from '../roster/queue-settings.js'
import type { Booked } from './cells.js'

/** Receives the metrics. */
export type Bookkeeping = (at: EpochMs, leg: Leg, about: Booked, metric: string, value?: number) => void

type Parts = {
  alert: number
  contacting: number
  dialing: number
  talk: number
  held: number
  talkAny: boolean
  heldAny: boolean
}
type Written = { replies: number; tookMs: number; messages: number }

/**
 * Records the metrics that Genesys emits, from happenings alone. It adds up the parts of each session itself and shares
 * no code with the emitted events, so that an event that contradicts what happened shows as a difference.
 */
export class TruthMetrics {
  readonly #book: Bookkeeping
  readonly #parts = new Map<string, Parts>()
  readonly #written = new Map<string, Written>()

  constructor(book: Bookkeeping) {
    this.#book = book
  }

  observe(happening: Happening): void {
    const { at } = happening
    switch (happening.kind) {
      case 'ConversationBegan':
        this.#on(at, happening.leg, 'nConversations')
        if (happening.leg.direction === 'inbound') this.#on(at, happening.leg, 'nConnected')
        return
      case 'CustomerLegOpened':
        if (happening.leg.direction === 'inbound') this.#on(at, happening.leg, 'nConnected')
        if (happening.leg.scheduled) this.#on(at, happening.leg, 'nCallbackScheduled')
        return
      case 'CustomerLeft':
        this.#customerLeft(at, happening.leg)
        return
      case 'MilestoneReached':
        this.#on(at, happening.leg, 'nFlowMilestone')
        return
      case 'FlowLeft':
        this.#flowLeft(at, happening.leg)
        return
      case 'OutcomeDecided':
        this.#on(at, happening.leg, 'nFlowOutcome')
        if (happening.outcome.value === 'FAILURE') this.#on(at, happening.leg, 'nFlowOutcomeFailed')
        this.#on(at, happening.leg, 'tFlowOutcome', at - happening.outcome.startedAt)
        return
      case 'QueueEntered':
        this.#on(at, happening.entry, 'nOffered')
        if (callsCustomerFirst(happening.entry)) this.#on(at, happening.entry, 'nCfcOffered')
        return
      case 'QueueLeft':
        this.#queueLeft(at, happening.entry)
        return
      case 'VoicemailEnded':
        this.#on(at, happening.leg, 'tVoicemail', at - happening.leg.startedAt)
        return
      case 'DialerLegDialed':
        this.#on(at, happening.leg, 'nOutboundAttempted')
        if (happening.reached) this.#on(at, happening.leg, 'nConnected')
        return
      case 'DialerLegClosed':
        if (happening.how === 'abandoned') this.#on(at, happening.leg, 'nOutboundAbandoned')
        return
      case 'ContactIdentified':
      case 'AttributesSet':
      case 'FlowEntered':
      case 'VoicemailBegan':
      case 'DialerLegOpened':
      case 'SegmentBegan':
      case 'AgentStateEntered':
        return
      default:
        this.#byAgent(happening, happening.leg)
    }
  }

  #customerLeft(at: EpochMs, leg: CustomerLeg): void {
    if (leg.connectedAt !== null) this.#on(at, leg, 'tConnected', at - leg.connectedAt)
    const written = this.#written.get(leg.sessionId)
    if (written !== undefined)
      this.#on(at, leg, 'tAverageCustomerResponseTime', Math.round(written.tookMs / written.replies))
    this.#written.delete(leg.sessionId)
  }

  #flowLeft(at: EpochMs, leg: FlowLeg): void {
    const inFlowMs = at - leg.enteredAt
    this.#on(at, leg, 'tIvr', at - leg.startedAt)
    this.#on(at, leg, 'nFlow')
    this.#on(at, leg, 'tFlow', inFlowMs)
    this.#on(at, leg, leg.exit === 'hangup' ? 'tFlowDisconnect' : 'tFlowExit', inFlowMs)
  }

  #queueLeft(at: EpochMs, entry: QueueEntry): void {
    const waitedMs = at - entry.startedAt
    const [acd, abandon, flowOut] = callsCustomerFirst(entry)
      ? (['tCfcAcd', 'tCfcAbandon', 'tCfcFlowOut'] as const)
      : (['tAcd', 'tAbandon', 'tFlowOut'] as const)
    this.#on(at, entry, acd, waitedMs)
    if (entry.outcome === 'ABANDON') this.#on(at, entry, abandon, waitedMs)
    if (entry.outcome === 'FLOW_OUT') this.#on(at, entry, flowOut, waitedMs)
  }

  #byAgent(happening: Extract<Happening, { leg: AgentLeg }>, leg: AgentLeg): void {
    const { at } = happening
    const parts = this.#partsOf(leg)
    switch (happening.kind) {
      case 'AgentLegOpened':
        if (leg.direction === 'outbound') this.#on(at, leg, 'nOutbound')
        return
      case 'AlertEnded':
        parts.alert = at - leg.startedAt
        this.#on(at, leg, 'tAlert', parts.alert)
        if (happening.how === 'answered') this.#answered(at, leg, happening.first)
        if (happening.how === 'missed') {
          this.#on(at, leg, 'tNotResponding', parts.alert)
          this.#on(at, leg, 'nError')
        }
        return
      case 'ContactingEnded':
        parts.contacting = at - leg.startedAt
        this.#on(at, leg, 'tContacting', parts.contacting)
        if (leg.conversation.campaign !== null) this.#on(at, leg, 'tFirstDial', parts.contacting)
        return
      case 'DialingEnded':
        parts.dialing = at - leg.startedAt - parts.contacting
        this.#on(at, leg, 'tDialing', parts.dialing)
        this.#dialed(at, leg, happening.reached)
        return
      case 'TalkEnded':
        parts.talk += happening.durationMs
        parts.talkAny = true
        this.#on(at, leg, 'tTalk', happening.durationMs)
        if (happening.last) this.#on(at, leg, 'tTalkComplete', parts.talk)
        return
      case 'HoldEnded':
        parts.held += happening.durationMs
        parts.heldAny = true
        this.#on(at, leg, 'tHeld', happening.durationMs)
        if (happening.last) this.#on(at, leg, 'tHeldComplete', parts.held)
        return
      case 'AgentReplied':
        this.#on(at, leg, 'tAgentResponseTime', happening.tookMs)
        if (happening.first) this.#on(at, leg, 'tFirstResponse', at - leg.conversation.beganAt)
        this.#wrote(leg, happening.tookMs)
        return
      case 'CustomerReplied':
        this.#on(at, leg.customer, 'tUserResponseTime', happening.tookMs)
        this.#wrote(leg.customer, happening.tookMs)
        this.#writtenIn(leg).messages += 1
        return
      case 'ConsultBegan':
        this.#on(at, leg, 'nConsult')
        return
      case 'Transferred':
        this.#on(at, leg, 'nTransferred')
        this.#on(at, leg, happening.how === 'blind' ? 'nBlindTransferred' : 'nConsultTransferred')
        return
      case 'AgentLegClosed':
        this.#closed(at, leg, parts)
        if (!happening.acwFollows) this.#finish(at, leg, parts, 0)
        return
      case 'AcwCompleted':
        this.#on(at, leg, 'tAcw', leg.acwMs)
        this.#finish(at, leg, parts, leg.acwMs)
        return
      case 'SegmentBegan':
        return
    }
  }

  #answered(at: EpochMs, leg: AgentLeg, first: boolean): void {
    const { entry, mediaType } = leg
    if (entry === null) return
    if (callsCustomerFirst(entry)) this.#on(at, leg, 'tCfcAnswered', entry.waitedMs)
    else {
      this.#on(at, leg, 'tAnswered', entry.waitedMs)
      if (entry.waitedMs > serviceLevelMsAt(entry.queue, mediaType, at)) this.#on(at, leg, 'nOverSla')
    }
    if (mediaType === 'callback') this.#on(at, leg, 'tCallbackVirtualWait', at - entry.customer.startedAt)
    if (first && (mediaType === 'chat' || mediaType === 'message'))
      this.#on(at, leg, 'tFirstEngagement', at - leg.conversation.beganAt)
  }

  #dialed(at: EpochMs, leg: AgentLeg, reached: boolean): void {
    if (reached) this.#on(at, leg, 'nConnected')
    if (leg.conversation.campaign !== null) {
      this.#on(at, leg, 'nOutboundAttempted')
      if (reached) {
        this.#on(at, leg, 'nOutboundConnected')
        this.#on(at, leg, 'tFirstConnect', at - leg.startedAt)
      }
    }
    if (leg.serves === null) return
    this.#on(at, leg.serves, 'nCallbackAttempts')
    this.#on(at, leg.serves, reached ? 'tCallbackConnect' : 'tCallbackNotReached', at - leg.serves.customer.startedAt)
  }

  #closed(at: EpochMs, leg: AgentLeg, parts: Parts): void {
    const { mediaType } = leg
    // A callback record that was accepted is active until its call is over; one that was missed never was.
    if (mediaType === 'callback' && at - leg.startedAt > parts.alert) {
      this.#on(at, leg, 'tActiveCallback', at - leg.startedAt - parts.alert)
      this.#on(at, leg, 'tActiveCallbackComplete', at - leg.startedAt - parts.alert)
    }
    if (leg.direction === 'outbound' && !parts.talkAny) this.#on(at, leg, 'nError')
    const written = this.#written.get(leg.sessionId)
    if (written === undefined || written.replies === 0 || mediaType === 'email') return
    this.#on(at, leg, 'tAverageAgentResponseTime', Math.round(written.tookMs / written.replies))
    this.#on(at, leg, 'oMessageCount', written.replies + written.messages)
    this.#on(at, leg, 'oMessageTurn', Math.min(written.replies, written.messages + 1))
    if (mediaType === 'message') this.#on(at, leg, 'oMediaCount', leg.mediaCount)
  }

  /** After its last part a session is handled, if it had any part. */
  #finish(at: EpochMs, leg: AgentLeg, parts: Parts, acwMs: number): void {
    if (leg.direction === 'outbound' || parts.talkAny || parts.heldAny)
      this.#on(at, leg, 'tHandle', parts.contacting + parts.dialing + parts.talk + parts.held + acwMs)
    this.#parts.delete(leg.sessionId)
    this.#written.delete(leg.sessionId)
  }

  #partsOf(leg: AgentLeg): Parts {
    const known = this.#parts.get(leg.sessionId)
    if (known !== undefined) return known
    const fresh = { alert: 0, contacting: 0, dialing: 0, talk: 0, held: 0, talkAny: false, heldAny: false }
    this.#parts.set(leg.sessionId, fresh)
    return fresh
  }

  #wrote(leg: Leg, tookMs: number): void {
    const written = this.#writtenIn(leg)
    written.replies += 1
    written.tookMs += tookMs
  }

  #writtenIn(leg: Leg): Written {
    let written = this.#written.get(leg.sessionId)
    if (written === undefined) this.#written.set(leg.sessionId, (written = { replies: 0, tookMs: 0, messages: 0 }))
    return written
  }

  #on(at: EpochMs, leg: Leg, metric: string, value?: number): void {
    this.#book(at, leg, aboutOf(leg), metric, value)
  }
}

/** Decided here once more, independent of the wire side. */
export const callsCustomerFirst = ({ mediaType, queue }: QueueEntry): boolean =>
  mediaType === 'callback' && queue.callbackMode === 'CustomerFirst'

/** The dimensions of an emission on a session, as known at that moment. */
const aboutOf = (leg: Leg): Booked => {
  const { divisionIds, campaign } = leg.conversation
  const ofAll = { divisionIds: [...divisionIds], campaignId: campaign?.id ?? null }
  switch (leg.party) {
    case 'customer':
      return ofAll
    case 'ivr':
      return { ...ofAll, flowId: (leg as FlowLeg).flow.id }
    case 'acd': {
      const { queue, skillIds, languageId } = leg as QueueEntry
      return { ...ofAll, queueId: queue.id, skillIds, languageId }
    }
    case 'voicemail':
    case 'dialer':
      return { ...ofAll, queueId: (leg as VoicemailLeg | DialerLeg).queue.id }
    case 'agent': {
      const { agent, queue, entry, wrapUpCode } = leg as AgentLeg
      const asked = entry === null ? {} : { skillIds: entry.skillIds, languageId: entry.languageId }
      return { ...ofAll, queueId: queue?.id ?? null, userId: agent.id, wrapUpCode, ...asked }
    }
  }
}
