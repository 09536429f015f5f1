import type { EpochMs } from '../../domain/interval.js'
import type { Publish } from './delivery.js'
import type { Happening, Observer } from './happening.js'
import type { AgentLeg, CustomerLeg, FlowLeg, Leg, QueueEntry, VoicemailLeg } from './leg.js'
import type { SeededRandom } from './random.js'
import { flowExit, providerOf } from './spelling.js'

type Body = Record<string, unknown>

/**
 * Tells happenings as analytics detail events, `v2.detail.events.conversation.{id}.*`. They bring the totals of a session at its end, not the instants in
 * between. Durations of zero are left out about half the time, as both have to be understood.
 */
export const detailEvents = (publish: Publish, random: SeededRandom, homeDivisionId: string): Observer => {
  const campaignId = random.uuid()
  const contactListId = random.uuid()
  const outcomeId = random.uuid()

  const emit = (at: EpochMs, suffix: string, leg: Leg, body: Body): void => {
    publish(at, `v2.detail.events.conversation.{id}.${suffix}`, leg.conversation.id, { eventTime: at, ...common(leg), ...body })
  }
  const durations = (values: Readonly<Record<string, number>>): Body => {
    if (random.chance(0.5)) return values
    const present: Body = {}
    for (const [name, value] of Object.entries(values)) if (value !== 0) present[name] = value
    return present
  }
  const division = (leg: Leg): Body => ({ divisionId: leg.conversation.divisionIds.at(-1) ?? homeDivisionId })
  const ofAgent = (leg: AgentLeg): Body => ({ userId: leg.agent.id, ...(leg.queue === null ? {} : { queueId: leg.queue.id }) })
  const ofFlow = (leg: FlowLeg): Body => ({ flowType: 'INBOUNDCALL', flowId: leg.flowId, flowVersion: '7.0', divisionId: homeDivisionId })
  const ofVoicemail = (leg: VoicemailLeg): Body => ({ queueId: leg.queue.id, divisionId: leg.queue.divisionId })
  const contact = (leg: Leg): Body => (leg.conversation.externalContactId === null ? {} : { externalContactId: leg.conversation.externalContactId })
  const connectedMs = (leg: CustomerLeg, at: EpochMs): number => (leg.connectedAt === null ? 0 : at - leg.connectedAt)

  return (happening: Happening): void => {
    const { at } = happening
    switch (happening.kind) {
      case 'ConversationBegan':
      case 'CustomerLegOpened':
        emit(at, 'customer.start', happening.leg, { ...division(happening.leg), ...contact(happening.leg) })
        return
      case 'CustomerLeft':
        emit(at, 'customer.end', happening.leg, {
          ...division(happening.leg),
          ...contact(happening.leg),
          disconnectType: happening.leg.disconnectType,
          ...durations({ interactingDurationMs: connectedMs(happening.leg, at) })
        })
        return
      case 'ContactIdentified':
        emit(at, 'contact', happening.leg, { ...division(happening.leg), ...contact(happening.leg) })
        return
      case 'AttributesSet': {
        const { leg, attributes } = happening
        const communications = [{ id: leg.sessionId, mediaType: leg.mediaType.toUpperCase() }]
        const body = { eventTime: at, conversationId: leg.conversation.id, participantId: leg.participantId, attributes, communications }
        publish(at, 'v2.detail.events.conversation.{id}.attributes', leg.conversation.id, body)
        return
      }
      case 'FlowEntered':
        emit(at, 'flow.start', happening.leg, ofFlow(happening.leg))
        return
      case 'FlowLeft': {
        const { leg, durationMs } = happening
        emit(at, 'flow.end', leg, { ...ofFlow(leg), disconnectType: leg.disconnectType, ...flowExit(leg), connectedDurationMs: durationMs })
        if (leg.exit === 'queue' && random.chance(0.4))
          emit(at, 'flow.outcome', leg, {
            ...ofFlow(leg),
            flowOutcomeId: outcomeId,
            flowOutcomeValue: random.chance(0.8) ? 'SUCCESS' : 'FAILURE',
            flowOutcomeStartTime: at - durationMs,
            flowOutcomeEndTime: at
          })
        return
      }
      case 'QueueEntered':
        emit(at, 'acd.start', happening.entry, { ...queueing(happening.entry), skillExpressionApplied: false })
        return
      case 'QueueLeft': {
        const { entry } = happening
        emit(at, 'acd.end', entry, {
          ...queueing(entry),
          disconnectType: entry.disconnectType,
          acdOutcome: entry.outcome,
          ...(entry.answeredBy === null ? {} : { answeredUserId: entry.answeredBy.id, usedRouting: 'STANDARD' }),
          requestedRoutings: ['STANDARD'],
          ...(entry.languageId === null ? {} : { requestedLanguageId: entry.languageId }),
          ...durations({ connectedDurationMs: entry.waitedMs })
        })
        return
      }
      case 'VoicemailBegan':
        emit(at, 'voicemail.start', happening.leg, ofVoicemail(happening.leg))
        return
      case 'VoicemailEnded': {
        const { leg, durationMs } = happening
        emit(at, 'voicemail.end', leg, { ...ofVoicemail(leg), disconnectType: leg.disconnectType, voicemailDurationMs: durationMs })
        return
      }
      case 'AgentLegOpened': {
        const { leg } = happening
        emit(at, 'user.start', leg, { ...ofAgent(leg), ...division(leg) })
        if (leg.direction === 'outbound' && leg.queue !== null && leg.serves === null && random.chance(0.4))
          emit(at, 'outbound', leg, { ...division(leg), outboundCampaignId: campaignId, outboundContactListId: contactListId, outboundContactId: random.uuid() })
        return
      }
      case 'AgentLegClosed': {
        const { leg } = happening
        emit(at, 'user.end', leg, { ...ofAgent(leg), ...division(leg), disconnectType: leg.disconnectType, ...durations(totals(leg)) })
        return
      }
      case 'AcwCompleted': {
        const { leg } = happening
        const wrapup = { queueId: leg.queue?.id, wrapupCode: leg.wrapUpCode, ...durations({ wrapupDurationMs: leg.acwMs }) }
        emit(at, 'wrapup', leg, wrapup)
        emit(at, 'acw', leg, { userId: leg.agent.id, ...wrapup })
        return
      }
      case 'AlertEnded':
      case 'ContactingEnded':
      case 'DialingEnded':
      case 'TalkEnded':
      case 'HoldEnded':
      case 'AgentReplied':
      case 'ConsultBegan':
      case 'Transferred':
      case 'AgentStateEntered':
    }
  }
}

const common = (leg: Leg): Body => {
  const { conversation } = leg
  return {
    conversationId: conversation.id,
    participantId: leg.participantId,
    sessionId: leg.sessionId,
    mediaType: leg.mediaType.toUpperCase(),
    provider: providerOf(leg),
    direction: leg.direction.toUpperCase(),
    ani: conversation.ani,
    dnis: conversation.dnis,
    ...(conversation.messageType === null ? {} : { messageType: conversation.messageType.toUpperCase() }),
    ...(conversation.externalContactId === null ? {} : { conversationExternalContactIds: [conversation.externalContactId] })
  }
}

const queueing = (entry: QueueEntry): Body => ({
  queueId: entry.queue.id,
  divisionId: entry.queue.divisionId,
  routingPriority: 0,
  requestedRoutingSkillIds: entry.skillIds
})

const totals = (leg: AgentLeg): Readonly<Record<string, number>> => ({
  interactingDurationMs: leg.talkMs,
  heldDurationMs: leg.heldMs,
  alertingDurationMs: leg.alertMs,
  contactingDurationMs: leg.contactingMs,
  dialingDurationMs: leg.dialingMs,
  callbackDurationMs: leg.callbackMs
})
