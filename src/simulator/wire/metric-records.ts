import type { Publish } from '../delivery/delivery.js'
import type { Observer } from '../happening.js'
import type { AgentLeg, CustomerLeg, DialerLeg, FlowLeg, Leg, QueueEntry, VoicemailLeg } from '../conversations/leg.js'
import { fragment, remembered } from './json-fragment.js'
import { metricEmissions } from './metric-emissions.js'
import type { SeededRandom } from '../random.js'
import { flowExit, iso, metricDisconnect, providerOf, purposeOf } from './spelling.js'

type Body = Record<string, unknown>

const flowMetrics: ReadonlySet<string> = new Set(
  'nFlow nFlowMilestone nFlowOutcome nFlowOutcomeFailed tFlow tFlowDisconnect tFlowExit tFlowOutcome'.split(' '),
)

/**
 * Reports emissions as `v2.analytics.conversation.{id}.metrics` and `v2.analytics.flow.{id}.metrics`, one record each.
 * Records of queue sessions have a queueId and no userId; of agent sessions both (private calls no queueId); of a
 * dialer's sessions the queue of the campaign; of customer and IVR sessions neither. The session of a consulted
 * colleague has the queue of the asking agent. Skills and language are those of the queue entry that led to the
 * session; a wrap-up code is present once it was given; divisions are those touched so far. The id in the topic of flow
 * records is the flow's.
 */
export const metricRecords = (publish: Publish, random: SeededRandom): Observer =>
  metricEmissions((at, metric, value, leg, more) => {
    const isFlow = flowMetrics.has(metric)
    const dimensions = isFlow ? ofFlow(leg as FlowLeg) : dimensionsOf(leg)
    const extra = more === undefined ? '' : `,${fragment(more)}`
    const body = `{"metric":"${metric}","metricDate":"${iso(at)}","value":${value},"recordId":"${random.uuid()}",${dimensions}${extra}}`
    if (isFlow) publish(at, 'v2.analytics.flow.{id}.metrics', (leg as FlowLeg).flow.id, body)
    else publish(at, 'v2.analytics.conversation.{id}.metrics', leg.conversation.id, body)
  })

const dimensionsOf = (leg: Leg): string => {
  switch (leg.party) {
    case 'customer':
      return `${customer(leg as CustomerLeg)},${passing(leg, null, null)}`
    case 'ivr':
      return `${common(leg, 'ivr', { participantName: (leg as FlowLeg).flow.name })},${passing(leg, null, null)}`
    case 'acd':
      return `${queued(leg as QueueEntry)},${passing(leg, leg as QueueEntry, null)}`
    case 'voicemail':
      return `${common(leg, 'voicemail', { queueId: (leg as VoicemailLeg).queue.id })},${passing(leg, null, null)}`
    case 'dialer':
      return `${common(leg, 'dialer', { queueId: (leg as DialerLeg).queue.id })},${passing(leg, null, null)}`
    case 'agent': {
      const { entry, wrapUpCode } = leg as AgentLeg
      return `${agent(leg as AgentLeg)},${passing(leg, entry, wrapUpCode)}`
    }
  }
}

/** The constant part of a leg. Ids and enum values need no escaping; names do. */
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
    ...(conversation.campaign === null
      ? {}
      : { outboundCampaignId: conversation.campaign.id, outboundContactListId: conversation.campaign.contactListId }),
    ...more,
  })
}

/** The variable part: the divisions touched so far, the chosen agent, how it ended. */
const passing = (leg: Leg, entry: QueueEntry | null, wrapUpCode: string | null): string => {
  let text = `"divisionIds":["${leg.conversation.divisionIds.join('","')}"]`
  if (entry !== null && entry.answeredBy !== null)
    text += `,"usedRouting":"Standard","selectedAgentId":"${entry.answeredBy.id}"`
  if (leg.disconnectType !== null) text += `,"disconnectType":"${metricDisconnect(leg.disconnectType)}"`
  return wrapUpCode === null ? text : `${text},"wrapUpCode":"${wrapUpCode}"`
}

const customer = remembered('metricRecord', (leg: CustomerLeg) =>
  common(leg, purposeOf(leg), {
    participantName: leg.conversation.customerName,
    ...(leg.conversation.externalContactId === null ? {} : { externalContactId: leg.conversation.externalContactId }),
  }),
)
const queued = remembered('metricRecord', (entry: QueueEntry) =>
  common(entry, 'acd', {
    participantName: entry.queue.name,
    remote: entry.conversation.customerName,
    ...routing(entry),
  }),
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

const ofFlow = (leg: FlowLeg): string =>
  fragment({
    conversationId: leg.conversation.id,
    sessionId: leg.sessionId,
    mediaType: leg.mediaType,
    direction: leg.direction,
    originatingDirection: leg.conversation.originatingDirection,
    divisionIds: leg.conversation.divisionIds,
    flowId: leg.flow.id,
    flowName: leg.flow.name,
    flowType: 'inboundcall',
    flowVersion: leg.flow.version,
    entryType: 'dnis',
    ...(leg.disconnectType === null ? {} : flowExit(leg)),
  })
