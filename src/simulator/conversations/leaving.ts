import type { Centre } from '../centre.js'
import { customerLeg } from './conversation.js'
import { unwritten, type CustomerLeg, type DisconnectType, type QueueEntry, type VoicemailLeg } from './leg.js'
import { isLoopedEnough, leaveQueue } from './queueing.js'

/** Ways out of a queue without an answer: giving up, or flowing out to another queue, a voicemail or a callback. */
export const abandon = (centre: Centre, entry: QueueEntry, disconnectType: 'PEER' | 'SYSTEM'): void => {
  entry.outcome = 'ABANDON'
  entry.disconnectType = disconnectType
  leaveQueue(centre, entry, centre.now)
  centre.steps.customerLeaves(entry.customer, disconnectType === 'PEER' ? 'ENDPOINT' : 'SYSTEM')
}

/**
 * The in-queue flow's deadline decides where the customer goes. Messages are never abandoned, so a message that no
 * agent takes flows out and is closed.
 */
export const flowOut = (centre: Centre, entry: QueueEntry): void => {
  const { random, roster } = centre
  const other = roster.queues.length > 1 && !isLoopedEnough(entry.conversation)
  const way = entry.mediaType === 'voice' ? random.weighted([other ? 5 : 0, 2, 3]) : other ? 0 : 3
  if (way === 3 && entry.mediaType !== 'message') {
    abandon(centre, entry, 'SYSTEM')
    return
  }
  entry.outcome = 'FLOW_OUT'
  entry.disconnectType = way === 3 ? 'SYSTEM' : 'TRANSFER'
  entry.flowOutType = (['queue', 'voicemail', 'callback', 'disconnect'] as const)[way] ?? 'queue'
  leaveQueue(centre, entry, centre.now)
  if (way === 0) toOtherQueue(centre, entry)
  else if (way === 1) toVoicemail(centre, entry)
  else if (way === 2) toCallback(centre, entry)
  else centre.steps.customerLeaves(entry.customer, 'INACTIVITY')
}

/** A queue other than this one; there must be one. */
export const anotherQueueIndex = (centre: Centre, entry: QueueEntry): number => {
  const own = centre.roster.queues.indexOf(entry.queue)
  return (own + centre.random.between(1, centre.roster.queues.length - 1)) % centre.roster.queues.length
}

const toOtherQueue = (centre: Centre, entry: QueueEntry): void => {
  const target = anotherQueueIndex(centre, entry)
  centre.after(centre.random.between(5, 60), () => {
    centre.steps.enterQueue(entry.customer, target, entry.mediaType)
  })
}

const toVoicemail = (centre: Centre, entry: QueueEntry): void => {
  const leg: VoicemailLeg = {
    party: 'voicemail',
    conversation: entry.conversation,
    participantId: centre.ids.uuid(),
    sessionId: centre.ids.uuid(),
    mediaType: 'voice',
    direction: 'inbound',
    startedAt: centre.now,
    peerId: entry.customer.sessionId,
    disconnectType: null,
    written: unwritten(),
    queue: entry.queue,
  }
  centre.tell({ kind: 'VoicemailBegan', at: centre.now, leg })
  const durationMs = centre.random.between(4_000, 70_000)
  centre.after(durationMs, () => {
    leg.disconnectType = 'PEER'
    centre.tell({ kind: 'VoicemailEnded', at: centre.now, leg, durationMs })
    centre.steps.customerLeaves(entry.customer, 'ENDPOINT')
  })
}

/** The call ends; a callback session of the same conversation is offered again, at once or a little later. */
const toCallback = (centre: Centre, entry: QueueEntry): void => {
  const queueIndex = centre.roster.queues.indexOf(entry.queue)
  const { random } = centre
  centre.after(random.between(3_000, 15_000), () => {
    centre.openWork += 1
    centre.steps.customerLeaves(entry.customer, 'CLIENT')
    const scheduled = random.chance(0.3)
    const waitMs = scheduled ? random.between(120_000, 600_000) : random.between(500, 3_000)
    centre.after(waitMs, () => {
      const leg = customerLeg(centre, entry.conversation, {
        mediaType: 'callback',
        direction: 'inbound',
        connectedAt: centre.now,
        scheduled,
      })
      centre.tell({ kind: 'CustomerLegOpened', at: centre.now, leg })
      centre.after(random.between(1, 20), () => {
        centre.steps.enterQueue(leg, queueIndex, 'callback')
      })
    })
  })
}

/** The customer's leg ends, which is one open task less. */
export const customerLeaves = (centre: Centre, leg: CustomerLeg, disconnectType: DisconnectType): void => {
  leg.disconnectType = disconnectType
  centre.tell({ kind: 'CustomerLeft', at: centre.now, leg })
  centre.openWork -= 1
}
