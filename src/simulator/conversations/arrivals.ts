import { HOUR_MS, type EpochMs } from '../../domain/interval.js'
import type { Centre } from '../centre.js'
import { customerLeg, newConversation } from './conversation.js'
import { unwritten, type CustomerLeg, type FlowLeg, type FlowOutcome, type Milestone } from './leg.js'
import type { MediaType, MessageType } from '../roster/media.js'
import type { Flow } from '../roster/roster.js'

/** Arrivals by hour of the day (UTC), as a share of the busiest hour. */
const curve: readonly number[] = [
  0.06, 0.05, 0.05, 0.05, 0.05, 0.06, 0.16, 0.38, 0.7, 0.92, 1, 0.98, 0.93, 0.95, 0.98, 0.88, 0.62, 0.4, 0.3, 0.24,
  0.19, 0.1, 0.08, 0.06,
]

const mix: readonly (readonly [MediaType, number])[] = [
  ['voice', 0.66],
  ['chat', 0.12],
  ['email', 0.1],
  ['message', 0.12],
]

/**
 * A Poisson stream under the curve, by thinning: candidates at the busiest hour's rate, each kept with the hour's
 * share.
 */
export const scheduleArrivals = (centre: Centre): void => {
  const meanGapMs = HOUR_MS / centre.options.callsPerHour
  const next = (): void => {
    const at = centre.now + centre.random.exponentialMs(meanGapMs)
    if (at >= centre.options.endMs) return
    centre.schedule(at, () => {
      if (centre.random.chance(curveAt(centre.now))) arrive(centre)
      next()
    })
  }
  next()
}

/** The curve, interpolated linearly between two hours. */
export const curveAt = (at: EpochMs): number => {
  const hours = at / HOUR_MS
  const from = curve[Math.floor(hours) % 24] ?? 0
  const to = curve[(Math.floor(hours) + 1) % 24] ?? 0
  return from + (to - from) * (hours % 1)
}

const arrive = (centre: Centre): void => {
  const { random, roster } = centre
  const mediaType = (mix[random.weighted(mix.map(([, share]) => share))] ?? ['voice' as const])[0]
  const messageType: MessageType | null =
    mediaType === 'message' ? random.pick(['webmessaging', 'webmessaging', 'whatsapp', 'sms']) : null
  const queueIndex = random.weighted(roster.queues.map(({ weight }) => weight))
  const conversation = newConversation(centre, { mediaType, messageType, direction: 'inbound', enterprise: false })
  const leg = customerLeg(centre, conversation, { mediaType, direction: 'inbound', connectedAt: centre.now })
  centre.openWork += 1
  centre.tell({ kind: 'ConversationBegan', at: centre.now, leg })
  if (conversation.externalContactId !== null)
    centre.after(random.between(50, 400), () => {
      centre.tell({ kind: 'ContactIdentified', at: centre.now, leg })
    })
  if (mediaType === 'voice') throughIvr(centre, leg, queueIndex)
  else
    centre.after(random.between(2, 120), () => {
      centre.steps.enterQueue(leg, queueIndex, mediaType)
    })
}

const reasons = ['order', 'invoice', 'fault', 'contract', 'other'] as const

/** Callers pass a menu; some hang up in it. */
const throughIvr = (centre: Centre, caller: CustomerLeg, queueIndex: number): void => {
  const { random, roster } = centre
  const flow = roster.flows[queueIndex % roster.flows.length] as Flow
  const startedAt = centre.now + random.between(3, 60)
  const enteredAt = startedAt + random.between(40, 250)
  const durationMs = random.lognormalMs(24_000, 0.6, 1_500)
  const exit = random.chance(0.05) ? 'hangup' : 'queue'
  const leg: FlowLeg = {
    party: 'ivr',
    conversation: caller.conversation,
    participantId: centre.ids.uuid(),
    sessionId: centre.ids.uuid(),
    mediaType: 'voice',
    direction: 'inbound',
    startedAt,
    peerId: caller.sessionId,
    disconnectType: null,
    written: unwritten(),
    flow,
    enteredAt,
    exit,
    outcome: exit === 'queue' && random.chance(0.4) ? outcomeOf(centre, flow, enteredAt, durationMs) : null,
  }
  centre.schedule(enteredAt, () => {
    centre.tell({ kind: 'FlowEntered', at: centre.now, leg })
  })
  for (const milestone of leg.outcome?.milestones ?? [])
    centre.schedule(milestone.at, () => {
      centre.tell({ kind: 'MilestoneReached', at: centre.now, leg, milestone })
    })
  if (random.chance(0.3))
    centre.schedule(enteredAt + Math.round(durationMs / 2), () => {
      centre.tell({ kind: 'AttributesSet', at: centre.now, leg: caller, attributes: { reason: random.pick(reasons) } })
    })
  centre.schedule(enteredAt + durationMs, () => {
    leaveFlow(centre, leg, caller, durationMs, queueIndex)
  })
}

const leaveFlow = (centre: Centre, leg: FlowLeg, caller: CustomerLeg, durationMs: number, queueIndex: number): void => {
  leg.disconnectType = leg.exit === 'queue' ? 'TRANSFER' : 'PEER'
  centre.tell({ kind: 'FlowLeft', at: centre.now, leg, durationMs })
  if (leg.outcome !== null) centre.tell({ kind: 'OutcomeDecided', at: centre.now, leg, outcome: leg.outcome })
  if (leg.exit === 'hangup') centre.steps.customerLeaves(caller, 'ENDPOINT')
  else
    centre.after(centre.random.between(1, 60), () => {
      centre.steps.enterQueue(caller, queueIndex, 'voice')
    })
}

const outcomeOf = ({ random }: Centre, flow: Flow, enteredAt: EpochMs, durationMs: number): FlowOutcome => {
  const startedAt = enteredAt + random.between(0, Math.floor(durationMs / 3))
  const passed = flow.milestoneIds.slice(0, random.between(0, flow.milestoneIds.length))
  const milestones = passed.map((milestoneId, index): Milestone => {
    const share = (index + 1) / (flow.milestoneIds.length + 1)
    return { milestoneId, at: startedAt + Math.round((enteredAt + durationMs - startedAt) * share) }
  })
  return { outcomeId: flow.outcomeId, value: random.chance(0.8) ? 'SUCCESS' : 'FAILURE', startedAt, milestones }
}
