import { HOUR_MS } from '../../domain/interval.js'
import { agentLeg } from './alerting.js'
import { touchDivision, type Centre } from '../centre.js'
import { occupy } from './attendance.js'
import { isFree, type Desk } from './desk.js'
import { customerLeg, newConversation } from '../conversations/conversation.js'
import type { AgentLeg, Conversation } from '../conversations/leg.js'
import type { Queue } from '../roster/roster.js'
import { wrapUp } from '../conversations/wrap-up.js'

/** Calls that agents make: on behalf of a queue, for a callback, or privately. */
export const scheduleOwnCalls = (centre: Centre, desk: Desk): void => {
  centre.after(centre.random.exponentialMs(HOUR_MS / 2), () => {
    if (centre.now < centre.options.endMs) {
      if (isFree(desk)) callOut(centre, desk)
      scheduleOwnCalls(centre, desk)
    }
  })
}

const callOut = (centre: Centre, desk: Desk): void => {
  const isPrivate = centre.random.chance(0.35)
  const queueIndex = centre.random.pick(desk.agent.queueIndexes)
  const queue = isPrivate ? null : (centre.roster.queues[queueIndex] as Queue)
  const calls = isPrivate ? undefined : centre.roster.campaigns.find((campaign) => campaign.queueIndex === queueIndex)
  const campaign = calls !== undefined && centre.random.chance(0.6) ? calls : undefined
  const conversation = newConversation(centre, {
    mediaType: 'voice',
    messageType: null,
    direction: 'outbound',
    enterprise: isPrivate,
    campaign,
  })
  if (queue !== null) touchDivision(conversation, queue.divisionId)
  dial(centre, desk, queue, conversation, null)
}

/** The agent reads the callback record for a moment, then calls. */
export const callBack = (centre: Centre, leg: AgentLeg, desk: Desk): void => {
  centre.tell({ kind: 'SegmentBegan', at: centre.now, leg, segment: 'CALLBACK' })
  centre.after(centre.random.between(2_000, 15_000), () => {
    dial(centre, desk, leg.queue, leg.conversation, leg)
  })
}

/** Contacting the agent's own station, dialing the customer, then talk or no answer. */
const dial = (
  centre: Centre,
  desk: Desk,
  queue: Queue | null,
  conversation: Conversation,
  serves: AgentLeg | null,
): void => {
  const { random } = centre
  const contactingMs = random.between(300, 2_500)
  const dialingMs = random.between(3_000, 25_000)
  const reached = random.chance(serves === null ? 0.6 : 0.8)
  const customer = customerLeg(centre, conversation, {
    mediaType: 'voice',
    direction: 'outbound',
    startedAt: centre.now + contactingMs,
    connectedAt: null,
  })
  const leg = agentLeg(centre, desk, customer, {
    queue,
    mediaType: 'voice',
    direction: 'outbound',
    ...(serves === null ? {} : { serves }),
  })
  occupy(centre, desk, leg)
  centre.openWork += 1
  centre.tell({ kind: 'AgentLegOpened', at: centre.now, leg })
  centre.tell({ kind: 'SegmentBegan', at: centre.now, leg, segment: 'CONTACTING' })
  centre.after(contactingMs, () => {
    leg.contactingMs = contactingMs
    leg.dialed = true
    centre.tell({ kind: 'ContactingEnded', at: centre.now, leg })
    centre.tell({ kind: 'SegmentBegan', at: centre.now, leg, segment: 'DIALING' })
    centre.tell({ kind: serves === null ? 'ConversationBegan' : 'CustomerLegOpened', at: centre.now, leg: customer })
  })
  centre.after(contactingMs + dialingMs, () => {
    leg.dialingMs = dialingMs
    if (reached) customer.connectedAt = centre.now
    centre.tell({ kind: 'DialingEnded', at: centre.now, leg, reached })
    if (reached) centre.steps.handle(leg, desk)
    else giveUp(centre, leg, desk)
  })
}

const giveUp = (centre: Centre, leg: AgentLeg, desk: Desk): void => {
  leg.disconnectType = centre.random.chance(0.5) ? 'CLIENT' : 'PEER'
  wrapUp(centre, leg, desk)
  centre.steps.customerLeaves(leg.customer, centre.random.pick(['ERROR', 'TIMEOUT', 'UNCALLABLE']))
}
