import type { Centre } from '../centre.js'
import { release } from '../agents/attendance.js'
import type { Desk } from '../agents/desk.js'
import type { AgentLeg } from './leg.js'

const wrapUpCodes = ['Resolved', 'Follow-up', 'Escalated', 'Wrong department', 'No resolution'] as const

/**
 * Closes an agent's session. Most are followed by after-call work. Some of it is submitted much later, after the agent
 * has taken other work, and its duration covers all the time in between.
 */
export const wrapUp = (centre: Centre, leg: AgentLeg, desk: Desk): void => {
  const { random, options } = centre
  const acwFollows =
    leg.queue !== null && (leg.talked || random.chance(0.5)) && random.chance(leg.mediaType === 'voice' ? 0.88 : 0.6)
  centre.tell({ kind: 'AgentLegClosed', at: centre.now, leg, acwFollows })
  if (leg.serves !== null) closeCallback(centre, leg.serves, desk)
  const free = (): void => {
    release(centre, desk, leg)
  }
  if (!acwFollows) {
    free()
    return
  }
  const timeoutMs = leg.queue?.acw.timeoutMs ?? Infinity
  const wantedMs = random.lognormalMs(32_000, 0.7, 1_000)
  const timedOut = wantedMs >= timeoutMs
  const workMs = Math.min(wantedMs, timeoutMs)
  const late = timeoutMs === Infinity && options.acwLate.maxMs > workMs && random.chance(options.acwLate.share)
  const acwMs = late ? random.between(workMs, options.acwLate.maxMs) : workMs
  centre.openWork += 1
  // As recorded, the segment begins some milliseconds after the one before it ended.
  centre.after(random.between(1, 20), () => {
    centre.tell({ kind: 'SegmentBegan', at: centre.now, leg, segment: 'WRAPUP' })
  })
  if (late) centre.after(workMs, free)
  centre.after(acwMs, () => {
    leg.acwMs = acwMs
    leg.wrapUpCode = timedOut ? 'ININ-WRAP-UP-TIMEOUT' : random.pick(wrapUpCodes)
    centre.tell({ kind: 'AcwCompleted', at: centre.now, leg })
    centre.openWork -= 1
    if (!late) free()
  })
}

/**
 * The callback record ends with its call. It has no handle time of its own: contacting, dialing and talk are those of
 * the call.
 */
const closeCallback = (centre: Centre, leg: AgentLeg, desk: Desk): void => {
  leg.callbackMs = centre.now - leg.startedAt - leg.alertMs
  leg.disconnectType = 'CLIENT'
  centre.tell({ kind: 'AgentLegClosed', at: centre.now, leg, acwFollows: false })
  centre.steps.customerLeaves(leg.customer, 'PEER')
  release(centre, desk, leg)
}
