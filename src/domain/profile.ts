import type { Split } from './dimensions.js'
import { isFamilyName, type FamilyName } from './family.js'
import type { Options } from './formula.js'
import { granularityOf, lengthMs, type Granularity } from './granularity.js'
import { DAY_MS, HOUR_MS, MINUTE_MS } from './interval.js'
import { builtInKpis, kpiProblems, type Kpi } from './kpi.js'
import { metricKind, type MetricName } from './metric.js'
import { utc, zoneProblems, type Zone } from './zone.js'

/**
 * Where metric points come from. One of them: two together would count everything twice. The last one joins two of them
 * by conversation: metric records as they come, and a conversation-detail record in their place up to its last
 * emission, so that what was missed can be filled in (src/projections/points/conversation-records.ts).
 */
export type PointSource = 'metric-records' | 'detail-events' | 'conversation-details' | 'metric-records-and-details'

export const pointSources = [
  'metric-records',
  'detail-events',
  'conversation-details',
  'metric-records-and-details',
] as const satisfies readonly PointSource[]

/** Do metric records count with this source? */
export const countsMetricRecords = (source: PointSource): boolean =>
  source === 'metric-records' || source === 'metric-records-and-details'

/** Do conversation-detail records count with this source? */
export const countsDetails = (source: PointSource): boolean =>
  source === 'conversation-details' || source === 'metric-records-and-details'

/** Whom a callback calls first. Callbacks that call the customer first have waiting metrics of their own (`tCfc…`). */
export type CallbackMode = 'AgentFirst' | 'CustomerFirst'

/**
 * The versioned definition of the KPIs. What Genesys leaves open is an option here, with our assumption as its default.
 *
 * Of a profile published while a generation runs, `points`, `intervalMs`, `rollUps`, `zone`, `graceMs`,
 * `lateHorizonMs`, `aheadMaxMs`, `correlation.restateHorizonMs` and `agentState.stateMaxMs` take effect in the next
 * generation; the rest from the instant it says. What divides a row (`families`, `splitBy`, `quantiles`) counts from
 * the first interval that had not begun.
 */
export type Profile = Readonly<{
  id: string
  version: number
  points: PointSource
  /** Base interval: 15, 30 or 60 minutes. */
  intervalMs: number
  /** Longer intervals of which rows are computed too: each the exact sum of its base intervals. */
  rollUps: readonly Granularity[]
  /** Zone of the days (`P1D`). */
  zone: Zone
  /** How long after its end an interval stays open for stragglers before its rows are final. */
  graceMs: number
  /** How long after that a straggler still restates it; what comes later is set aside. */
  lateHorizonMs: number
  /**
   * How far ahead of its receipt something may have happened, for clocks that differ. What is stamped later is set
   * aside: it would make a row that stays open until then.
   */
  aheadMaxMs: number
  families: readonly FamilyName[]
  /** Dimensions that divide every family of points further. */
  splitBy: readonly Split[]
  /** Durations of which rows carry quantiles. */
  quantiles: readonly MetricName[]
  /** KPIs of one's own, beside the built-in ones. */
  kpis: readonly Kpi[]
  serviceLevel: Readonly<{
    includeFlowOuts: boolean
    includeAbandons: boolean
    includeShortAbandons: boolean
    /**
     * Waits longer than this are over the service level. For points from detail events only, where the queue's settings
     * are not in the log; metric records bring nOverSla.
     */
    durationMs: number
    /** By media type, where it differs. */
    durationMsByMediaType: Readonly<Record<string, number>>
    /** By queue, where it differs; wins over the media type. */
    durationMsByQueue: Readonly<Record<string, number>>
    /** Is a wait of exactly the duration over it? */
    overAtDuration: boolean
  }>
  /** Abandons that waited less are short, where the organisation's settings are not in the log. */
  shortAbandonMs: number
  /** Is an abandon after exactly that time short? */
  shortAbandonThrough: boolean
  /** Does tWait count the customer-first callback metrics (tCfc…) too? */
  waitIncludesCustomerFirst: boolean
  /** Does the time in NOT_RESPONDING count as time on queue in the occupancy? */
  occupancyCountsNotResponding: boolean
  /** Assumptions by which detail events become metric points. */
  correlation: Readonly<{
    /**
     * How long a session that ended waits for its after-call work before it counts as handled without any, where the
     * queue's settings do not say.
     */
    acwHorizonMs: number
    /** Added to a queue's own after-call work timeout. */
    acwSlackMs: number
    /** How long a session is remembered for a later after-call work to restate its handle time. */
    restateHorizonMs: number
    /**
     * Disconnect types that mark an alert as ended by the other side rather than missed by the agent. They are relative
     * to the participant: in an agent's session CLIENT is the agent's own interface (a rejected alert), ENDPOINT the
     * agent's own phone, and PEER another participant.
     */
    alertEndedByOther: readonly string[]
    /**
     * Whom a callback calls first, where the queue's settings are not in the log; null: unknown. Then how callbacks
     * waited and ended is absent, because customer-first callbacks have other metrics for it.
     */
    callbackMode: CallbackMode | null
    /** Disconnect types that count as a transfer by the agent who was talking. */
    transfers: readonly string[]
    /** Of the transfers, those that count as blind and those that count as consult transfers. */
    blindTransfers: readonly string[]
    consultTransfers: readonly string[]
  }>
  agentState: Readonly<{
    /**
     * A state is believed for at most this long, so that an agent who never came back does not fill every interval for
     * ever.
     */
    stateMaxMs: number
    /** A presence that ends the open routing status of an agent who is gone. */
    endsRoutingStatus: readonly string[]
  }>
}>

