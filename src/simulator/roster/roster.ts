import type { MediaType } from './media.js'
import type { ResolvedOptions } from '../options.js'
import { drawPresences, type PresenceDefinition } from './presence-definitions.js'
import { settingsOf, type QueueSettings } from './queue-settings.js'
import type { SeededRandom } from '../random.js'

/** The configuration of the centre: agents, queues and flows. Only the settings of a queue may change during a run. */
export type Queue = Readonly<{
  id: string
  name: string
  divisionId: string
  /** From when on which settings are in force; the first from the beginning. */
  settings: readonly QueueSettings[]
  /** Who is called first by a callback. */
  callbackMode: 'AgentFirst' | 'CustomerFirst'
  acw: Readonly<{ prompt: 'OPTIONAL' | 'MANDATORY' | 'MANDATORY_TIMEOUT'; timeoutMs: number | null }>
  alertingTimeoutMs: number
  /** Share of the centre's arrivals. */
  weight: number
}>

export type Agent = Readonly<{
  id: string
  name: string
  /** Skill names, for people. */
  skills: readonly string[]
  skillIds: ReadonlySet<string>
  languageIds: readonly string[]
  queueIndexes: readonly number[]
  media: ReadonlySet<MediaType>
}>

/** An inbound call flow. */
export type Flow = Readonly<{
  id: string
  name: string
  version: string
  outcomeId: string
  milestoneIds: readonly string[]
}>

/** An outbound campaign and the queue on whose behalf it calls. */
export type Campaign = Readonly<{ id: string; name: string; contactListId: string; queueIndex: number }>

export type Roster = Readonly<{
  orgId: string
  homeDivisionId: string
  queues: readonly Queue[]
  agents: readonly Agent[]
  flows: readonly Flow[]
  campaigns: readonly Campaign[]
  presences: readonly PresenceDefinition[]
}>

const queueNames = [
  'Sales',
  'Support',
  'Billing',
  'Returns',
  'Retention',
  'Claims',
  'Orders',
  'Bookings',
  'Technical',
  'Premium',
]
const skillNames = ['Contracts', 'Hardware', 'Invoices', 'Refunds', 'Network', 'Onboarding', 'Complaints', 'Renewals']
const languageNames = ['English', 'Spanish', 'German', 'French']
const firstNames = [
  'Ada',
  'Ben',
  'Carla',
  'Dmitri',
  'Elif',
  'Farid',
  'Grace',
  'Hugo',
  'Ines',
  'Jonas',
  'Keiko',
  'Liam',
  'Mara',
  'Nils',
  'Olga',
  'Paulo',
  'Rosa',
  'Sven',
  'Tara',
  'Yusuf',
]
const lastNames = [
  'Adler',
  'Brandt',
  'Costa',
  'Dubois',
  'Eriksen',
  'Fischer',
  'Garcia',
  'Haddad',
  'Ivanova',
  'Jansen',
  'Kaya',
  'Lopez',
  'Meyer',
  'Novak',
  'Okafor',
  'Petit',
  'Rossi',
  'Silva',
  'Tanaka',
  'Weber',
  'Young',
]

const every: readonly MediaType[] = ['voice', 'callback', 'chat', 'email', 'message']
const spoken: readonly MediaType[] = ['voice', 'callback']
const written: readonly MediaType[] = ['chat', 'email', 'message']

/**
 * Draws the centre. Each agent serves a main queue and up to two neighbours, so that members are spread over all queues
 * as evenly as the numbers allow.
 */
export const drawRoster = (options: ResolvedOptions, random: SeededRandom): Roster => {
  const orgId = random.uuid()
  const divisions = Array.from({ length: Math.min(3, options.queues) }, () => random.uuid())
  const skills = skillNames.map((name) => ({ name, id: random.uuid() }))
  const languages = languageNames.map((name) => ({ name, id: random.uuid() }))
  const queues = Array.from({ length: options.queues }, (_, index): Queue => ({
    id: random.uuid(),
    name: numbered(queueNames, index),
    divisionId: divisions[index % divisions.length] as string,
    settings: settingsOf(options, index),
    callbackMode: index % 3 === 2 ? 'CustomerFirst' : 'AgentFirst',
    acw: acwOf(index),
    alertingTimeoutMs: random.pick([15_000, 20_000, 30_000]),
    weight: 0.6 + random.unit(),
  }))
  const media = random.shuffled(Array.from({ length: options.agents }, (_, index) => mediaOf(index, options.agents)))
  const agents = Array.from({ length: options.agents }, (_, index): Agent => {
    const own = random.shuffled(skills).slice(0, random.between(2, 5))
    const speaks = languages.filter((_language, place) => place === 0 || random.chance(0.25))
    return {
      id: random.uuid(),
      name: agentName(index),
      skills: [...own, ...speaks].map(({ name }) => name),
      skillIds: new Set(own.map(({ id }) => id)),
      languageIds: speaks.map(({ id }) => id),
      queueIndexes: [
        ...new Set(
          [index, index + 1, ...(random.chance(0.5) ? [index + 2] : [])].map((place) => place % options.queues),
        ),
      ],
      media: new Set(media[index]),
    }
  })
  return {
    orgId: options.tenantOrg ?? orgId,
    homeDivisionId: divisions[0] as string,
    queues,
    agents,
    flows: drawFlows(Math.min(3, options.queues), random.fork('flows')),
    campaigns: drawCampaigns(Math.min(2, options.queues), random.fork('campaigns')),
    presences: drawPresences(random.fork('presences')),
  }
}

/** Every third queue ends after-call work that takes too long. */
const acwOf = (index: number): Queue['acw'] => {
  if (index % 3 === 1) return { prompt: 'MANDATORY_TIMEOUT', timeoutMs: 90_000 }
  return { prompt: index % 3 === 0 ? 'OPTIONAL' : 'MANDATORY', timeoutMs: null }
}

const drawFlows = (count: number, random: SeededRandom): readonly Flow[] =>
  ['Main menu', 'Service menu', 'Order line'].slice(0, count).map((name, index) => ({
    id: random.uuid(),
    name,
    version: `${index + 3}.0`,
    outcomeId: random.uuid(),
    milestoneIds: [random.uuid(), random.uuid()],
  }))

const drawCampaigns = (count: number, random: SeededRandom): readonly Campaign[] =>
  ['Renewals', 'Welcome calls'].slice(0, count).map((name, queueIndex) => ({
    id: random.uuid(),
    name,
    contactListId: random.uuid(),
    queueIndex,
  }))

/** Most agents are blended; a small centre has only such. */
const mediaOf = (index: number, agents: number): readonly MediaType[] => {
  const place = index / agents
  if (agents < 10 || place < 0.5) return every
  return place < 0.88 ? spoken : written
}

const numbered = (names: readonly string[], index: number): string => {
  const round = Math.floor(index / names.length)
  return `${names[index % names.length] ?? ''}${round === 0 ? '' : ` ${round + 1}`}`
}

const agentName = (index: number): string => {
  const round = Math.floor(index / (firstNames.length * lastNames.length))
  return `${firstNames[index % firstNames.length] ?? ''} ${lastNames[index % lastNames.length] ?? ''}${round === 0 ? '' : ` ${round + 1}`}`
}
