import type { EpochMs } from '../../domain/interval.js'
import type { Publish } from './delivery.js'
import type { Happening, Observer } from './happening.js'
import { handleMs, isHandled, type AgentLeg, type CustomerLeg, type FlowLeg, type Leg, type QueueEntry, type VoicemailLeg } from './leg.js'
import { fragment, remembered } from './json-fragment.js'
import type { SeededRandom } from './random.js'
import { iso, metricDisconnect, providerOf, purposeOf } from './spelling.js'

type Body = Record<string, unknown>

/**
 * Tells happenings as `v2.analytics.conversation.{id}.metrics`: one record for each emission of a metric, on the session that carries it, at the
 * instant Genesys gives it. Where Genesys does not say, these are our assumptions:
 * - Queue sessions carry queueId and no userId, agent sessions both (no queueId on private calls), customer and IVR sessions neither.
 * - `tAnswered` and `nOverSla` sit on the agent's session, stamped at the connect; the value is the `tAcd` of that entry, which ended some ms earlier.
 * - Over the service level is strictly longer than its duration.
 * - A missed alert brings `tAlert`, `tNotResponding` and `nError`, no `tHandle`; a caller who hangs up while it rings leaves `tAlert` alone.
 * - A consulted colleague's session carries the queue of the one who asked; it is handled but not answered.
 * - A callback's own session has no handle time; contacting, dialing, talk and after-call work are those of the call it leads to.
 * - `nOutbound` is stamped at the start of the session, the `nConnected` of a dialed call on the agent's session when the customer is reached.
 */
export const metricRecords = (publish: Publish, random: SeededRandom): Observer => {
  const emit: Emit = (at, metric, value, leg, dimensions, more) => {
    const extra = more === undefined ? '' : `,${more}`
    const body = `{"metric":"${metric}","metricDate":"${iso(at)}","value":${value},"recordId":"${random.uuid()}",${dimensions}${extra}}`
    publish(at, 'v2.analytics.conversation.{id}.metrics', leg.conversation.id, body)
  }
  return (happening) => {
    tellMetric(happening, emit)
  }
}

type Emit = (at: EpochMs, metric: string, value: number, leg: Leg, dimensions: string, more?: string) => void

const tellMetric = (happening: Happening, emit: Emit): void => {
  const { at } = happening
  switch (happening.kind) {
    case 'ConversationBegan': {
      const { leg } = happening
      const dimensions = ofCustomer(leg)
      emit(at, 'nConversations', 1, leg, dimensions)
      if (leg.connectedAt !== null) emit(at, 'nConnected', 1, leg, dimensions)
      return
    }
    case 'CustomerLeft': {
      const { leg } = happening
      if (leg.connectedAt !== null) emit(at, 'tConnected', at - leg.connectedAt, leg, ofCustomer(leg))
      return
    }
    case 'FlowLeft':
      emit(at, 'tIvr', happening.durationMs, happening.leg, ofFlow(happening.leg))
      return
    case 'QueueEntered':
      emit(at, 'nOffered', 1, happening.entry, ofEntry(happening.entry))
      return
    case 'QueueLeft': {
      const { entry } = happening
      const dimensions = ofEntry(entry)
      emit(at, 'tAcd', entry.waitedMs, entry, dimensions)
      if (entry.outcome === 'ABANDON') emit(at, 'tAbandon', entry.waitedMs, entry, dimensions)
      if (entry.outcome === 'FLOW_OUT')
        emit(at, 'tFlowOut', entry.waitedMs, entry, dimensions, `"flowOutType":"${entry.flowOutType ?? 'unknown'}"`)
      return
    }
    case 'VoicemailEnded':
      emit(at, 'tVoicemail', happening.durationMs, happening.leg, ofVoicemail(happening.leg))
      return
    case 'CustomerLegOpened':
    case 'ContactIdentified':
    case 'AttributesSet':
    case 'FlowEntered':
    case 'VoicemailBegan':
    case 'AgentStateEntered':
      return
    default:
      tellAgentMetric(happening, happening.leg, emit)
  }
}

type AgentHappening = Extract<Happening, { leg: AgentLeg }>

