import { MINUTE_MS } from '../../domain/interval.js'
import { agentLeg, endAlert, openAlerting } from '../agents/alerting.js'
import type { Centre } from '../centre.js'
import { occupy, release } from '../agents/attendance.js'
import { isFree, type Desk } from '../agents/desk.js'
import { anotherQueueIndex } from './leaving.js'
import type { AgentLeg } from './leg.js'
import { isLoopedEnough } from './queueing.js'
import { wrapUp } from './wrap-up.js'

type Part = Readonly<{ kind: 'talk' | 'hold'; ms: number }>

/**
 * An agent handles the customer. Speech alternates talk and hold; a written conversation is one long talk with replies.
 */
export const handle = (centre: Centre, leg: AgentLeg, desk: Desk): void => {
  if (leg.mediaType === 'voice') handleCall(centre, leg, desk)
  else handleWriting(centre, leg, desk)
}

const handleCall = (centre: Centre, leg: AgentLeg, desk: Desk): void => {
  const { random } = centre
  const ending = leg.entry === null ? 0 : random.weighted([90, 6, 4])
  const talkMs = random.lognormalMs(200_000, 0.8, 4_000)
  if (ending === 2) {
    talkThenConsult(centre, leg, desk, talkMs)
    return
  }
  const holds = random.weighted([72, 20, 8])
  const holdLast = holds > 0 && random.chance(0.08)
  const talks = holdLast ? holds : holds + 1
  const parts: Part[] = []
  for (let index = 0; index < talks; index += 1) {
    parts.push({ kind: 'talk', ms: Math.max(1_000, Math.round(talkMs / talks)) })
    if (index < holds) parts.push({ kind: 'hold', ms: random.lognormalMs(45_000, 0.7, 2_000) })
  }
  runParts(centre, leg, parts, () => {
    if (ending === 1) blindTransfer(centre, leg, desk)
    else endConversation(centre, leg, desk)
  })
}

const runParts = (centre: Centre, leg: AgentLeg, parts: readonly Part[], then: () => void, from = 0): void => {
  const part = parts[from]
  if (part === undefined) {
    then()
    return
  }
  centre.tell({ kind: 'SegmentBegan', at: centre.now, leg, segment: part.kind === 'talk' ? 'INTERACT' : 'HOLD' })
  centre.after(part.ms, () => {
    const last = !parts.some(({ kind }, index) => index > from && kind === part.kind)
    if (part.kind === 'talk') endTalk(centre, leg, part.ms, last)
    else endHold(centre, leg, part.ms, last)
    runParts(centre, leg, parts, then, from + 1)
  })
}

const endTalk = (centre: Centre, leg: AgentLeg, durationMs: number, last: boolean): void => {
  leg.talkMs += durationMs
  leg.talked = true
  centre.tell({ kind: 'TalkEnded', at: centre.now, leg, durationMs, last })
}

const endHold = (centre: Centre, leg: AgentLeg, durationMs: number, last: boolean): void => {
  leg.heldMs += durationMs
  leg.held = true
  centre.tell({ kind: 'HoldEnded', at: centre.now, leg, durationMs, last })
}

const writingMeanMs = { chat: 480_000, email: 400_000, message: 420_000, voice: 0, callback: 0 } as const

/** A message conversation that neither side closes ends by inactivity, and does not occupy the agent until then. */
const handleWriting = (centre: Centre, leg: AgentLeg, desk: Desk): void => {
  const { random } = centre
  const activeMs = random.lognormalMs(writingMeanMs[leg.mediaType], 0.7, 20_000)
  const leftOpen = leg.mediaType === 'message' && random.chance(0.25)
  const openMs = leftOpen ? activeMs + random.between(10, 90) * MINUTE_MS : activeMs
  centre.tell({ kind: 'SegmentBegan', at: centre.now, leg, segment: 'INTERACT' })
  planReplies(centre, leg, activeMs)
  if (leftOpen)
    centre.after(activeMs, () => {
      release(centre, desk, leg)
    })
  centre.after(openMs, () => {
    endTalk(centre, leg, openMs, true)
    if (!leftOpen && random.chance(0.05)) blindTransfer(centre, leg, desk)
    else endConversation(centre, leg, desk, leftOpen)
  })
}

const planReplies = (centre: Centre, leg: AgentLeg, activeMs: number): void => {
  const replies = leg.mediaType === 'email' ? 1 : centre.random.between(2, 6)
  for (let reply = 1; reply <= replies; reply += 1) {
    const tookMs = Math.min(Math.round(activeMs / replies), centre.random.lognormalMs(25_000, 0.7, 1_000))
    centre.after(Math.round((activeMs * reply) / replies), () => {
      const first = leg.conversation.replies === 0
      leg.conversation.replies += 1
      leg.replies.count += 1
      leg.replies.tookMs += tookMs
      centre.tell({ kind: 'AgentReplied', at: centre.now, leg, tookMs, first })
      if (leg.mediaType === 'message' && centre.random.chance(0.1)) leg.mediaCount += 1
    })
    if (reply < replies)
      customerReplies(centre, leg, Math.round((activeMs * reply) / replies), Math.round(activeMs / replies))
  }
}

