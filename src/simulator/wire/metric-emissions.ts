import type { EpochMs } from '../../domain/interval.js'
import type { Happening } from '../happening.js'
import {
  handleMs,
  isCustomerFirst,
  isHandled,
  type AgentLeg,
  type FlowLeg,
  type Leg,
  type QueueEntry,
  type Replies,
} from '../conversations/leg.js'
import { serviceLevelMsAt } from '../roster/queue-settings.js'

/**
 * Emits a metric on the session that has it, at the instant that Genesys gives it. `more` are fields of this emission
 * alone.
 */
export type Emit = (
  at: EpochMs,
  metric: string,
  value: number,
  leg: Leg,
  more?: Readonly<Record<string, string>>,
) => void

/**
 * Which metrics happenings bring. Where Genesys does not say, these are our assumptions:
 * - `tAnswered` and `nOverSla` sit on the agent's session, stamped at the connect; the value is the `tAcd` of that
 *   entry, which ended some ms earlier.
 * - Over the service level is strictly longer than the duration in force at the answer.
 * - A missed alert brings `tAlert`, `tNotResponding` and `nError`, no `tHandle`; a caller who hangs up while it rings
 *   leaves `tAlert` alone.
 * - A consulted colleague is handled but not answered. A conference that the agent leaves is a consult transfer.
 * - A callback's own session has no handle time; contacting, dialing, talk and after-call work are those of the call it
 *   leads to. Attempts, connects and failures sit on the callback's session, the virtual wait at its answer;
 *   `nCallbackScheduled`, of a callback asked for at a later time, on the customer's.
 * - A queue that calls customers first has `nCfcOffered` beside `nOffered`, and `tCfc…` instead of `tAcd`, `tAnswered`,
 *   `tAbandon` and `tFlowOut`; no `nOverSla`.
 * - `nOutbound` is stamped at the start of the session, the `nConnected` of a dialed call on the agent's session when
 *   the customer is reached.
 * - A campaign call is attempted when its dialing ends and connected if somebody answered for an agent; abandoned when
 *   somebody answered for none. Until then is the time of its first dial and connect.
 * - All flow metrics but milestones come when the interaction leaves the flow.
 * - Replies of agents count on their session, those of customers on theirs; averages and numbers of messages at the
 *   session's end, of chats and messages only.
 *
 * Not modelled, so never emitted: bots, takeovers, cobrowsing, video, voice and external media of messages, message
 * segments, skill expressions, supervisors (monitoring, coaching, barging, screen monitoring), parking, snippets, fax,
 * callbacks that the customer abandons, and numbers at milestones of flows.
 */
export const metricEmissions =
  (emit: Emit) =>
  (happening: Happening): void => {
    const { at } = happening
    switch (happening.kind) {
      case 'ConversationBegan':
      case 'CustomerLegOpened': {
        const { leg } = happening
        if (happening.kind === 'ConversationBegan') emit(at, 'nConversations', 1, leg)
        if (leg.connectedAt !== null) emit(at, 'nConnected', 1, leg)
        if (leg.scheduled) emit(at, 'nCallbackScheduled', 1, leg)
        return
      }
      case 'CustomerLeft': {
        const { leg } = happening
        if (leg.connectedAt !== null) emit(at, 'tConnected', at - leg.connectedAt, leg)
        if (leg.replies.count > 0) emit(at, 'tAverageCustomerResponseTime', average(leg.replies), leg)
        return
      }
      case 'MilestoneReached':
        emit(at, 'nFlowMilestone', 1, happening.leg)
        return
      case 'FlowLeft':
        flowLeft(at, happening.leg, happening.durationMs, emit)
        return
      case 'OutcomeDecided': {
        const { leg, outcome } = happening
        emit(at, 'nFlowOutcome', 1, leg)
        if (outcome.value === 'FAILURE') emit(at, 'nFlowOutcomeFailed', 1, leg)
        emit(at, 'tFlowOutcome', at - outcome.startedAt, leg)
        return
      }
      case 'QueueEntered': {
        const { entry } = happening
        emit(at, 'nOffered', 1, entry)
        if (isCustomerFirst(entry)) emit(at, 'nCfcOffered', 1, entry)
        return
      }
      case 'QueueLeft':
        queueLeft(at, happening.entry, emit)
        return
      case 'VoicemailEnded':
        emit(at, 'tVoicemail', happening.durationMs, happening.leg)
        return
      case 'DialerLegDialed':
        emit(at, 'nOutboundAttempted', 1, happening.leg)
        if (happening.reached) emit(at, 'nConnected', 1, happening.leg)
        return
      case 'DialerLegClosed':
        if (happening.how === 'abandoned') emit(at, 'nOutboundAbandoned', 1, happening.leg)
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
        agentMetrics(happening, happening.leg, emit)
    }
  }

const flowLeft = (at: EpochMs, leg: FlowLeg, durationMs: number, emit: Emit): void => {
  emit(at, 'tIvr', at - leg.startedAt, leg)
  emit(at, 'nFlow', 1, leg)
  emit(at, 'tFlow', durationMs, leg)
  emit(at, leg.exit === 'queue' ? 'tFlowExit' : 'tFlowDisconnect', durationMs, leg)
}

