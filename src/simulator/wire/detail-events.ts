import type { EpochMs } from '../../domain/interval.js'
import type { Publish } from '../delivery/delivery.js'
import type { Happening, Observer } from '../happening.js'
import { fragment, remembered } from './json-fragment.js'
import type {
  AgentLeg,
  CustomerLeg,
  DialerLeg,
  FlowLeg,
  FlowOutcome,
  Leg,
  QueueEntry,
  VoicemailLeg,
} from '../conversations/leg.js'
import type { SeededRandom } from '../random.js'
import type { Campaign } from '../roster/roster.js'
import { flowExit, providerOf } from './spelling.js'

type Durations = Readonly<Record<string, number>>

/**
 * Reports happenings as analytics detail events, `v2.detail.events.conversation.{id}.*`. These carry the totals of a
 * session at its end, not the instants in between. Durations of zero are left out about half the time, because a
 * decoder has to accept both.
 */
export const detailEvents = (publish: Publish, random: SeededRandom): Observer => {
  const events = new DetailEvents(publish, random)
  return (happening) => events.observe(happening)
}

class DetailEvents {
  readonly #publish: Publish
  readonly #random: SeededRandom

  constructor(publish: Publish, random: SeededRandom) {
    this.#publish = publish
    this.#random = random
  }

  observe(happening: Happening): void {
    const { at } = happening
    switch (happening.kind) {
      case 'ConversationBegan':
      case 'CustomerLegOpened':
        return this.#emit(at, 'customer.start', happening.leg, customer(happening.leg))
      case 'CustomerLeft':
        return this.#customerLeft(at, happening.leg)
      case 'ContactIdentified':
        return this.#emit(at, 'contact', happening.leg, customer(happening.leg))
      case 'AttributesSet':
        return this.#attributesSet(at, happening.leg, happening.attributes)
      case 'FlowEntered':
        return this.#emit(at, 'flow.start', happening.leg, flow(happening.leg))
      case 'FlowLeft':
        return this.#flowLeft(at, happening.leg, happening.durationMs)
      case 'OutcomeDecided':
        return this.#outcomeDecided(at, happening.leg, happening.outcome)
      case 'DialerLegOpened':
        return this.#outbound(at, happening.leg, happening.leg.campaign)
      case 'QueueEntered':
        return this.#emit(at, 'acd.start', happening.entry, queueing(happening.entry), '"skillExpressionApplied":false')
      case 'QueueLeft':
        return this.#queueLeft(at, happening.entry)
      case 'VoicemailBegan':
        return this.#emit(at, 'voicemail.start', happening.leg, voicemail(happening.leg))
      case 'VoicemailEnded':
        return this.#voicemailEnded(at, happening.leg, happening.durationMs)
      case 'AgentLegOpened':
        return this.#agentLegOpened(at, happening.leg)
      case 'AgentLegClosed':
        return this.#agentLegClosed(at, happening.leg)
      case 'AcwCompleted':
        return this.#acwCompleted(at, happening.leg)
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

  #customerLeft(at: EpochMs, leg: CustomerLeg): void {
    const interactingDurationMs = leg.connectedAt === null ? 0 : at - leg.connectedAt
    this.#emit(at, 'customer.end', leg, customer(leg), disconnect(leg), this.#durations({ interactingDurationMs }))
  }

  /** The one event without a session of its own. */
  #attributesSet(at: EpochMs, leg: CustomerLeg, attributes: Readonly<Record<string, string>>): void {
    const body = {
      eventTime: at,
      conversationId: leg.conversation.id,
      participantId: leg.participantId,
      attributes,
      communications: [{ id: leg.sessionId, mediaType: leg.mediaType.toUpperCase() }],
    }
    this.#publish(at, 'v2.detail.events.conversation.{id}.attributes', leg.conversation.id, JSON.stringify(body))
  }

  #flowLeft(at: EpochMs, leg: FlowLeg, durationMs: number): void {
    const exit = fragment({ ...flowExit(leg), connectedDurationMs: durationMs })
    this.#emit(at, 'flow.end', leg, flow(leg), disconnect(leg), exit)
  }

  #outcomeDecided(at: EpochMs, leg: FlowLeg, { outcomeId, value, startedAt, milestones }: FlowOutcome): void {
    const flowMilestones = milestones.map((milestone) => ({
      milestoneId: milestone.milestoneId,
      milestoneTime: milestone.at,
    }))
    const outcome = fragment({
      flowOutcomeId: outcomeId,
      flowOutcomeValue: value,
      flowOutcomeStartTime: startedAt,
      flowOutcomeEndTime: at,
      ...(milestones.length === 0 ? {} : { flowMilestones }),
    })
    this.#emit(at, 'flow.outcome', leg, flow(leg), outcome)
  }

  #outbound(at: EpochMs, leg: AgentLeg | DialerLeg, campaign: Campaign): void {
    const contact = fragment({
      outboundCampaignId: campaign.id,
      outboundContactListId: campaign.contactListId,
      outboundContactId: this.#random.uuid(),
    })
    this.#emit(at, 'outbound', leg, division(leg), contact)
  }

  #queueLeft(at: EpochMs, entry: QueueEntry): void {
    const outcome = `"acdOutcome":"${entry.outcome ?? 'UNKNOWN'}","requestedRoutings":["STANDARD"]`
    const answered =
      entry.answeredBy === null ? '' : `"answeredUserId":"${entry.answeredBy.id}","usedRouting":"STANDARD"`
    const language = entry.languageId === null ? '' : `"requestedLanguageId":"${entry.languageId}"`
    const waited = this.#durations({ connectedDurationMs: entry.waitedMs })
    this.#emit(at, 'acd.end', entry, queueing(entry), disconnect(entry), outcome, answered, language, waited)
  }

  #voicemailEnded(at: EpochMs, leg: VoicemailLeg, durationMs: number): void {
    this.#emit(at, 'voicemail.end', leg, voicemail(leg), disconnect(leg), `"voicemailDurationMs":${durationMs}`)
  }

  #agentLegOpened(at: EpochMs, leg: AgentLeg): void {
    this.#emit(at, 'user.start', leg, user(leg), division(leg))
    if (leg.conversation.campaign !== null) this.#outbound(at, leg, leg.conversation.campaign)
  }

  #agentLegClosed(at: EpochMs, leg: AgentLeg): void {
    this.#emit(at, 'user.end', leg, user(leg), division(leg), disconnect(leg), this.#durations(totals(leg)))
  }

  #acwCompleted(at: EpochMs, leg: AgentLeg): void {
    const wrapup = fragment({ queueId: leg.queue?.id, wrapupCode: leg.wrapUpCode })
    const lasted = this.#durations({ wrapupDurationMs: leg.acwMs })
    this.#emit(at, 'wrapup', leg, wrapup, lasted)
    this.#emit(at, 'acw', leg, `"userId":"${leg.agent.id}"`, wrapup, lasted)
  }

  #emit(at: EpochMs, suffix: string, leg: Leg, ...parts: readonly string[]): void {
    let body = `{"eventTime":${at},${common(leg)}`
    for (const part of parts) if (part !== '') body += `,${part}`
    this.#publish(at, `v2.detail.events.conversation.{id}.${suffix}`, leg.conversation.id, `${body}}`)
  }

  #durations(values: Durations): string {
    const zeros = this.#random.chance(0.5)
    let text = ''
    for (const name in values) {
      const value = values[name] as number
      if (value !== 0 || zeros) text += text === '' ? `"${name}":${value}` : `,"${name}":${value}`
    }
    return text
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
