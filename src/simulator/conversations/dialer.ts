import { MINUTE_MS } from '../../domain/interval.js'
import { curveAt } from './arrivals.js'
import { touchDivision, type Centre } from '../centre.js'
import { customerLeg, newConversation } from './conversation.js'
import { unwritten, type DialerLeg } from './leg.js'
import type { Campaign, Queue } from '../roster/roster.js'

/** Calls of a campaign: it dials ahead of its agents, so sometimes a customer answers while no agent is free. */
export const scheduleDialer = (centre: Centre, campaign: Campaign): void => {
  centre.after(centre.random.exponentialMs(12 * MINUTE_MS), () => {
    if (centre.now >= centre.options.endMs) return
    if (centre.random.chance(curveAt(centre.now))) dialAhead(centre, campaign)
    scheduleDialer(centre, campaign)
  })
}

const dialAhead = (centre: Centre, campaign: Campaign): void => {
  const { random, roster } = centre
  const queue = roster.queues[campaign.queueIndex] as Queue
  const conversation = newConversation(centre, {
    mediaType: 'voice',
    messageType: null,
    direction: 'outbound',
    enterprise: false,
    campaign,
  })
  touchDivision(conversation, queue.divisionId)
  const customer = customerLeg(centre, conversation, { mediaType: 'voice', direction: 'outbound', connectedAt: null })
  const leg: DialerLeg = {
    party: 'dialer',
    conversation,
    participantId: centre.ids.uuid(),
    sessionId: centre.ids.uuid(),
    mediaType: 'voice',
    direction: 'outbound',
    startedAt: centre.now,
    peerId: customer.sessionId,
    disconnectType: null,
    written: unwritten(),
    campaign,
    queue,
    customer,
  }
  const reached = random.chance(0.4)
  centre.openWork += 1
  centre.tell({ kind: 'ConversationBegan', at: centre.now, leg: customer })
  centre.tell({ kind: 'DialerLegOpened', at: centre.now, leg })
  centre.after(random.between(4_000, 25_000), () => {
    if (reached) customer.connectedAt = centre.now
    centre.tell({ kind: 'DialerLegDialed', at: centre.now, leg, reached })
    if (!reached) close(centre, leg, 'unreached')
    else
      centre.after(random.between(1_000, 5_000), () => {
        close(centre, leg, 'abandoned')
      })
  })
}

const close = (centre: Centre, leg: DialerLeg, how: 'unreached' | 'abandoned'): void => {
  leg.disconnectType = how === 'abandoned' ? 'PEER' : 'UNCALLABLE'
  centre.tell({ kind: 'DialerLegClosed', at: centre.now, leg, how })
  centre.steps.customerLeaves(leg.customer, how === 'abandoned' ? 'ENDPOINT' : 'UNCALLABLE')
}
