import type { ConfigurationFact, OrgSettingsChanged, ProfilePublished, QueueConfigured } from '../domain/fact.js'
import type { FamilyName } from '../domain/family.js'
import type { EpochMs } from '../domain/interval.js'
import { builtInKpisOf, compileKpis, type CompiledKpis } from '../domain/kpi.js'
import { metricIndex } from '../domain/metric.js'
import { optionsOf, serviceLevelDurationMs, type Profile } from '../domain/profile.js'

/**
 * Settings that Genesys applies to all of history, as they are known at some place of the log; the last is in force.
 */
type Epoch = Readonly<{ org: OrgSettingsChanged | null; profiles: readonly Published[] }>

/** A profile, and what had begun when it became known. */
type Published = ProfilePublished & Readonly<{ begun: Begun }>

/** Base intervals in which something was counted already: all that are closed, and these of the open ones. */
export type Begun = Readonly<{ closedThrough: EpochMs | null; open: readonly EpochMs[] }>

const nothingBegun = (): Begun => ({ closedThrough: null, open: [] })

/** How the cells of a family that begin at some instant are made into rows. */
export type Rendering = Readonly<{
  sheet: CompiledKpis
  isShortAbandon: (ms: number) => boolean
  /** Places of the metrics whose union is tWait. */
  waits: readonly number[]
}>

export type ConfigurationState = Readonly<{
  queues: readonly QueueConfigured[]
  awaited: readonly OrgSettingsChanged[]
  epochs: readonly Epoch[]
}>

/**
 * What is configured, and from when. A value counts for events from its effective instant on, whenever they come; an
 * event that had been folded before the value was known keeps what it had, and an interval that had begun keeps its
 * choice of cells (a rebuild begins with all that is known). Organisation settings count for all of history: each
 * change of them begins an *epoch*, and a cell remembers the epoch it was last rendered in, so that the same revision
 * always says the same.
 */
export class Configuration {
  /** What does not change while a generation runs: where points come from, intervals, zone, horizons. */
  readonly base: Profile
  private readonly queues: Map<string, QueueConfigured[]>
  /** Organisation settings whose time has not come. */
  private awaited: OrgSettingsChanged[]
  private readonly epochs: Epoch[]
  private readonly profiles = new Map<Published, Profile>()
  private readonly renderings = new Map<string, Rendering>()

  constructor(base: Profile, state?: ConfigurationState) {
    this.base = base
    this.queues = new Map()
    for (const fact of state?.queues ?? []) this.remember(fact)
    this.awaited = [...(state?.awaited ?? [])]
    this.epochs = [...(state?.epochs ?? [{ org: null, profiles: [] }])]
  }

  /** Number of the epoch in force. */
  get epoch(): number {
    return this.epochs.length - 1
  }

  /** Learns a setting. The same one twice is one. Answers the queue whose settings it changed, if any. */
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
        this.epochs.push({ org, profiles: [...profiles, published].sort((a, b) => a.at - b.at) })
        return undefined
      }
      case 'PresenceDefined':
      case 'ConfigurationAudited':
      case 'StreamErased':
        return undefined // no figure depends on them: states carry their presence, an audit is a reason to import
    }
  }

  /** The frontier came to `at`: organisation settings whose time has come take effect. */
  reach(at: EpochMs): void {
    if (this.awaited.length === 0) return
    const due = this.awaited.filter((fact) => fact.at <= at).sort((a, b) => a.at - b.at)
    if (due.length === 0) return
    this.awaited = this.awaited.filter((fact) => fact.at > at)
    const newest = due.at(-1) as OrgSettingsChanged
    const { org, profiles } = this.current
    if (org !== null && (org.at > newest.at || same(org, newest))) return
    this.epochs.push({ org: newest, profiles })
  }

  /** The profile in force for what happens at an instant. */
  profileAt(at: EpochMs, epoch = this.epoch): Profile {
    const { profiles } = this.epochs[epoch] as Epoch
    for (let index = profiles.length - 1; index >= 0; index--) {
      const published = profiles[index] as Published
      if (published.at <= at) return this.withStructure(published)
    }
    return this.base
  }

  /**
   * The profile by which what happens in the interval that begins at `start` finds its cells. An interval that had
   * begun when a profile became known keeps its cells: by other ones it could not be taken back what was counted, and
   * they would hold the rest of an interval as if it were the whole.
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

  /** Does any profile that is known ask for the family? */
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

  /** How long a session that ended at `at` waits for its after-call work, ms. */
  acwHorizonMs(queueId: string | null, at: EpochMs): number {
    const { correlation } = this.profileAt(at)
    const acw = queueId === null ? undefined : this.queueAt(queueId, at)?.acw
    const isTimed = acw?.prompt === 'MANDATORY_TIMEOUT' || acw?.prompt === 'MANDATORY_FORCED_TIMEOUT'
    return isTimed && acw.timeoutMs !== null ? acw.timeoutMs + correlation.acwSlackMs : correlation.acwHorizonMs
  }

  /** How cells of the family that begin at `start` are rendered in an epoch. */
  rendering(family: FamilyName, start: EpochMs, epoch: number): Rendering {
    const { org, profiles } = this.epochs[epoch] as Epoch
    const inForce = profiles.reduce((count, { at }) => count + (at <= start ? 1 : 0), 0)
    const key = `${family}/${epoch}/${inForce}`
    let rendering = this.renderings.get(key)
    if (rendering === undefined)
      this.renderings.set(key, (rendering = renderingOf(family, this.profileAt(start, epoch), org)))
    return rendering
  }

  save(): ConfigurationState {
    return { queues: [...this.queues.values()].flat(), awaited: [...this.awaited], epochs: [...this.epochs] }
  }

  private withStructure(published: Published): Profile {
    let profile = this.profiles.get(published)
    if (profile === undefined)
      this.profiles.set(published, (profile = { ...published.profile, ...structureOf(this.base) }))
    return profile
  }

  private get current(): Epoch {
    return this.epochs[this.epoch] as Epoch
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

/** What a profile published while a generation runs leaves as it is. */
const structureOf = ({ points, intervalMs, rollUps, zone, graceMs, lateHorizonMs }: Profile): Partial<Profile> => ({
  points,
  intervalMs,
  rollUps,
  zone,
  graceMs,
  lateHorizonMs,
})

const renderingOf = (family: FamilyName, profile: Profile, org: OrgSettingsChanged | null): Rendering => {
  const own = optionsOf(profile)
  const { includeFlowOuts, includeAbandons, includeShortAbandons } = org ?? {}
  const kpis = [...builtInKpisOf(family), ...profile.kpis.filter((kpi) => kpi.families.includes(family))]
  const shortMs = org?.shortAbandonMs ?? profile.shortAbandonMs
  return {
    sheet: compileKpis(kpis, {
      ...own,
      includeFlowOuts: Number(includeFlowOuts ?? own.includeFlowOuts),
      includeAbandons: Number(includeAbandons ?? own.includeAbandons),
      includeShortAbandons: Number(includeShortAbandons ?? own.includeShortAbandons),
    }),
    isShortAbandon: profile.shortAbandonThrough ? (ms) => ms <= shortMs : (ms) => ms < shortMs,
    waits: [
      ...(['tAnswered', 'tAbandon', 'tFlowOut'] as const),
      ...(profile.waitIncludesCustomerFirst ? (['tCfcAnswered', 'tCfcAbandon', 'tCfcFlowOut'] as const) : []),
    ].map((metric) => metricIndex.get(metric) as number),
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
