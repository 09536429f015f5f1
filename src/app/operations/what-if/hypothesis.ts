import type { ConfigurationFact, OrgSettingsChanged, ProfilePublished, QueueConfigured } from '../../../domain/fact.js'
import { nearNames } from '../../../domain/near-names.js'
import type { Profile } from '../../../domain/profile.js'
import { profileSchema } from '../../config/profile/profile-schema.js'
import { ConfigError } from '../../config/schema.js'
import type { Setting } from '../../../ingress/decode/configuration-objects.js'
import type { Assignment, QueueSetting } from './assignment.js'

/** Under what a range is folded: the profile at its beginning, and the configuration that is known from the start. */
export type Rules = Readonly<{ profile: Profile; configuration: readonly ConfigurationFact[] }>

/**
 * What is supposed to be otherwise. A `profile` is in force throughout, in place of every one that was. `settings` of a
 * queue or of the organisation are in force throughout, in place of all that the log has of it. `assignments` change
 * single values of whatever was in force when, and of `profile` and `settings` where those are given.
 */
export type Supposition = Readonly<{
  profile?: Profile | undefined
  settings?: readonly Setting[] | undefined
  assignments?: readonly Assignment[] | undefined
}>

/**
 * The rules with what is supposed. Throws `ConfigError` if they would be no valid profile, or if a queue is not known.
 */
export const suppose = (inForce: Rules, { profile, settings = [], assignments = [] }: Supposition): Rules => {
  const changed = (each: Profile): Profile => supposedProfile(each, { profile, assignments })
  const replaced = withSettings(
    // The profile of the supposition is in force throughout: none that was published has a part in it.
    inForce.configuration.filter((fact) => profile === undefined || fact.type !== 'ProfilePublished'),
    settings,
  )
  const base = changed(inForce.profile)
  return {
    profile: base,
    configuration: withConfiguration(replaced, assignments).map((fact) =>
      fact.type === 'ProfilePublished'
        ? ({ ...fact, profile: changed(fact.profile) } satisfies ProfilePublished)
        : fact,
    ),
  }
}

/** The profile that is supposed in place of one that is in force. Throws `ConfigError` if it is no valid one. */
export const supposedProfile = (inForce: Profile, { profile, assignments = [] }: Supposition): Profile =>
  withAssignments(profile ?? inForce, assignments)

const withAssignments = (profile: Profile, assignments: readonly Assignment[]): Profile => {
  const ofProfile = assignments.filter((each) => each.of === 'profile' || each.of === 'kpi')
  if (ofProfile.length === 0) return profile
  const tree = structuredClone(profile) as unknown as Tree
  for (const assignment of ofProfile)
    if (assignment.of === 'profile') put(tree, assignment.path, assignment.value)
    else putKpi(tree, assignment)
  const parsed = profileSchema.safeParse(tree)
  if (parsed.success) return parsed.data
  throw new ConfigError(
    parsed.error.issues.map((issue) => `--set ${issue.path.join('.') || 'profile'}: ${issue.message}`).join('\n'),
  )
}

type Tree = Record<string, unknown>

const put = (tree: Tree, [head = '', ...rest]: readonly string[], value: unknown): void => {
  if (rest.length === 0) tree[head] = value
  else put(tree[head] as Tree, rest, value)
}

const putKpi = (tree: Tree, { name, member, value }: Extract<Assignment, { of: 'kpi' }>): void => {
  const kpis = tree['kpis'] as Tree[]
  const kpi = kpis.find((each) => each['name'] === name)
  if (kpi === undefined) {
    const names = kpis.map((each) => String(each['name']))
    const near = nearNames(name, names)
    throw new ConfigError(
      `--set kpis.${name}: the profile has no KPI ${name} of its own; ${near.length > 0 ? `did you mean ${near.join(' or ')}?` : `it has ${names.join(', ') || 'none'}; write a new one into a profile file (--profile)`}`,
    )
  }
  kpi[member] = value
}

/** Before everything that was ever in force. */
const ALWAYS = 0

/** The settings in force throughout, in place of those of the same queue or of the organisation. */
const withSettings = (
  known: readonly ConfigurationFact[],
  settings: readonly Setting[],
): readonly ConfigurationFact[] => {
  const queues = new Set(settings.flatMap((each) => (each.type === 'QueueConfigured' ? [each.queueId] : [])))
  const hasOrganisation = settings.some(({ type }) => type === 'OrgSettingsChanged')
  return [
    ...known.filter(
      (fact) =>
        !(fact.type === 'QueueConfigured' && queues.has(fact.queueId)) &&
        !(fact.type === 'OrgSettingsChanged' && hasOrganisation),
    ),
    ...settings.map((fact) => ({ ...fact, at: ALWAYS })),
  ]
}

