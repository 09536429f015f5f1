import type { ConfigurationFact, OrgSettingsChanged, ProfilePublished, QueueConfigured } from '../domain/fact.js'
import type { FamilyName } from '../domain/family.js'
import type { Options } from '../domain/formula.js'
import type { EpochMs } from '../domain/interval.js'
import { builtInKpisOf, compileKpis, type CompiledKpis } from '../domain/kpi.js'
import { metricIndex } from '../domain/metric.js'
import { optionsOf, serviceLevelDurationMs, type CallbackMode, type Profile } from '../domain/profile.js'

/**
 * Settings that Genesys applies to all of history, as they are known at some place in the log. The last is in force.
 */
type Version = Readonly<{ org: OrgSettingsChanged | null; profiles: readonly Published[] }>

/** A profile, and which intervals had begun when it became known. */
type Published = ProfilePublished & Readonly<{ begun: Begun }>

/** Base intervals in which something was already counted: all closed ones, and these open ones. */
export type Begun = Readonly<{ closedThrough: EpochMs | null; open: readonly EpochMs[] }>

const nothingBegun = (): Begun => ({ closedThrough: null, open: [] })

/** How rows are rendered from the cells of a family that begin at some instant. */
export type Rendering = Readonly<{
  kpis: CompiledKpis
  kpiNames: readonly string[]
  isShortAbandon: (ms: number) => boolean
  /** Places in the catalogue of the metrics whose union is tWait. */
  waits: readonly number[]
}>

export type SettingsState = Readonly<{
  queues: readonly QueueConfigured[]
  awaited: readonly OrgSettingsChanged[]
  versions: readonly Version[]
}>

/**
 * The configuration in force, and from when. A value applies to events from its effective instant on, whenever they
 * arrive. An event that was folded before the value was known keeps the value it had, and an interval that had begun
 * keeps its choice of cells (a rebuild begins with all that is known). Organisation settings apply to all of history:
 * each change of them makes a new *version* of the settings. A cell remembers the version it was last rendered with, so
 * that a row revision always has the same values.
 */
export class Settings {
  /** The profile the generation began with. Point source, intervals, zone and horizons do not change while it runs. */
  readonly base: Profile
  private readonly queues: Map<string, QueueConfigured[]>
  /** Organisation settings that take effect in the future. */
  private awaited: OrgSettingsChanged[]
  private readonly versions: Version[]
  private readonly profiles = new Map<Published, Profile>()
  /** By version, number of profiles in force, and family. */
  private readonly renderings: Map<FamilyName, Rendering>[][] = []

  constructor(base: Profile, state?: SettingsState) {
    this.base = base
    this.queues = new Map()
    for (const fact of state?.queues ?? []) this.remember(fact)
    this.awaited = [...(state?.awaited ?? [])]
    this.versions = [...(state?.versions ?? [{ org: null, profiles: [] }])]
  }

  /** Number of the version in force: the settingsVersion of cells. */
  get version(): number {
    return this.versions.length - 1
  }

  /** Learns a setting. A repeat changes nothing. Answers the queue whose settings changed, if any. */
  learn(fact: ConfigurationFact, frontier: EpochMs | null, begun: () => Begun = nothingBegun): string | undefined {
    switch (fact.type) {
      case 'QueueConfigured':
        return this.remember(fact) ? fact.queueId : undefined
      case 'OrgSettingsChanged':
        this.awaited.push(fact)
        this.reach(frontier ?? fact.at)
        return undefined
      case 'ProfilePublished': {
        const { org, profiles } = this.current
        if (profiles.some(({ at, profile }) => at === fact.at && same(profile, fact.profile))) return undefined
        const published = { ...fact, begun: begun() }
        this.versions.push({ org, profiles: [...profiles, published].sort((a, b) => a.at - b.at) })
        return undefined
      }
      case 'PresenceDefined':
      case 'ObjectNamed':
      case 'ConfigurationAudited':
      case 'StreamErased':
        return undefined // no figure depends on them: states carry their presence; an audit is a reason to import
    }
  }

  /** The frontier reached `at`: organisation settings that are due take effect. */
  reach(at: EpochMs): void {
    if (this.awaited.length === 0) return
    const due = this.awaited.filter((fact) => fact.at <= at).sort((a, b) => a.at - b.at)
    if (due.length === 0) return
    this.awaited = this.awaited.filter((fact) => fact.at > at)
    const newest = due.at(-1) as OrgSettingsChanged
    const { org, profiles } = this.current
    if (org !== null && (org.at > newest.at || same(org, newest))) return
    this.versions.push({ org: newest, profiles })
  }

  /** The profile in force for what happens at an instant. */
  profileAt(at: EpochMs, version = this.version): Profile {
    const { profiles } = this.versions[version] as Version
    for (let index = profiles.length - 1; index >= 0; index--) {
      const published = profiles[index] as Published
      if (published.at <= at) return this.withStructure(published)
    }
    return this.base
  }

  /**
   * The profile that decides which cells hold the points of the interval beginning at `start`. An interval that had
   * begun when a profile became known keeps its cells: what was counted in them could not be taken back from other
   * cells, and new cells would hold a part of the interval as if it were the whole.
   */
  cellProfileAt(start: EpochMs): Profile {
    const { profiles } = this.current
    for (let index = profiles.length - 1; index >= 0; index--) {
      const published = profiles[index] as Published
      const { closedThrough, open } = published.begun
      const hadBegun = (closedThrough !== null && start < closedThrough) || open.includes(start)
      if (published.at <= start && !hadBegun) return this.withStructure(published)
    }
    return this.base
  }

