import type { EpochMs } from '../../domain/interval.js'
import type { Centre } from '../centre.js'
import type { Desk } from './desk.js'
import type { RoutingStatus } from '../happening.js'
import type { Presence } from '../roster/presence-definitions.js'
import type { AgentLeg } from '../conversations/leg.js'

/** How an agent's states change: when work begins and ends, when alerts are missed, and at pauses and shifts. */

/** Work with a queue makes an agent INTERACTING, a private call COMMUNICATING. */
export const occupy = (centre: Centre, desk: Desk, leg: AgentLeg): void => {
  if (leg.queue === null) desk.onPrivateCall = true
  else desk.busyWith.add(leg)
  refreshStatus(centre, desk)
}

/** The agent has finished a session, and goes off queue if that was requested meanwhile, else looks for work. */
export const release = (centre: Centre, desk: Desk, leg: AgentLeg): void => {
  if (leg.queue === null) desk.onPrivateCall = false
  else desk.busyWith.delete(leg)
  settle(centre, desk)
}

export const missAlert = (centre: Centre, desk: Desk, leg: AgentLeg): void => {
  desk.busyWith.delete(leg)
  desk.missedAlert = true
  refreshStatus(centre, desk)
  const quickly = centre.random.chance(0.3)
  centre.after(quickly ? centre.random.between(800, 3_000) : 5_000 + centre.random.exponentialMs(60_000), () => {
    desk.missedAlert = false
    settle(centre, desk)
  })
}

/** Goes on queue and takes work. */
export const goOnQueue = (centre: Centre, desk: Desk): void => {
  desk.wanted = null
  desk.accepting = true
  setPresence(centre, desk, 'ON_QUEUE')
  settle(centre, desk)
}

/**
 * Stops taking work. An agent who is busy declares the new presence at once (and stays INTERACTING until the work is
 * done) or, more often, afterwards; nobody signs out while at work.
 */
export const goOffQueue = (centre: Centre, desk: Desk, presence: Presence): void => {
  desk.accepting = false
  const busy = desk.busyWith.size > 0 || desk.onPrivateCall
  if (busy && (presence === 'OFFLINE' || !centre.random.chance(0.3))) {
    desk.wanted = presence
    return
  }
  desk.wanted = null
  setPresence(centre, desk, presence)
  refreshStatus(centre, desk)
}

/** Declares a presence that has nothing to do with the queue. */
export const setPresence = (centre: Centre, desk: Desk, presence: Presence): void => {
  if (desk.presence === presence) return
  const at = Math.max(centre.now, desk.presenceSince + 1)
  desk.presence = presence
  desk.presenceSince = at
  tellPresence(centre, desk, at)
}

/** People pick one of the organisation's presences, which stands for a system presence. */
const tellPresence = (centre: Centre, desk: Desk, at: EpochMs): void => {
  const { agent, presence } = desk
  const definition = centre.random.pick(
    centre.roster.presences.filter(({ systemPresence }) => systemPresence === presence),
  )
  centre.tell({ kind: 'AgentStateEntered', at, agent, stateKind: 'systemPresence', state: presence, definition })
}

const settle = (centre: Centre, desk: Desk): void => {
  if (desk.wanted !== null && desk.busyWith.size === 0 && !desk.onPrivateCall) {
    setPresence(centre, desk, desk.wanted)
    desk.wanted = null
  }
  refreshStatus(centre, desk)
  // Routing needs a moment to notice, so an agent is seen IDLE between two interactions.
  if (desk.accepting) centre.after(centre.random.between(120, 900), () => centre.steps.seekWork(desk))
}

const statusOf = (desk: Desk): RoutingStatus => {
  if (desk.busyWith.size > 0) return 'INTERACTING'
  if (desk.onPrivateCall) return 'COMMUNICATING'
  if (desk.presence !== 'ON_QUEUE') return 'OFF_QUEUE'
  return desk.missedAlert ? 'NOT_RESPONDING' : 'IDLE'
}

const refreshStatus = (centre: Centre, desk: Desk): void => {
  const status = statusOf(desk)
  if (status === desk.status) return
  const at = Math.max(centre.now, desk.statusSince + 1)
  desk.status = status
  desk.statusSince = at
  centre.tell({ kind: 'AgentStateEntered', at, agent: desk.agent, stateKind: 'routingStatus', state: status })
}

/** Reports the initial states of an agent, so that the log knows them from its beginning. */
export const declareInitial = (centre: Centre, desk: Desk): void => {
  desk.presenceSince = centre.now
  desk.statusSince = centre.now
  const { agent } = desk
  tellPresence(centre, desk, centre.now)
  centre.tell({ kind: 'AgentStateEntered', at: centre.now, agent, stateKind: 'routingStatus', state: desk.status })
}
