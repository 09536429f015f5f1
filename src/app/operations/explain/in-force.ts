import type { ConfigurationFact, OrgSettingsChanged, ProfilePublished, QueueConfigured } from '../../../domain/fact.js'
import { families } from '../../../domain/family.js'
import { HOUR_MS, type EpochMs } from '../../../domain/interval.js'
import { serviceLevelDurationMs, type Profile } from '../../../domain/profile.js'
import type { Position } from '../../../log/event-log.js'
import { Settings } from '../../../projections/settings.js'
import type { PlacedConfiguration } from '../../scoped/scan.js'
import type { Computation } from '../../scoped/scoped-projection.js'
import { isOfStates, type ExplainedCell } from './contributions.js'
import type { InForce } from './explanation.js'

/** The configuration that a fold knew at a place in the log, and how far the clock had come there. */
export type Known = Readonly<{ configuration: readonly PlacedConfiguration[]; frontier: EpochMs | null }>

/** What a computation knew of the configuration through a position: all of history is known from the start. */
export const configurationThrough = (
  { historyThrough }: Computation,
  configuration: readonly PlacedConfiguration[],
  through: Position,
): readonly PlacedConfiguration[] => {
  const history = BigInt(historyThrough ?? -1)
  return configuration.filter(({ position }) => position <= through || position <= history)
}

/** The settings that follow from it. */
export const settingsAfter = (
  { profile, historyThrough, startedAt }: Computation,
  { configuration, frontier }: Known,
): Settings => {
  const settings = new Settings(profile)
  for (const { fact, position } of configuration) {
    const isKnown = historyThrough !== null && position <= BigInt(historyThrough)
    settings.learn(fact, isKnown ? Date.parse(startedAt) : frontier)
  }
  if (frontier !== null) settings.reach(frontier)
  return settings
}

type Placed<F> = Readonly<{ fact: F; position: Position }>

/** What decided the figures of a row: the profile, the organisation's settings, and those of its queue. */
export const inForceFor = (
  cell: ExplainedCell,
  generation: Computation,
  { configuration, frontier }: Known,
  settings: Settings,
): readonly InForce[] => [
  ...profilesInForce(cell, generation, placedOf(configuration, 'ProfilePublished')),
  ...(isOfStates(cell.family)
    ? statesInForce(cell, settings)
    : [
        ...optionsInForce(cell, placedOf(configuration, 'OrgSettingsChanged'), frontier, settings),
        ...queueInForce(cell, placedOf(configuration, 'QueueConfigured'), settings),
      ]),
]

/** How long a state is believed, and which presences end the routing status. */
const statesInForce = ({ start }: ExplainedCell, settings: Settings): readonly InForce[] => {
  const { stateMaxMs } = settings.base.agentState
  const { endsRoutingStatus } = settings.profileAt(start).agentState
  const own = { since: null, position: null }
  return [
    { what: 'a state lasts', value: `until the next, and ${stateMaxMs / HOUR_MS} hours at most (the profile)`, ...own },
    { what: 'routing ends by', value: `${endsRoutingStatus.join(', ')} (the profile)`, ...own },
  ]
}

const placedOf = <T extends ConfigurationFact['type']>(
  all: readonly PlacedConfiguration[],
  type: T,
): readonly Placed<Extract<ConfigurationFact, { type: T }>>[] =>
  all.flatMap(({ fact, position }) =>
    fact.type === type ? [{ fact: fact as Extract<ConfigurationFact, { type: T }>, position }] : [],
  )

/** The profile that the generation began with, and those published for instants in the interval or before it. */
const profilesInForce = (
  { start, end }: ExplainedCell,
  { profile, startedAt }: Computation,
  published: readonly Placed<ProfilePublished>[],
): readonly InForce[] => {
  const due = byInstant(published.filter(({ fact }) => fact.at < end))
  const first = due.findLastIndex(({ fact }) => fact.at <= start)
  const own: InForce = {
    what: 'profile',
    value: `${nameOf(profile)}, of the generation, which began ${startedAt}`,
    since: null,
    position: null,
  }
  const told = due.slice(Math.max(0, first)).map(({ fact, position }): InForce => ({
    what: 'profile',
    value: `${nameOf(fact.profile)} (point source, intervals and zone stay those of the generation)`,
    ...sinceOf(fact, position),
  }))
  return first >= 0 ? told : [own, ...told]
}

