import type { EpochMs } from '../domain/interval.js'
import type { Publish } from './delivery.js'
import type { AgentStateEntered, Observer } from './happening.js'
import type { MediaType } from './media.js'
import type { SeededRandom } from './random.js'
import type { PresenceDefinition } from './presence-definitions.js'
import type { Agent, Roster } from './roster.js'
import { iso, presenceName } from './spelling.js'

type Seen = {
  status: string
  statusSince: EpochMs
  presence: PresenceDefinition
  presenceSince: EpochMs
  load: Map<MediaType, { active: number; acw: number }>
}

/**
 * Tells agent states as `v2.users.{id}.routingStatus` and `.presence`, some of them again in an `.activity` snapshot
 * with the same start times, and the work at hand now and then as `.conversationsummary`. Rarely another presence
 * source speaks up (`primary: false`); it drives nothing.
 */
export const userEvents = (send: Publish, random: SeededRandom, roster: Roster): Observer => {
  const publish = (at: EpochMs, template: string, id: string, body: object): void => {
    send(at, template, id, JSON.stringify(body))
  }
  const seen = new Map<string, Seen>()
  const first = (presence: string): PresenceDefinition => {
    const found = roster.presences.find(({ systemPresence }) => systemPresence === presence)
    if (found === undefined) throw new Error(`no presence is defined for ${presence}`)
    return found
  }
  const [offline, busy] = [first('OFFLINE'), first('BUSY')]

  const definition = ({ id, systemPresence }: PresenceDefinition): object => ({
    id,
    systemPresence: presenceName(systemPresence),
  })
  const of = (agent: Agent): Seen => {
    const known = seen.get(agent.id)
    if (known !== undefined) return known
    const fresh: Seen = { status: 'OFF_QUEUE', statusSince: 0, presence: offline, presenceSince: 0, load: new Map() }
    seen.set(agent.id, fresh)
    return fresh
  }
  const loadOf = (agent: Agent, mediaType: MediaType): { active: number; acw: number } => {
    const { load } = of(agent)
    const known = load.get(mediaType) ?? { active: 0, acw: 0 }
    load.set(mediaType, known)
    return known
  }

  const tellPresence = (agent: Agent, at: EpochMs, presence: PresenceDefinition, primary: boolean): void => {
    publish(at, 'v2.users.{id}.presence', agent.id, {
      source: primary ? 'PURECLOUD' : 'MICROSOFTTEAMS',
      presenceDefinition: definition(presence),
      primary,
      message: '',
      modifiedDate: iso(at),
    })
  }
  const tellActivity = (agent: Agent, at: EpochMs): void => {
    const now = of(agent)
    if (now.statusSince === 0 || now.presenceSince === 0) return
    publish(at, 'v2.users.{id}.activity', agent.id, {
      id: agent.id,
      routingStatus: { status: now.status, startTime: iso(now.statusSince) },
      presence: {
        presenceDefinition: definition(now.presence),
        presenceMessage: '',
        modifiedDate: iso(now.presenceSince),
      },
      outOfOffice: { active: false, modifiedDate: iso(now.presenceSince) },
      activeQueueIds:
        now.presence.systemPresence === 'ON_QUEUE' ? agent.queueIndexes.map((index) => roster.queues[index]?.id) : [],
      dateActiveQueuesChanged: iso(now.presenceSince),
    })
  }
  const tellSummary = (agent: Agent, at: EpochMs): void => {
    const summary: Record<string, unknown> = { userId: agent.id }
    for (const mediaType of ['voice', 'callback', 'email', 'message', 'chat'] as const)
      summary[mediaType === 'voice' ? 'call' : mediaType] = {
        contactCenter: { ...loadOf(agent, mediaType) },
        enterprise: { active: 0, acw: 0 },
      }
    publish(at, 'v2.users.{id}.conversationsummary', agent.id, summary)
  }
  const tellState = (happening: AgentStateEntered): void => {
    const { agent, at } = happening
    const now = of(agent)
    if (happening.stateKind === 'routingStatus') {
      now.status = happening.state
      now.statusSince = at
      publish(at, 'v2.users.{id}.routingStatus', agent.id, {
        id: agent.id,
        routingStatus: { status: happening.state, startTime: iso(at) },
      })
    } else {
      now.presence = happening.definition
      now.presenceSince = at
      tellPresence(agent, at, happening.definition, true)
      if (random.chance(0.02)) tellPresence(agent, at + 40, busy, false)
    }
    if (random.chance(0.25)) tellActivity(agent, at)
  }

  return (happening) => {
    if (happening.kind === 'AgentStateEntered') {
      tellState(happening)
      return
    }
    if (!('leg' in happening) || happening.leg.party !== 'agent' || happening.leg.queue === null) return
    const { leg, at } = happening
    const load = loadOf(leg.agent, leg.mediaType)
    if (happening.kind === 'AgentLegOpened') load.active += 1
    else if (happening.kind === 'AcwCompleted') load.acw -= 1
    else if (happening.kind === 'AgentLegClosed') {
      load.active -= 1
      if (happening.acwFollows) load.acw += 1
      if (random.chance(0.25)) tellSummary(leg.agent, at)
    }
  }
}