const tellAgentMetric = (happening: AgentHappening, leg: AgentLeg, emit: Emit): void => {
  const { at } = happening
  const say = (metric: string, value: number, more?: string): void => {
    emit(at, metric, value, leg, ofAgent(leg), more)
  }
  switch (happening.kind) {
    case 'AgentLegOpened':
      if (leg.direction === 'outbound') say('nOutbound', 1)
      return
    case 'AlertEnded':
      say('tAlert', leg.alertMs)
      if (happening.how === 'answered' && leg.entry !== null) {
        say('tAnswered', leg.entry.waitedMs)
        if (leg.entry.waitedMs > leg.entry.queue.serviceLevel[leg.mediaType]) say('nOverSla', 1)
      }
      if (happening.how === 'missed') {
        say('tNotResponding', leg.alertMs)
        say('nError', 1, '"errorCode":"error.ininedgecontrol.session.noanswer"')
      }
      return
    case 'ContactingEnded':
      say('tContacting', leg.contactingMs)
      return
    case 'DialingEnded':
      say('tDialing', leg.dialingMs)
      if (happening.reached) say('nConnected', 1)
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
      return
    case 'ConsultBegan':
      say('nConsult', 1)
      return
    case 'Transferred':
      say('nTransferred', 1)
      say(happening.how === 'blind' ? 'nBlindTransferred' : 'nConsultTransferred', 1)
      return
    case 'AgentLegClosed':
      if (leg.mediaType === 'callback' && leg.callbackMs > 0) say('tActiveCallbackComplete', leg.callbackMs)
      if (leg.direction === 'outbound' && !leg.talked) say('nError', 1, '"errorCode":"error.ininedgecontrol.connection.outbound.noanswer"')
      if (isHandled(leg) && !happening.acwFollows) say('tHandle', handleMs(leg))
      return
    case 'AcwCompleted':
      say('tAcw', leg.acwMs)
      if (isHandled(leg)) say('tHandle', handleMs(leg))
      return
  }
}

/** What never changes on a leg; ids and enum values need no escaping, names do. */
const common = (leg: Leg, purpose: string, more: Body): string => {
  const { conversation } = leg
  return fragment({
    conversationId: conversation.id,
    sessionId: leg.sessionId,
    peerId: leg.peerId ?? undefined,
    purpose,
    mediaType: leg.mediaType,
    messageType: conversation.messageType ?? undefined,
    direction: leg.direction,
    originatingDirection: conversation.originatingDirection,
    interactionType: conversation.enterprise ? 'enterprise' : 'contactCenter',
    provider: providerOf(leg),
    ani: conversation.ani,
    dnis: conversation.dnis,
    ...more,
  })
}

/** What may still change: the divisions touched so far, who was chosen, how it ended. */
const passing = (leg: Leg, entry: QueueEntry | null, wrapUpCode: string | null): string => {
  let text = `"divisionIds":["${leg.conversation.divisionIds.join('","')}"]`
  if (entry !== null && entry.answeredBy !== null) text += `,"usedRouting":"Standard","selectedAgentId":"${entry.answeredBy.id}"`
  if (leg.disconnectType !== null) text += `,"disconnectType":"${metricDisconnect(leg.disconnectType)}"`
  return wrapUpCode === null ? text : `${text},"wrapUpCode":"${wrapUpCode}"`
}

const customer = remembered('metricRecord', (leg: CustomerLeg) =>
  common(leg, leg.conversation.originatingDirection === 'inbound' ? 'customer' : 'external', {
    participantName: leg.conversation.customerName,
    ...(leg.conversation.externalContactId === null ? {} : { externalContactId: leg.conversation.externalContactId }),
  }),
)
const queued = remembered('metricRecord', (entry: QueueEntry) =>
  common(entry, 'acd', { participantName: entry.queue.name, remote: entry.conversation.customerName, ...routing(entry) }),
)
const agent = remembered('metricRecord', (leg: AgentLeg) =>
  common(leg, purposeOf(leg), {
    participantName: leg.agent.name,
    userId: leg.agent.id,
    remote: leg.conversation.customerName,
    ...(leg.entry !== null ? routing(leg.entry) : leg.queue !== null ? { queueId: leg.queue.id } : {}),
  }),
)

const routing = (entry: QueueEntry): Body => ({
  queueId: entry.queue.id,
  firstQueue: entry.first,
  requestedRoutings: ['Standard'],
  ...(entry.skillIds.length === 0 ? {} : { requestedRoutingSkillIds: entry.skillIds }),
  ...(entry.languageId === null ? {} : { requestedLanguageId: entry.languageId }),
  routingPriority: 0,
})

const ofCustomer = (leg: CustomerLeg): string => `${customer(leg)},${passing(leg, null, null)}`
const ofFlow = (leg: FlowLeg): string => `${common(leg, 'ivr', { participantName: 'Main menu' })},${passing(leg, null, null)}`
const ofEntry = (entry: QueueEntry): string => `${queued(entry)},${passing(entry, entry, null)}`
const ofVoicemail = (leg: VoicemailLeg): string => `${common(leg, 'voicemail', { queueId: leg.queue.id })},${passing(leg, null, null)}`
const ofAgent = (leg: AgentLeg): string => `${agent(leg)},${passing(leg, leg.entry, leg.wrapUpCode)}`
