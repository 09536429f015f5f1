import type { EpochMs } from '../domain/interval.js'
import type { Publish } from './delivery.js'
import type { Happening, Observer } from './happening.js'
import { fragment, remembered } from './json-fragment.js'
import type { AgentLeg, CustomerLeg, DialerLeg, FlowLeg, FlowOutcome, Leg, QueueEntry, VoicemailLeg } from './leg.js'
import type { SeededRandom } from './random.js'
import type { Campaign } from './roster.js'
import { flowExit, providerOf } from './spelling.js'

type Durations = Readonly<Record<string, number>>

/**
 * Tells happenings as analytics detail events, `v2.detail.events.conversation.{id}.*`. They bring the totals of a
 * session at its end, not the instants in between. Durations of zero are left out about half the time, as both have to
 * be understood.
 */
export const detailEvents = (publish: Publish, random: SeededRandom): Observer => {
  const emit = (at: EpochMs, suffix: string, leg: Leg, ...parts: readonly string[]): void => {
    let body = `{"eventTime":${at},${common(leg)}`
    for (const part of parts) if (part !== '') body += `,${part}`
    publish(at, `v2.detail.events.conversation.{id}.${suffix}`, leg.conversation.id, `${body}}`)
  }
  const durations = (values: Durations): string => {
    const zeros = random.chance(0.5)
    let text = ''
    for (const name in values) {
      const value = values[name] as number
      if (value !== 0 || zeros) text += text === '' ? `"${name}":${value}` : `,"${name}":${value}`
    }
    return text
  }

  const tellFlowLeft = (at: EpochMs, leg: FlowLeg, durationMs: number): void => {
    emit(
      at,
      'flow.end',
      leg,
      flow(leg),
      disconnect(leg),
      fragment({ ...flowExit(leg), connectedDurationMs: durationMs }),
    )
  }
  const tellOutcome = (at: EpochMs, leg: FlowLeg, { outcomeId, value, startedAt, milestones }: FlowOutcome): void => {
    const flowMilestones = milestones.map((milestone) => ({
      milestoneId: milestone.milestoneId,
      milestoneTime: milestone.at,
    }))
    const outcome = {
      flowOutcomeId: outcomeId,
      flowOutcomeValue: value,
      flowOutcomeStartTime: startedAt,
      flowOutcomeEndTime: at,
    }
    emit(
      at,
      'flow.outcome',
      leg,
      flow(leg),
      fragment({ ...outcome, ...(milestones.length === 0 ? {} : { flowMilestones }) }),
    )
  }
  const tellCampaign = (at: EpochMs, leg: AgentLeg | DialerLeg, campaign: Campaign): void => {
    const contact = {
      outboundCampaignId: campaign.id,
      outboundContactListId: campaign.contactListId,
      outboundContactId: random.uuid(),
    }
    emit(at, 'outbound', leg, division(leg), fragment(contact))
  }
  const tellQueueLeft = (at: EpochMs, entry: QueueEntry): void => {
    const answered =
      entry.answeredBy === null ? '' : `"answeredUserId":"${entry.answeredBy.id}","usedRouting":"STANDARD"`
    const language = entry.languageId === null ? '' : `"requestedLanguageId":"${entry.languageId}"`
    const outcome = `"acdOutcome":"${entry.outcome ?? 'UNKNOWN'}","requestedRoutings":["STANDARD"]`
    emit(
      at,
      'acd.end',
      entry,
      queueing(entry),
      disconnect(entry),
      outcome,
      answered,
      language,
      durations({ connectedDurationMs: entry.waitedMs }),
    )
  }
  const tellOpened = (at: EpochMs, leg: AgentLeg): void => {
    emit(at, 'user.start', leg, user(leg), division(leg))
    if (leg.conversation.campaign !== null) tellCampaign(at, leg, leg.conversation.campaign)
  }
  const tellAcw = (at: EpochMs, leg: AgentLeg): void => {
    const wrapup = fragment({ queueId: leg.queue?.id, wrapupCode: leg.wrapUpCode })
    const lasted = durations({ wrapupDurationMs: leg.acwMs })
    emit(at, 'wrapup', leg, wrapup, lasted)
    emit(at, 'acw', leg, `"userId":"${leg.agent.id}"`, wrapup, lasted)
  }

  return (happening: Happening): void => {
    const { at } = happening
    switch (happening.kind) {
      case 'ConversationBegan':
      case 'CustomerLegOpened':
        emit(at, 'customer.start', happening.leg, customer(happening.leg))
        return
      case 'CustomerLeft': {
        const { leg } = happening
        const connectedMs = leg.connectedAt === null ? 0 : at - leg.connectedAt
        emit(at, 'customer.end', leg, customer(leg), disconnect(leg), durations({ interactingDurationMs: connectedMs }))
        return
      }
      case 'ContactIdentified':
        emit(at, 'contact', happening.leg, customer(happening.leg))
        return
      case 'AttributesSet': {
        const { leg, attributes } = happening
        const communications = [{ id: leg.sessionId, mediaType: leg.mediaType.toUpperCase() }]
        const body = {
          eventTime: at,
          conversationId: leg.conversation.id,
          participantId: leg.participantId,
          attributes,
          communications,
        }
        publish(at, 'v2.detail.events.conversation.{id}.attributes', leg.conversation.id, JSON.stringify(body))
        return
      }
      case 'FlowEntered':
        emit(at, 'flow.start', happening.leg, flow(happening.leg))
        return
      case 'FlowLeft':
        tellFlowLeft(at, happening.leg, happening.durationMs)
        return
      case 'OutcomeDecided':
        tellOutcome(at, happening.leg, happening.outcome)
        return
      case 'DialerLegOpened':
        tellCampaign(at, happening.leg, happening.leg.campaign)
        return
      case 'QueueEntered':
        emit(at, 'acd.start', happening.entry, queueing(happening.entry), '"skillExpressionApplied":false')
        return
      case 'QueueLeft':
        tellQueueLeft(at, happening.entry)
        return
      case 'VoicemailBegan':
        emit(at, 'voicemail.start', happening.leg, voicemail(happening.leg))
        return
      case 'VoicemailEnded': {
        const { leg, durationMs } = happening
        emit(at, 'voicemail.end', leg, voicemail(leg), disconnect(leg), `"voicemailDurationMs":${durationMs}`)
        return
      }
      case 'AgentLegOpened':
        tellOpened(at, happening.leg)
        return
      case 'AgentLegClosed': {
        const { leg } = happening
        emit(at, 'user.end', leg, user(leg), division(leg), disconnect(leg), durations(totals(leg)))
        return
      }
      case 'AcwCompleted':
        tellAcw(at, happening.leg)
        return
      case 'AlertEnded':
      case 'ContactingEnded':
      case 'DialingEnded':
      case 'TalkEnded':
      case 'HoldEnded':
      case 'AgentReplied':
      case 'CustomerReplied':
      case 'SegmentBegan':
      case 'MilestoneReached':
      case 'DialerLegDialed':
      case 'DialerLegClosed':
      case 'ConsultBegan':
      case 'Transferred':
      case 'AgentStateEntered':
    }
  }
}