/** One side hangs up, or nobody said anything for too long. */
const endConversation = (centre: Centre, leg: AgentLeg, desk: Desk, byInactivity = false): void => {
  const byCustomer = centre.random.chance(leg.mediaType === 'email' ? 0 : 0.65)
  leg.disconnectType = byInactivity ? 'INACTIVITY' : byCustomer ? 'PEER' : 'CLIENT'
  wrapUp(centre, leg, desk)
  centre.steps.customerLeaves(leg.customer, byInactivity ? 'INACTIVITY' : byCustomer ? 'ENDPOINT' : 'PEER')
}

const blindTransfer = (centre: Centre, leg: AgentLeg, desk: Desk): void => {
  const { entry } = leg
  if (entry === null || centre.roster.queues.length < 2 || isLoopedEnough(leg.conversation)) {
    endConversation(centre, leg, desk)
    return
  }
  leg.disconnectType = 'TRANSFER'
  centre.tell({ kind: 'Transferred', at: centre.now, leg, how: 'blind' })
  wrapUp(centre, leg, desk)
  const target = anotherQueueIndex(centre, entry)
  centre.after(centre.random.between(5, 60), () => {
    centre.steps.enterQueue(leg.customer, target, leg.mediaType)
  })
}

/** What the customer writes between two replies of the agent. */
const customerReplies = (centre: Centre, leg: AgentLeg, repliedMs: number, gapMs: number): void => {
  const tookMs = centre.random.between(Math.min(500, gapMs), Math.max(500, Math.floor(gapMs / 2)))
  centre.after(repliedMs + tookMs, () => {
    leg.customerMessages += 1
    leg.customer.replies.count += 1
    leg.customer.replies.tookMs += tookMs
    centre.tell({ kind: 'CustomerReplied', at: centre.now, leg, tookMs })
  })
}

/** Talk that ends in a question to a colleague, if one is free. */
const talkThenConsult = (centre: Centre, leg: AgentLeg, desk: Desk, talkMs: number): void => {
  const joins = centre.random.chance(0.35)
  centre.tell({ kind: 'SegmentBegan', at: centre.now, leg, segment: 'INTERACT' })
  centre.after(talkMs, () => {
    const colleague = centre.desks.find((other) => other !== desk && isFree(other))
    endTalk(centre, leg, talkMs, colleague === undefined || !joins)
    if (colleague === undefined) endConversation(centre, leg, desk)
    else consult(centre, leg, desk, colleague, joins)
  })
}

/**
 * The agent asks a colleague while the customer holds, then hands over at once, or when all three have talked (a
 * conference that the agent leaves). The colleague's session carries the queue of the asking agent (an assumption) and
 * was not answered from a queue.
 */
const consult = (centre: Centre, leg: AgentLeg, desk: Desk, colleague: Desk, joins: boolean): void => {
  const { random } = centre
  centre.tell({ kind: 'ConsultBegan', at: centre.now, leg })
  centre.tell({ kind: 'SegmentBegan', at: centre.now, leg, segment: 'HOLD' })
  const theirs = agentLeg(centre, colleague, leg.customer, {
    queue: leg.queue,
    mediaType: 'voice',
    direction: 'inbound',
    peerId: leg.sessionId,
  })
  occupy(centre, colleague, theirs)
  openAlerting(centre, theirs)
  const ringMs = random.between(1_500, 6_000)
  const askingMs = random.between(10_000, 60_000)
  const conferenceMs = joins ? random.between(15_000, 90_000) : 0
  const afterwardsMs = random.lognormalMs(150_000, 0.6, 5_000)
  centre.after(ringMs, () => {
    endAlert(centre, theirs, 'answered')
    centre.tell({ kind: 'SegmentBegan', at: centre.now, leg: theirs, segment: 'INTERACT' })
  })
  centre.after(ringMs + askingMs, () => {
    endHold(centre, leg, ringMs + askingMs, true)
    if (!joins) handOver(centre, leg, desk, 'consult')
    else runParts(centre, leg, [{ kind: 'talk', ms: conferenceMs }], () => handOver(centre, leg, desk, 'conference'))
  })
  centre.after(ringMs + askingMs + conferenceMs + afterwardsMs, () => {
    endTalk(centre, theirs, askingMs + conferenceMs + afterwardsMs, true)
    endConversation(centre, theirs, colleague)
  })
}

const handOver = (centre: Centre, leg: AgentLeg, desk: Desk, how: 'consult' | 'conference'): void => {
  leg.disconnectType = how === 'consult' ? 'CONSULT_TRANSFER' : 'CONFERENCE_TRANSFER'
  centre.tell({ kind: 'Transferred', at: centre.now, leg, how })
  wrapUp(centre, leg, desk)
}
