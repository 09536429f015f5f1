import { canonicalJson } from '../../../domain/canonical-json.js'
import type { ConfigurationFact, OrgSettingsChanged, QueueConfigured } from '../../../domain/fact.js'
import type { Profile } from '../../../domain/profile.js'
import type { Rules } from './hypothesis.js'

/** A value of the profile or of a setting, in force and as supposed, by its path as `--set` takes it. */
export type SupposedValue = Readonly<{ path: string; old: unknown; new: unknown }>

/** Every value that the rules have otherwise. Of settings that changed over time the last ones are told. */
export const supposedValues = (inForce: Rules, supposed: Rules): readonly SupposedValue[] => [
  ...differences('', profileTree(lastProfile(inForce)), profileTree(lastProfile(supposed))),
  ...differences('organisation', organisationTree(inForce), organisationTree(supposed)),
  ...queuesOf(inForce, supposed).flatMap(({ name, old, now }) => differences(`queue.${name}`, old, now)),
]

const differences = (path: string, old: unknown, now: unknown): readonly SupposedValue[] => {
  if (canonicalJson(old ?? null) === canonicalJson(now ?? null)) return []
  if (!isTree(old) || !isTree(now)) return [{ path, old: old ?? null, new: now ?? null }]
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((key) =>
    differences(path === '' ? key : `${path}.${key}`, valueIn(old, key), valueIn(now, key)),
  )
}

type Tree = Readonly<Record<string, unknown>>
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)
const valueIn = (tree: Tree, key: string): unknown => (Object.hasOwn(tree, key) ? tree[key] : undefined)

/** The profile in force last, with the intervals and the zone of the first. */
const lastProfile = ({ profile, configuration }: Rules): Profile => {
  const published = configuration.filter((fact) => fact.type === 'ProfilePublished')
  const { points, intervalMs, rollUps, zone, graceMs, lateHorizonMs, aheadMaxMs } = profile
  const last = published.toSorted((a, b) => a.at - b.at).at(-1)?.profile ?? profile
  return { ...last, points, intervalMs, rollUps, zone, graceMs, lateHorizonMs, aheadMaxMs }
}

/** KPIs of one's own by their names, so that a change of one is told as such; the zone by its name. */
const profileTree = (profile: Profile): Tree => ({
  ...profile,
  zone: profile.zone.name,
  kpis: Object.fromEntries(profile.kpis.map(({ name, ...kpi }) => [name, kpi])),
})

const last = <F extends ConfigurationFact>(facts: readonly F[]): F | undefined =>
  facts.toSorted((a, b) => a.at - b.at).at(-1)

const organisationTree = ({ configuration }: Rules): Tree => {
  const fact = last(configuration.filter((each): each is OrgSettingsChanged => each.type === 'OrgSettingsChanged'))
  if (fact === undefined) return {}
  const { type: _, at: __, ...settings } = fact
  return settings
}

const queuesOf = (inForce: Rules, supposed: Rules) => {
  const [old, now] = [lastOfQueues(inForce), lastOfQueues(supposed)]
  return [...new Set([...old.keys(), ...now.keys()])].map((queueId) => {
    const name = old.get(queueId)?.name ?? now.get(queueId)?.name ?? queueId
    return { name, old: queueTree(old.get(queueId)), now: queueTree(now.get(queueId)) }
  })
}

const lastOfQueues = ({ configuration }: Rules): ReadonlyMap<string, QueueConfigured> => {
  const queues = new Map<string, QueueConfigured>()
  for (const fact of configuration)
    if (fact.type === 'QueueConfigured' && fact.at >= (queues.get(fact.queueId)?.at ?? -Infinity))
      queues.set(fact.queueId, fact)
  return queues
}

/** Without a service level or after-call work there are no values of them, rather than one that is null. */
const queueTree = (fact: QueueConfigured | undefined): Tree => ({
  serviceLevel: Object.fromEntries(
    Object.entries(fact?.serviceLevel ?? {}).map(([media, { durationMs, target }]) => [media, { durationMs, target }]),
  ),
  acw: { ...fact?.acw },
  callbackMode: fact?.callbackMode ?? null,
})