const queueLeft = (at: EpochMs, entry: QueueEntry, emit: Emit): void => {
  const family = isCustomerFirst(entry) ? 'tCfc' : 't'
  emit(at, `${family}Acd`, entry.waitedMs, entry)
  if (entry.outcome === 'ABANDON') emit(at, `${family}Abandon`, entry.waitedMs, entry)
  if (entry.outcome === 'FLOW_OUT')
    emit(at, `${family}FlowOut`, entry.waitedMs, entry, { flowOutType: entry.flowOutType ?? 'unknown' })
}

type AgentHappening = Extract<Happening, { leg: AgentLeg }>

const agentMetrics = (happening: AgentHappening, leg: AgentLeg, emit: Emit): void => {
  const { at } = happening
  const say = (metric: string, value: number, more?: Readonly<Record<string, string>>): void =>
    emit(at, metric, value, leg, more)
  switch (happening.kind) {
    case 'AgentLegOpened':
      if (leg.direction === 'outbound') say('nOutbound', 1)
      return
    case 'AlertEnded':
      say('tAlert', leg.alertMs)
      if (happening.how === 'answered') answered(at, leg, happening.first, emit)
      if (happening.how === 'missed') {
        say('tNotResponding', leg.alertMs)
        say('nError', 1, { errorCode: 'error.ininedgecontrol.session.noanswer' })
      }
      return
    case 'ContactingEnded':
      say('tContacting', leg.contactingMs)
      if (leg.conversation.campaign !== null) say('tFirstDial', leg.contactingMs)
      return
    case 'DialingEnded':
      dialed(at, leg, happening.reached, emit)
      return
    case 'TalkEnded':
      say('tTalk', happening.durationMs)
      if (happening.last) say('tTalkComplete', leg.talkMs)
      return
    case 'HoldEnded':
      say('tHeld', happening.durationMs)
      if (happening.last) say('tHeldComplete', leg.heldMs)
      return
    case 'AgentReplied':
      say('tAgentResponseTime', happening.tookMs)
      if (happening.first) say('tFirstResponse', at - leg.conversation.beganAt)
      return
    case 'CustomerReplied':
      emit(at, 'tUserResponseTime', happening.tookMs, leg.customer)
      return
    case 'ConsultBegan':
      say('nConsult', 1)
      return
    case 'Transferred':
      say('nTransferred', 1)
      say(happening.how === 'blind' ? 'nBlindTransferred' : 'nConsultTransferred', 1)
      return
    case 'AgentLegClosed':
      closed(at, leg, emit)
      if (isHandled(leg) && !happening.acwFollows) say('tHandle', handleMs(leg))
      return
    case 'AcwCompleted':
      say('tAcw', leg.acwMs)
      if (isHandled(leg)) say('tHandle', handleMs(leg))
      return
    case 'SegmentBegan':
      return
  }
}

const answered = (at: EpochMs, leg: AgentLeg, first: boolean, emit: Emit): void => {
  const { entry } = leg
  if (entry === null) return
  if (isCustomerFirst(entry)) emit(at, 'tCfcAnswered', entry.waitedMs, leg)
  else {
    emit(at, 'tAnswered', entry.waitedMs, leg)
    if (entry.waitedMs > serviceLevelMsAt(entry.queue, leg.mediaType, at)) emit(at, 'nOverSla', 1, leg)
  }
  if (leg.mediaType === 'callback') emit(at, 'tCallbackVirtualWait', at - leg.customer.startedAt, leg)
  if (first && (leg.mediaType === 'chat' || leg.mediaType === 'message'))
    emit(at, 'tFirstEngagement', at - leg.conversation.beganAt, leg)
}

const dialed = (at: EpochMs, leg: AgentLeg, reached: boolean, emit: Emit): void => {
  emit(at, 'tDialing', leg.dialingMs, leg)
  if (reached) emit(at, 'nConnected', 1, leg)
  if (leg.conversation.campaign !== null) {
    emit(at, 'nOutboundAttempted', 1, leg)
    if (reached) {
      emit(at, 'nOutboundConnected', 1, leg)
      emit(at, 'tFirstConnect', leg.contactingMs + leg.dialingMs, leg)
    }
  }
  if (leg.serves === null) return
  emit(at, 'nCallbackAttempts', 1, leg.serves)
  emit(at, reached ? 'tCallbackConnect' : 'tCallbackNotReached', at - leg.serves.customer.startedAt, leg.serves)
}

const closed = (at: EpochMs, leg: AgentLeg, emit: Emit): void => {
  if (leg.mediaType === 'callback' && leg.callbackMs > 0) {
    emit(at, 'tActiveCallback', leg.callbackMs, leg)
    emit(at, 'tActiveCallbackComplete', leg.callbackMs, leg)
  }
  if (leg.direction === 'outbound' && !leg.talked)
    emit(at, 'nError', 1, leg, { errorCode: 'error.ininedgecontrol.connection.outbound.noanswer' })
  if (leg.replies.count === 0 || leg.mediaType === 'email') return
  emit(at, 'tAverageAgentResponseTime', average(leg.replies), leg)
  emit(at, 'oMessageCount', leg.replies.count + leg.customerMessages, leg)
  emit(at, 'oMessageTurn', Math.min(leg.replies.count, leg.customerMessages + 1), leg)
  if (leg.mediaType === 'message') emit(at, 'oMediaCount', leg.mediaCount, leg)
}

const average = ({ count, tookMs }: Replies): number => Math.round(tookMs / count)