export const defaultProfile: Profile = {
  id: 'default',
  version: 1,
  points: 'metric-records',
  intervalMs: 15 * MINUTE_MS,
  rollUps: [],
  zone: utc,
  graceMs: 5 * MINUTE_MS,
  lateHorizonMs: 7 * DAY_MS,
  aheadMaxMs: HOUR_MS,
  families: ['queue', 'agent', 'agent-state'],
  splitBy: [],
  quantiles: [],
  kpis: [],
  serviceLevel: {
    includeFlowOuts: false,
    includeAbandons: true,
    includeShortAbandons: true,
    durationMs: 20_000,
    durationMsByMediaType: { callback: 2 * MINUTE_MS, chat: MINUTE_MS / 2, email: HOUR_MS, message: MINUTE_MS },
    durationMsByQueue: {},
    overAtDuration: false,
  },
  shortAbandonMs: 10_000,
  shortAbandonThrough: false,
  waitIncludesCustomerFirst: true,
  occupancyCountsNotResponding: false,
  correlation: {
    acwHorizonMs: HOUR_MS,
    acwSlackMs: MINUTE_MS,
    restateHorizonMs: 7 * DAY_MS,
    alertEndedByOther: ['PEER'],
    callbackMode: null,
    transfers: ['TRANSFER', 'CONSULT_TRANSFER', 'CONFERENCE_TRANSFER', 'FORWARD_TRANSFER'],
    blindTransfers: ['TRANSFER', 'FORWARD_TRANSFER'],
    consultTransfers: ['CONSULT_TRANSFER', 'CONFERENCE_TRANSFER'],
  },
  agentState: { stateMaxMs: 3 * DAY_MS, endsRoutingStatus: ['OFFLINE'] },
}

const KPI_NAME = /^[a-z][A-Za-z0-9_]{0,63}$/

/** What is wrong with a profile, in sentences. Empty if nothing is. */
export const profileProblems = (profile: Profile): readonly string[] => {
  const problems: string[] = []
  const base = granularityOf(profile.intervalMs)
  if (base === undefined)
    problems.push(`intervalMs is ${profile.intervalMs}; it must be 15, 30 or 60 minutes (900000, 1800000, 3600000)`)
  for (const rollUp of profile.rollUps)
    if (rollUp !== 'P1D' && lengthMs(rollUp) <= profile.intervalMs)
      problems.push(
        `rollUps: ${rollUp} is not longer than the base interval of ${profile.intervalMs / MINUTE_MS} minutes`,
      )
  if (profile.rollUps.includes('P1D') && base !== undefined)
    problems.push(...zoneProblems(profile.zone, profile.intervalMs))
  for (const [name, value] of [
    ['graceMs', profile.graceMs],
    ['lateHorizonMs', profile.lateHorizonMs],
    ['aheadMaxMs', profile.aheadMaxMs],
    ['shortAbandonMs', profile.shortAbandonMs],
  ] as const)
    if (value < 0) problems.push(`${name} is ${value}; it must not be negative`)
  for (const family of profile.families)
    if (!isFamilyName(family)) problems.push(`families: ${String(family)} is not a family`)
  for (const metric of profile.quantiles)
    if (metricKind(metric) !== 'duration') problems.push(`quantiles: ${metric} is not a duration`)
  if (profile.correlation.restateHorizonMs < profile.correlation.acwHorizonMs)
    problems.push('correlation.restateHorizonMs must not be shorter than correlation.acwHorizonMs')
  if (profile.agentState.stateMaxMs < profile.intervalMs)
    problems.push('agentState.stateMaxMs must be at least one interval')
  const names = new Set(builtInKpis.map(({ name }) => name))
  for (const kpi of profile.kpis) {
    if (!KPI_NAME.test(kpi.name))
      problems.push(`kpis: ${kpi.name} is not a name: letters, digits and _, a small letter first, 64 at most`)
    if (names.has(kpi.name)) problems.push(`kpis: there are two KPIs named ${kpi.name}`)
    names.add(kpi.name)
    problems.push(...kpiProblems(kpi))
  }
  return problems
}

/** The service-level duration of a queue and media type by the profile alone. */
export const serviceLevelDurationMs = ({ serviceLevel }: Profile, queueId: string, mediaType: string): number =>
  own(serviceLevel.durationMsByQueue, queueId) ??
  own(serviceLevel.durationMsByMediaType, mediaType) ??
  serviceLevel.durationMs

/** The options of formulas by the profile alone. */
export const optionsOf = ({ serviceLevel, occupancyCountsNotResponding }: Profile): Options => ({
  includeFlowOuts: Number(serviceLevel.includeFlowOuts),
  includeAbandons: Number(serviceLevel.includeAbandons),
  includeShortAbandons: Number(serviceLevel.includeShortAbandons),
  countNotResponding: Number(occupancyCountsNotResponding),
})

/** Ids are foreign input: the id `constructor` must not find what every object inherits. */
const own = (durations: Readonly<Record<string, number>>, id: string): number | undefined =>
  Object.hasOwn(durations, id) ? durations[id] : undefined