const withConfiguration = (
  known: readonly ConfigurationFact[],
  assignments: readonly Assignment[],
): readonly ConfigurationFact[] => {
  let facts = known
  for (const assignment of assignments)
    if (assignment.of === 'queue') facts = withQueue(facts, assignment.queue, assignment.setting)
    else if (assignment.of === 'organisation')
      facts = withOrganisation(facts, { [assignment.setting]: assignment.value })
  return facts
}

const withOrganisation = (
  known: readonly ConfigurationFact[],
  change: Partial<OrgSettingsChanged>,
): readonly ConfigurationFact[] =>
  known.some(({ type }) => type === 'OrgSettingsChanged')
    ? known.map((fact) => (fact.type === 'OrgSettingsChanged' ? { ...fact, ...change } : fact))
    : [
        ...known,
        {
          ...{ type: 'OrgSettingsChanged', at: ALWAYS, includeFlowOuts: null, includeShortAbandons: null },
          ...{ includeAbandons: null, shortAbandonMs: null, ...change },
        },
      ]

/**
 * A queue of which the log has no settings is named by its id. Before its first settings in the log it has nothing but
 * what is set.
 */
const withQueue = (
  known: readonly ConfigurationFact[],
  queue: string,
  setting: QueueSetting,
): readonly ConfigurationFact[] => {
  const configured = known.filter((fact) => fact.type === 'QueueConfigured')
  const named = configured.filter(({ name }) => name?.toLowerCase() === queue.toLowerCase())
  const isId = configured.some(({ queueId }) => queueId === queue)
  const ids = new Set(isId ? [queue] : named.map(({ queueId }) => queueId))
  if (ids.size === 0) {
    const near = nearNames(
      queue,
      configured.flatMap(({ name, queueId }) => [queueId, ...(name === null ? [] : [name])]),
    )
    if (near.length > 0)
      throw new ConfigError(`--set queue.${queue}: no queue has this id or name; did you mean ${near.join(' or ')}?`)
    return [...known, changedQueue({ ...noSettings, queueId: queue }, setting)]
  }
  // A target alone is nothing: before there was a duration there was no service level.
  const before = setting.name === 'target' ? [] : [...ids].map((queueId) => ({ ...noSettings, queueId }))
  return [
    ...before.map((fact) => changedQueue(fact, setting)),
    ...known.map((fact) =>
      fact.type === 'QueueConfigured' && ids.has(fact.queueId) ? changedQueue(fact, setting) : fact,
    ),
  ]
}

const noSettings: QueueConfigured = {
  ...{ type: 'QueueConfigured', queueId: '', at: ALWAYS, name: null, serviceLevel: {}, acw: null },
}

const changedQueue = (fact: QueueConfigured, setting: QueueSetting): QueueConfigured => {
  switch (setting.name) {
    case 'durationMs': {
      const target = fact.serviceLevel[setting.mediaType]?.target ?? null
      return withLevel(fact, setting.mediaType, { durationMs: setting.value, target })
    }
    case 'target': {
      const durationMs = fact.serviceLevel[setting.mediaType]?.durationMs
      if (durationMs === undefined)
        throw new ConfigError(
          `--set queue.${fact.queueId}.serviceLevel.${setting.mediaType}.target: the queue has no service level of ${setting.mediaType}; set its durationMs first`,
        )
      return withLevel(fact, setting.mediaType, { durationMs, target: setting.value })
    }
    case 'acwPrompt':
      return { ...fact, acw: { timeoutMs: fact.acw?.timeoutMs ?? null, prompt: setting.value } }
    case 'acwTimeoutMs':
      return { ...fact, acw: { prompt: fact.acw?.prompt ?? 'MANDATORY_TIMEOUT', timeoutMs: setting.value } }
    case 'callbackMode':
      return { ...fact, callbackMode: setting.value }
  }
}

const withLevel = (
  fact: QueueConfigured,
  mediaType: string,
  level: QueueConfigured['serviceLevel'][string],
): QueueConfigured => ({ ...fact, serviceLevel: { ...fact.serviceLevel, [mediaType]: level } })
