import type { EpochMs } from '../../domain/interval.js'
import type { Publish } from '../delivery/delivery.js'
import type { AgentStateEntered, Happening, Observer } from '../happening.js'
import type { MediaType } from '../roster/media.js'
import type { SeededRandom } from '../random.js'
import type { PresenceDefinition } from '../roster/presence-definitions.js'
import type { Agent, Roster } from '../roster/roster.js'
import { iso, presenceName } from './spelling.js'

type Seen = {
  status: string
  statusSince: EpochMs
  presence: PresenceDefinition
  presenceSince: EpochMs
  load: Map<MediaType, { active: number; acw: number }>
}

/** An organisation's presence as it stands in an event. */
const definitionOf = ({ id, systemPresence }: PresenceDefinition): object => ({
  id,
  systemPresence: presenceName(systemPresence),
})

/**
 * Reports agent states as `v2.users.{id}.routingStatus` and `.presence`, some of them again in an `.activity` snapshot
 * with the same start times, and the current workload now and then as `.conversationsummary`. Rarely another presence
 * source reports a presence (`primary: false`), which changes no state.
 */
export const userEvents = (publish: Publish, random: SeededRandom, roster: Roster): Observer => {
  const events = new UserEvents(publish, random, roster)
  return (happening) => events.observe(happening)
}

class UserEvents {
  readonly #send: Publish
  readonly #random: SeededRandom
  readonly #roster: Roster
  readonly #offline: PresenceDefinition
  readonly #busy: PresenceDefinition
  readonly #seen = new Map<string, Seen>()

  constructor(send: Publish, random: SeededRandom, roster: Roster) {
    this.#send = send
    this.#random = random
    this.#roster = roster
    this.#offline = firstPresence(roster, 'OFFLINE')
    this.#busy = firstPresence(roster, 'BUSY')
  }

  observe(happening: Happening): void {
    if (happening.kind === 'AgentStateEntered') return this.#stateEntered(happening)
    if (!('leg' in happening) || happening.leg.party !== 'agent' || happening.leg.queue === null) return
    const { leg, at } = happening
    const load = this.#loadOf(leg.agent, leg.mediaType)
    if (happening.kind === 'AgentLegOpened') load.active += 1
    else if (happening.kind === 'AcwCompleted') load.acw -= 1
    else if (happening.kind === 'AgentLegClosed') {
      load.active -= 1
      if (happening.acwFollows) load.acw += 1
      if (this.#random.chance(0.25)) this.#summary(leg.agent, at)
    }
  }

  #stateEntered(happening: AgentStateEntered): void {
    const { agent, at } = happening
    const now = this.#of(agent)
    if (happening.stateKind === 'routingStatus') {
      now.status = happening.state
      now.statusSince = at
      this.#publish(at, 'v2.users.{id}.routingStatus', agent.id, {
        id: agent.id,
        routingStatus: { status: happening.state, startTime: iso(at) },
      })
    } else {
      now.presence = happening.definition
      now.presenceSince = at
      this.#presence(agent, at, happening.definition, true)
      if (this.#random.chance(0.02)) this.#presence(agent, at + 40, this.#busy, false)
    }
    if (this.#random.chance(0.25)) this.#activity(agent, at)
  }

  #presence(agent: Agent, at: EpochMs, presence: PresenceDefinition, primary: boolean): void {
    this.#publish(at, 'v2.users.{id}.presence', agent.id, {
      source: primary ? 'PURECLOUD' : 'MICROSOFTTEAMS',
      presenceDefinition: definitionOf(presence),
      primary,
      message: '',
      modifiedDate: iso(at),
    })
  }

  #activity(agent: Agent, at: EpochMs): void {
    const { status, statusSince, presence, presenceSince } = this.#of(agent)
    if (statusSince === 0 || presenceSince === 0) return
    const isOnQueue = presence.systemPresence === 'ON_QUEUE'
    this.#publish(at, 'v2.users.{id}.activity', agent.id, {
      id: agent.id,
      routingStatus: { status, startTime: iso(statusSince) },
      presence: { presenceDefinition: definitionOf(presence), presenceMessage: '', modifiedDate: iso(presenceSince) },
      outOfOffice: { active: false, modifiedDate: iso(presenceSince) },
      activeQueueIds: isOnQueue ? agent.queueIndexes.map((index) => this.#roster.queues[index]?.id) : [],
      dateActiveQueuesChanged: iso(presenceSince),
    })
  }

  #summary(agent: Agent, at: EpochMs): void {
    const summary: Record<string, unknown> = { userId: agent.id }
    for (const mediaType of ['voice', 'callback', 'email', 'message', 'chat'] as const)
      summary[mediaType === 'voice' ? 'call' : mediaType] = {
        contactCenter: { ...this.#loadOf(agent, mediaType) },
        enterprise: { active: 0, acw: 0 },
      }
    this.#publish(at, 'v2.users.{id}.conversationsummary', agent.id, summary)
  }

  #publish(at: EpochMs, template: string, id: string, body: object): void {
    this.#send(at, template, id, JSON.stringify(body))
  }

  #of(agent: Agent): Seen {
    let seen = this.#seen.get(agent.id)
    if (seen === undefined) {
      seen = { status: 'OFF_QUEUE', statusSince: 0, presence: this.#offline, presenceSince: 0, load: new Map() }
      this.#seen.set(agent.id, seen)
    }
    return seen
  }

  #loadOf(agent: Agent, mediaType: MediaType): { active: number; acw: number } {
    const { load } = this.#of(agent)
    const known = load.get(mediaType) ?? { active: 0, acw: 0 }
    load.set(mediaType, known)
    return known
  }
}

const firstPresence = ({ presences }: Roster, presence: string): PresenceDefinition => {
  const found = presences.find(({ systemPresence }) => systemPresence === presence)
  if (found === undefined) throw new Error(`no presence is defined for ${presence}`)
  return found
}