const nameOf = ({ id, version, points }: Profile): string => `${id} version ${version}, points from ${points}`

const optionsInForce = (
  { start }: ExplainedCell,
  changed: readonly Placed<OrgSettingsChanged>[],
  frontier: EpochMs | null,
  settings: Settings,
): readonly InForce[] => {
  const { options, org } = settings.optionsAt(start)
  const profile = settings.profileAt(start)
  const told = changed.findLast(({ fact }) => fact.at === org?.at && (frontier === null || fact.at <= frontier))
  const by = (isOfOrg: boolean): Pick<InForce, 'since' | 'position'> =>
    isOfOrg && told !== undefined ? sinceOf(told.fact, told.position) : { since: null, position: null }
  const source = (isOfOrg: boolean): string => (isOfOrg ? 'the organisation' : 'the profile')
  const own = (['includeFlowOuts', 'includeAbandons', 'includeShortAbandons'] as const).map((name): InForce => {
    const isOfOrg = typeof org?.[name] === 'boolean'
    return { what: name, value: `${options[name]} (${source(isOfOrg)})`, ...by(isOfOrg) }
  })
  const isShortOfOrg = typeof org?.shortAbandonMs === 'number'
  const shortMs = org?.shortAbandonMs ?? profile.shortAbandonMs
  return [
    ...own,
    {
      what: 'short abandon',
      value: `${profile.shortAbandonThrough ? 'up to' : 'below'} ${shortMs} ms (${source(isShortOfOrg)})`,
      ...by(isShortOfOrg),
    },
  ]
}

/** Settings of the queue that were in force at some instant of the interval. */
const queueInForce = (
  { family, dimensions, start, end }: ExplainedCell,
  configured: readonly Placed<QueueConfigured>[],
  settings: Settings,
): readonly InForce[] => {
  const of = (name: 'queueId' | 'mediaType'): string | null => {
    const place = families[family].dimensions.indexOf(name)
    return place < 0 ? null : (dimensions[place] ?? null)
  }
  const [queueId, mediaType] = [of('queueId'), of('mediaType')]
  if (queueId === null || mediaType === null) return []
  const own = byInstant(configured.filter(({ fact }) => fact.queueId === queueId && fact.at < end))
  const first = own.findLastIndex(({ fact }) => fact.at <= start)
  const told = own.slice(Math.max(0, first)).map(({ fact, position }): InForce => {
    const { durationMs, target = null } = fact.serviceLevel[mediaType] ?? {}
    const share = target === null ? '' : `${Math.round(target * 1000) / 10} % `
    const level = durationMs === undefined ? 'no service level for this media type' : `${share}within ${durationMs} ms`
    const acw = fact.acw === null ? '' : `; after-call work ${fact.acw.prompt}`
    return { what: 'queue settings', value: `${level}${acw}`, ...sinceOf(fact, position) }
  })
  if (first >= 0) return told
  const durationMs = serviceLevelDurationMs(settings.profileAt(start), queueId, mediaType)
  return [
    { what: 'queue settings', value: `none known: within ${durationMs} ms (the profile)`, since: null, position: null },
    ...told,
  ]
}

const byInstant = <F extends Readonly<{ at: EpochMs }>>(all: readonly Placed<F>[]): readonly Placed<F>[] =>
  all.toSorted((a, b) => a.fact.at - b.fact.at)

const sinceOf = ({ at }: Readonly<{ at: EpochMs }>, position: Position): Pick<InForce, 'since' | 'position'> => ({
  since: new Date(at).toISOString(),
  position: String(position),
})
