import type { EpochMs } from '../../domain/interval.js'
import type { RoutingStatus } from '../happening.js'
import type { Presence } from '../roster/presence-definitions.js'
import type { AgentLeg } from '../conversations/leg.js'
import type { MediaType } from '../roster/media.js'
import type { Agent } from '../roster/roster.js'

/**
 * An agent at work. Presence is what the agent declares, routing status follows from it and from the work at hand: with
 * sessions INTERACTING, even after declaring a break; else after a missed alert NOT_RESPONDING, on a private call
 * COMMUNICATING, off queue OFF_QUEUE, otherwise IDLE. States of one kind never begin at the same millisecond, so their
 * order is certain.
 */
export type Desk = {
  readonly agent: Agent
  presence: Presence
  status: RoutingStatus
  presenceSince: EpochMs
  statusSince: EpochMs
  /** Takes new work: on queue and not about to leave it. */
  accepting: boolean
  /** Presence to take up once the work at hand is done. */
  wanted: Presence | null
  missedAlert: boolean
  onPrivateCall: boolean
  readonly busyWith: Set<AgentLeg>
  /** On shift until then. */
  shiftEndAt: EpochMs
}

/** Written conversations that an agent holds at once. */
const writtenMax = 3

export const newDesk = (agent: Agent, at: EpochMs): Desk => ({
  agent,
  presence: 'OFFLINE',
  status: 'OFF_QUEUE',
  presenceSince: at - 1,
  statusSince: at - 1,
  accepting: false,
  wanted: null,
  missedAlert: false,
  onPrivateCall: false,
  busyWith: new Set(),
  shiftEndAt: at,
})

const isSpoken = (mediaType: MediaType): boolean => mediaType === 'voice' || mediaType === 'callback'

/** Whether the agent can be alerted for this medium now. Speech excludes other work; written media share an agent. */
export const canTake = (desk: Desk, mediaType: MediaType): boolean => {
  if (!desk.accepting || desk.missedAlert || desk.onPrivateCall || !desk.agent.media.has(mediaType)) return false
  if (desk.busyWith.size === 0) return true
  if (isSpoken(mediaType) || desk.busyWith.size >= writtenMax) return false
  for (const leg of desk.busyWith) if (isSpoken(leg.mediaType)) return false
  return true
}

export const isFree = (desk: Desk): boolean => canTake(desk, 'voice') && desk.busyWith.size === 0
