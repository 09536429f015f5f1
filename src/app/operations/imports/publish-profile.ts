import { intervalStart, MINUTE_MS, type EpochMs } from '../../../domain/interval.js'
import type { Profile } from '../../../domain/profile.js'
import type { ProfilePublished } from '../../../domain/fact.js'
import { canonicalJson } from '../../../domain/canonical-json.js'
import {} from '../../../log/content-id.js'
import type { EventLog } from '../../../log/event-log.js'
import { allSettings, changeConfiguration, inForceAt, type LogStatus } from './import-configuration.js'

/** Fields of a profile that take effect only in a new generation. */
const structural = [
  'points',
  'intervalMs',
  'rollUps',
  'zone',
  'graceMs',
  'lateHorizonMs',
] as const satisfies readonly (keyof Profile)[]

/** Names of the members of a profile. */
export type Field = keyof Profile

/** The outcome of publishing a profile. */
export type Publication = Readonly<{
  fact: ProfilePublished
  outcome: 'stored' | 'unchanged'
  /** Fields that change from its effective time on, against the profile in force then. */
  changes: readonly Field[]
  /** Fields that change only in the next generation, which `rebuild` starts. */
  waits: readonly Field[]
}>

/** A profile that cannot be published. The message says why. */
export class NotPublishable extends Error {
  override readonly name = 'NotPublishable'
}

export type PublishOptions = Readonly<{
  tenant: string
  source: string
  now: number
  dryRun: boolean
  /** Default: the next edge of the base interval. */
  effectiveAt: EpochMs | undefined
  status: LogStatus
}>

/**
 * Publishes a profile with its effective time, which must be an edge of the base interval in use. A profile that is
 * published twice is stored once. Throws `NotPublishable`, `NotIngested`.
 */
export const publishProfile = async (
  raw: EventLog | undefined,
  profile: Profile,
  { tenant, source, now, dryRun, effectiveAt, status }: PublishOptions,
): Promise<Publication> => {
  const intervalMs = (status.live?.profile ?? profile).intervalMs
  const at = effectiveAt ?? intervalStart(now + intervalMs - 1, intervalMs)
  if (intervalStart(at, intervalMs) !== at) {
    const [before, after] = [intervalStart(at, intervalMs), intervalStart(at, intervalMs) + intervalMs].map((edge) =>
      new Date(edge).toISOString(),
    )
    throw new NotPublishable(
      `a profile takes effect where an interval of ${intervalMs / MINUTE_MS} minutes begins, and ${new Date(at).toISOString()} is within one; take ${before} or ${after}`,
    )
  }
  const fact: ProfilePublished = { type: 'ProfilePublished', at, profile }
  const published = raw === undefined ? [] : await publishedProfiles(raw, tenant)
  const namesake = [
    ...published.map((each) => each.profile),
    ...(status.live === undefined ? [] : [status.live.profile]),
  ].find(
    (other) => other.id === profile.id && other.version === profile.version && changesOf(other, profile).length > 0,
  )
  if (namesake !== undefined)
    throw new NotPublishable(
      `${profile.id} version ${profile.version} says something else already (${changesOf(namesake, profile).join(', ')}); raise the version`,
    )
  const before = inForceAt(published, at)?.profile ?? status.live?.profile
  const changes = before === undefined ? [] : changesOf(before, profile)
  const outcome = before !== undefined && changes.length === 0 ? 'unchanged' : 'stored'
  if (
    outcome === 'stored' &&
    published.some((other) => other.at === at && changesOf(other.profile, profile).length === 0)
  )
    throw new NotPublishable(
      `${profile.id} version ${profile.version} was published for this instant before, and another one since; raise the version`,
    )
  if (outcome === 'stored') await changeConfiguration(raw, [fact], { tenant, source, now, dryRun })
  const structure: ReadonlySet<Field> = new Set(structural)
  return {
    fact,
    outcome,
    changes: changes.filter((field) => !structure.has(field)),
    waits:
      status.live === undefined ? [] : changesOf(status.live.profile, profile).filter((field) => structure.has(field)),
  }
}

/** All published profiles, in the order of publication. */
export const publishedProfiles = async (raw: EventLog, tenant: string): Promise<readonly ProfilePublished[]> =>
  [...(await allSettings(raw, tenant)).values()].flat().filter((fact) => fact.type === 'ProfilePublished')

/**
 * The profile in force at an instant: the last one published for it, with the structural fields of the live generation.
 */
export const profileInForce = (
  published: readonly ProfilePublished[],
  { live }: LogStatus,
  configured: Profile,
  at: EpochMs,
): Profile => {
  const base = live?.profile ?? configured
  const last = inForceAt(published, at)
  return last === undefined ? base : withStructureOf(base, last.profile)
}

/** What publishing a profile puts into force: the structural fields stay those of the generation. */
export const withStructureOf = (base: Profile, profile: Profile): Profile => ({
  ...profile,
  ...Object.fromEntries(structural.map((field) => [field, base[field]])),
})

const changesOf = (before: Profile, after: Profile): readonly Field[] =>
  (Object.keys(after) as Field[]).filter(
    (field) => canonicalJson(before[field] ?? null) !== canonicalJson(after[field]),
  )
