import type { Centre } from '../centre.js'
import { missAlert, occupy, release } from './attendance.js'
import type { Desk } from './desk.js'
import { noReplies, unwritten, type AgentLeg, type CustomerLeg, type QueueEntry } from '../conversations/leg.js'
import type { Direction, MediaType } from '../roster/media.js'
import { leaveQueue } from '../conversations/queueing.js'
import type { Queue } from '../roster/roster.js'

/** A new session of an agent; nothing has happened on it yet. */
export const agentLeg = (
  centre: Centre,
  desk: Desk,
  customer: CustomerLeg,
  about: Readonly<{
    queue: Queue | null
    entry?: QueueEntry
    mediaType: MediaType
    direction: Direction
    peerId?: string
    serves?: AgentLeg
  }>,
): AgentLeg => ({
  party: 'agent',
  conversation: customer.conversation,
  participantId: about.serves?.participantId ?? centre.ids.uuid(),
  sessionId: centre.ids.uuid(),
  mediaType: about.mediaType,
  direction: about.direction,
  startedAt: centre.now,
  peerId: about.peerId ?? customer.sessionId,
  disconnectType: null,
  written: unwritten(),
  agent: desk.agent,
  queue: about.queue,
  entry: about.entry ?? null,
  customer,
  serves: about.serves ?? null,
  alertMs: 0,
  contactingMs: 0,
  dialingMs: 0,
  talkMs: 0,
  heldMs: 0,
  callbackMs: 0,
  acwMs: 0,
  dialed: false,
  talked: false,
  held: false,
  wrapUpCode: null,
  replies: noReplies(),
  customerMessages: 0,
  mediaCount: 0,
})

/**
 * Rings an agent for a waiting entry. Ends in an answer, in a missed alert (the entry waits on), or with the caller
 * gone.
 */
export const alert = (centre: Centre, entry: QueueEntry, desk: Desk): void => {
  const { random } = centre
  const leg = agentLeg(centre, desk, entry.customer, {
    queue: entry.queue,
    entry,
    mediaType: entry.mediaType,
    direction: 'inbound',
  })
  entry.state = 'alerting'
  occupy(centre, desk, leg)
  openAlerting(centre, leg)
  const missed = random.chance(0.035)
  const ringMs = missed
    ? entry.queue.alertingTimeoutMs
    : random.lognormalMs(entry.mediaType === 'email' ? 6_000 : 3_500, 0.5, 600)
  const openedAt = centre.now
  if (entry.patienceUntil <= openedAt + ringMs) {
    centre.schedule(entry.patienceUntil, () => {
      endAlert(centre, leg, 'callerGone')
      centre.steps.abandon(entry, 'PEER')
      release(centre, desk, leg)
    })
    return
  }
  centre.after(ringMs, () => {
    if (missed) miss(centre, entry, desk, leg)
    else answer(centre, entry, desk, leg)
  })
}

/** A session that begins with an alert. */
export const openAlerting = (centre: Centre, leg: AgentLeg): void => {
  centre.tell({ kind: 'AgentLegOpened', at: centre.now, leg })
  centre.tell({ kind: 'SegmentBegan', at: centre.now, leg, segment: 'ALERT' })
}

const answer = (centre: Centre, entry: QueueEntry, desk: Desk, leg: AgentLeg): void => {
  entry.outcome = 'ANSWERED'
  entry.answeredBy = desk.agent
  entry.disconnectType = 'TRANSFER'
  // The queue's clock and the agent's disagree by some milliseconds; a queue cannot have been left before it was
  // entered.
  const at = Math.max(entry.startedAt, centre.now - centre.random.between(0, centre.options.clockSkewMs))
  leaveQueue(centre, entry, at)
  endAlert(centre, leg, 'answered')
  if (entry.mediaType === 'callback') centre.steps.callBack(leg, desk)
  else centre.steps.handle(leg, desk)
}

const miss = (centre: Centre, entry: QueueEntry, desk: Desk, leg: AgentLeg): void => {
  endAlert(centre, leg, 'missed')
  missAlert(centre, desk, leg)
  entry.state = 'waiting'
  if (entry.flowOutAt <= centre.now) centre.steps.flowOut(entry)
  else centre.after(centre.random.between(90, 700), () => centre.steps.seekAgent(entry))
}

export const endAlert = (centre: Centre, leg: AgentLeg, how: 'answered' | 'missed' | 'callerGone'): void => {
  leg.alertMs = centre.now - leg.startedAt
  const first = how === 'answered' && leg.conversation.connects === 0
  if (how === 'answered') leg.conversation.connects += 1
  centre.tell({ kind: 'AlertEnded', at: centre.now, leg, how, first })
  if (how === 'answered') return
  if (how === 'callerGone') leg.disconnectType = 'PEER'
  else leg.disconnectType = centre.random.chance(0.7) ? 'TIMEOUT' : 'NO_ANSWER_TRANSFER'
  centre.tell({ kind: 'AgentLegClosed', at: centre.now, leg, acwFollows: false })
}