const common = remembered('detailEvent', (leg: Leg) => {
  const { conversation } = leg
  return fragment({
    conversationId: conversation.id,
    participantId: leg.participantId,
    sessionId: leg.sessionId,
    mediaType: leg.mediaType.toUpperCase(),
    provider: providerOf(leg),
    direction: leg.direction.toUpperCase(),
    ani: conversation.ani,
    dnis: conversation.dnis,
    messageType: conversation.messageType?.toUpperCase(),
    conversationExternalContactIds:
      conversation.externalContactId === null ? undefined : [conversation.externalContactId],
  })
})

const queueing = remembered('detailQueue', (entry: QueueEntry) =>
  fragment({
    queueId: entry.queue.id,
    divisionId: entry.queue.divisionId,
    routingPriority: 0,
    requestedRoutingSkillIds: entry.skillIds,
  }),
)

const user = (leg: AgentLeg): string =>
  leg.queue === null ? `"userId":"${leg.agent.id}"` : `"userId":"${leg.agent.id}","queueId":"${leg.queue.id}"`

const division = (leg: AgentLeg | DialerLeg): string => `"divisionId":"${leg.queue?.divisionId ?? homeDivision(leg)}"`

/** A conversation belongs to the home division before any queue. */
const homeDivision = (leg: Leg): string => leg.conversation.divisionIds[0] ?? ''

const customer = (leg: CustomerLeg): string => {
  const { externalContactId } = leg.conversation
  const division = `"divisionId":"${homeDivision(leg)}"`
  return externalContactId === null ? division : `${division},"externalContactId":"${externalContactId}"`
}

const flow = (leg: FlowLeg): string =>
  `"flowType":"INBOUNDCALL","flowId":"${leg.flow.id}","flowVersion":"${leg.flow.version}","divisionId":"${homeDivision(leg)}"`

const voicemail = (leg: VoicemailLeg): string => `"queueId":"${leg.queue.id}","divisionId":"${leg.queue.divisionId}"`

const disconnect = (leg: Leg): string => (leg.disconnectType === null ? '' : `"disconnectType":"${leg.disconnectType}"`)

const totals = (leg: AgentLeg): Durations => ({
  interactingDurationMs: leg.talkMs,
  heldDurationMs: leg.heldMs,
  alertingDurationMs: leg.alertMs,
  contactingDurationMs: leg.contactingMs,
  dialingDurationMs: leg.dialingMs,
  callbackDurationMs: leg.callbackMs,
})