  /** The options of formulas in cells that begin at `start`, and the organisation's settings they come from, if any. */
  optionsAt(start: EpochMs): Readonly<{ options: Options; org: OrgSettingsChanged | null }> {
    const { org } = this.current
    return { options: optionsIn(this.profileAt(start), org), org }
  }

  /** Does any known profile ask for the family? */
  isAskedFor(family: FamilyName): boolean {
    return (
      this.base.families.includes(family) ||
      this.current.profiles.some(({ profile }) => profile.families.includes(family))
    )
  }

  /** The service-level duration of an answer, ms. */
  serviceLevelMs(queueId: string, mediaType: string, at: EpochMs): number {
    return (
      this.queueAt(queueId, at)?.serviceLevel[mediaType]?.durationMs ??
      serviceLevelDurationMs(this.profileAt(at), queueId, mediaType)
    )
  }

  /** The service-level target of a queue, a share; null if none is known. */
  serviceTarget(queueId: string, mediaType: string, at: EpochMs): number | null {
    return this.queueAt(queueId, at)?.serviceLevel[mediaType]?.target ?? null
  }

  /** Whom a callback that was offered at `at` calls first; null if that is unknown. */
  callbackMode(queueId: string, at: EpochMs): CallbackMode | null {
    return this.queueAt(queueId, at)?.callbackMode ?? this.profileAt(at).correlation.callbackMode ?? null
  }

  /** How long a session that ended at `at` waits for its after-call work, ms. */
  acwHorizonMs(queueId: string | null, at: EpochMs): number {
    const { correlation } = this.profileAt(at)
    const acw = queueId === null ? undefined : this.queueAt(queueId, at)?.acw
    const isTimed = acw?.prompt === 'MANDATORY_TIMEOUT' || acw?.prompt === 'MANDATORY_FORCED_TIMEOUT'
    return isTimed && acw.timeoutMs !== null ? acw.timeoutMs + correlation.acwSlackMs : correlation.acwHorizonMs
  }

  /** How cells of the family that begin at `start` are rendered with a version of the settings. */
  rendering(family: FamilyName, start: EpochMs, version: number): Rendering {
    const { org, profiles } = this.versions[version] as Version
    let inForce = 0
    for (const { at } of profiles) if (at <= start) inForce += 1
    const of = (this.renderings[version] ??= [])
    const byFamily = (of[inForce] ??= new Map())
    let rendering = byFamily.get(family)
    if (rendering === undefined)
      byFamily.set(family, (rendering = renderingOf(family, this.profileAt(start, version), org)))
    return rendering
  }

  save(): SettingsState {
    return { queues: [...this.queues.values()].flat(), awaited: [...this.awaited], versions: [...this.versions] }
  }

  private withStructure(published: Published): Profile {
    let profile = this.profiles.get(published)
    if (profile === undefined)
      this.profiles.set(published, (profile = { ...published.profile, ...structureOf(this.base) }))
    return profile
  }

  private get current(): Version {
    return this.versions[this.version] as Version
  }

  private queueAt(queueId: string, at: EpochMs): QueueConfigured | undefined {
    return this.queues.get(queueId)?.findLast((fact) => fact.at <= at)
  }

  private remember(fact: QueueConfigured): boolean {
    const known = this.queues.get(fact.queueId)
    if (known === undefined) this.queues.set(fact.queueId, [fact])
    else if (known.some((other) => same(other, fact))) return false
    else known.splice(known.findLastIndex((other) => other.at <= fact.at) + 1, 0, fact)
    return true
  }
}

/** What a profile published while a generation runs does not change. */
const structureOf = ({
  points,
  intervalMs,
  rollUps,
  zone,
  graceMs,
  lateHorizonMs,
  aheadMaxMs,
}: Profile): Partial<Profile> => ({
  points,
  intervalMs,
  rollUps,
  zone,
  graceMs,
  lateHorizonMs,
  aheadMaxMs,
})

/** The options of formulas: those of the organisation where it says them, else those of the profile. */
const optionsIn = (profile: Profile, org: OrgSettingsChanged | null): Options => {
  const own = optionsOf(profile)
  const { includeFlowOuts, includeAbandons, includeShortAbandons } = org ?? {}
  return {
    ...own,
    includeFlowOuts: Number(includeFlowOuts ?? own.includeFlowOuts),
    includeAbandons: Number(includeAbandons ?? own.includeAbandons),
    includeShortAbandons: Number(includeShortAbandons ?? own.includeShortAbandons),
  }
}

const renderingOf = (family: FamilyName, profile: Profile, org: OrgSettingsChanged | null): Rendering => {
  const kpis = [...builtInKpisOf(family), ...profile.kpis.filter((kpi) => kpi.families.includes(family))]
  const shortMs = org?.shortAbandonMs ?? profile.shortAbandonMs
  return {
    kpis: compileKpis(kpis, optionsIn(profile, org)),
    kpiNames: kpis.map(({ name }) => name),
    isShortAbandon: profile.shortAbandonThrough ? (ms) => ms <= shortMs : (ms) => ms < shortMs,
    waits: [
      ...(['tAnswered', 'tAbandon', 'tFlowOut'] as const),
      ...(profile.waitIncludesCustomerFirst ? (['tCfcAnswered', 'tCfcAbandon', 'tCfcFlowOut'] as const) : []),
    ].map((metric) => metricIndex.get(metric) as number),
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
