import { MINUTE_MS } from '../../domain/interval.js'
import { touchDivision, type Centre } from '../centre.js'
import { canTake, type Desk } from '../agents/desk.js'
import { unwritten, type Conversation, type CustomerLeg, type QueueEntry } from './leg.js'
import type { MediaType } from '../roster/media.js'
import type { Queue } from '../roster/roster.js'

/**
 * Waiting in a queue: entry, patience, the in-queue flow's deadline, and the match of waiting work with free agents.
 */
export const enterQueue = (centre: Centre, customer: CustomerLeg, queueIndex: number, mediaType: MediaType): void => {
  const { conversation } = customer
  const queue = centre.roster.queues[queueIndex] as Queue
  conversation.queueEntries += 1
  touchDivision(conversation, queue.divisionId)
  const entry: QueueEntry = {
    party: 'acd',
    conversation,
    participantId: centre.ids.uuid(),
    sessionId: centre.ids.uuid(),
    mediaType,
    direction: 'inbound',
    startedAt: centre.now,
    peerId: customer.sessionId,
    disconnectType: null,
    written: unwritten(),
    queue,
    customer,
    first: conversation.queueEntries === 1,
    ...requirements(centre, queueIndex, mediaType),
    patienceUntil: centre.now + patienceMs(centre, mediaType),
    flowOutAt: centre.now + flowOutMs(centre, mediaType),
    state: 'waiting',
    outcome: null,
    flowOutType: null,
    answeredBy: null,
    waitedMs: 0,
  }
  centre.waiting[queueIndex]?.push(entry)
  centre.tell({ kind: 'QueueEntered', at: centre.now, entry })
  centre.after(centre.random.between(90, 700), () => seekAgent(centre, entry))
  if (entry.patienceUntil < Infinity)
    centre.schedule(entry.patienceUntil, () => {
      if (entry.state === 'waiting') centre.steps.abandon(entry, 'PEER')
    })
  if (entry.flowOutAt < Infinity)
    centre.schedule(entry.flowOutAt, () => {
      if (entry.state === 'waiting') centre.steps.flowOut(entry)
    })
}

/** Offers a waiting entry to the agent who has been idle longest. */
export const seekAgent = (centre: Centre, entry: QueueEntry): void => {
  if (entry.state !== 'waiting') return
  const queueIndex = centre.roster.queues.indexOf(entry.queue)
  let best: Desk | null = null
  for (const desk of centre.desks) {
    if (!desk.accepting || !suits(desk, entry, queueIndex)) continue
    if (
      best === null ||
      desk.busyWith.size < best.busyWith.size ||
      (desk.busyWith.size === best.busyWith.size && desk.statusSince < best.statusSince)
    )
      best = desk
  }
  if (best !== null) centre.steps.alert(entry, best)
}

/** Offers a free agent whoever has waited longest in the agent's queues. */
export const seekWork = (centre: Centre, desk: Desk): void => {
  let longest: QueueEntry | null = null
  for (const queueIndex of desk.agent.queueIndexes) {
    const found = centre.waiting[queueIndex]?.find(
      (entry) => entry.state === 'waiting' && suits(desk, entry, queueIndex),
    )
    if (found !== undefined && (longest === null || found.startedAt < longest.startedAt)) longest = found
  }
  if (longest !== null) centre.steps.alert(longest, desk)
}

/** Takes an entry out of its queue, with its outcome. */
export const leaveQueue = (centre: Centre, entry: QueueEntry, at: number): void => {
  const waiting = centre.waiting[centre.roster.queues.indexOf(entry.queue)]
  waiting?.splice(waiting.indexOf(entry), 1)
  entry.state = 'left'
  entry.waitedMs = at - entry.startedAt
  centre.tell({ kind: 'QueueLeft', at, entry })
}

const suits = (desk: Desk, entry: QueueEntry, queueIndex: number): boolean =>
  canTake(desk, entry.mediaType) &&
  desk.agent.queueIndexes.includes(queueIndex) &&
  entry.skillIds.every((skillId) => desk.agent.skillIds.has(skillId)) &&
  (entry.languageId === null || desk.agent.languageIds.includes(entry.languageId))

/** What the conversation asks for: always something that a member of the queue offers. */
const requirements = (
  centre: Centre,
  queueIndex: number,
  mediaType: MediaType,
): Pick<QueueEntry, 'skillIds' | 'languageId'> => {
  const members = centre.roster.agents.filter(
    (agent) => agent.queueIndexes.includes(queueIndex) && agent.media.has(mediaType),
  )
  if (members.length === 0) return { skillIds: [], languageId: null }
  const model = centre.random.pick(members)
  const asks = centre.random.chance(0.25)
  return {
    skillIds: asks ? [centre.random.pick([...model.skillIds])] : [],
    languageId: centre.random.chance(0.3) ? (model.languageIds[0] ?? null) : null,
  }
}

const patienceMs = (centre: Centre, mediaType: MediaType): number => {
  if (mediaType === 'voice') return 2_000 + centre.random.exponentialMs(4 * MINUTE_MS)
  return mediaType === 'chat' ? 5_000 + centre.random.exponentialMs(6 * MINUTE_MS) : Infinity
}

const flowOutMs = (centre: Centre, mediaType: MediaType): number => {
  const { random } = centre
  switch (mediaType) {
    case 'voice':
      return random.chance(0.6) ? random.between(45, 150) * 1_000 : Infinity
    case 'chat':
      return random.chance(0.3) ? random.between(3, 8) * MINUTE_MS : Infinity
    case 'message':
      return random.between(30, 60) * MINUTE_MS
    case 'callback':
      return random.between(20, 60) * MINUTE_MS
    case 'email':
      return random.between(120, 240) * MINUTE_MS
  }
}

export const isLoopedEnough = (conversation: Conversation): boolean => conversation.queueEntries >= 4
