import { DAY_MS, HOUR_MS, MINUTE_MS } from './interval.js'
import type { ServiceLevelOptions } from './kpi.js'

/** Where metric points come from. One of them: both together would count everything twice. */
export type PointSource = 'metric-records' | 'detail-events'

/**
 * The versioned definition of the KPIs: a generation computes all of history by one profile. What Genesys leaves open is an option here, with our
 * assumption as its default.
 */
export type Profile = Readonly<{
  id: string
  version: number
  points: PointSource
  intervalMs: number
  /** How long after its end an interval stays open for stragglers before its rows are final. */
  graceMs: number
  serviceLevel: ServiceLevelOptions &
    Readonly<{
      /** Waits longer than this are over the service level (strictly longer: an assumption). Only for points from detail events; metric records bring nOverSla. */
      durationMs: number
      /** By media type, where it differs. */
      durationMsByMediaType: Readonly<Record<string, number>>
      /** By queue, where it differs; wins over the media type. */
      durationMsByQueue: Readonly<Record<string, number>>
    }>
  /** Assumptions by which detail events become metric points. */
  correlation: Readonly<{
    /** How long a session that ended waits for its after-call work before it counts as handled without any. */
    acwHorizonMs: number
    /** How long a session is remembered for a later after-call work to restate its handle time. */
    restateHorizonMs: number
    /** Disconnect types that mark an alert as ended by the other side rather than missed by the agent. */
    alertEndedByOther: readonly string[]
    /** Disconnect types that count as a transfer by the agent who was talking. */
    transfers: readonly string[]
  }>
  agentState: Readonly<{
    /** A state is believed for at most this long, so that an agent who never came back does not fill every interval for ever. */
    stateMaxMs: number
  }>
}>

export const defaultProfile: Profile = {
  id: 'default',
  version: 1,
  points: 'metric-records',
  intervalMs: 15 * MINUTE_MS,
  graceMs: 5 * MINUTE_MS,
  serviceLevel: {
    includeFlowOuts: false,
    includeAbandons: true,
    durationMs: 20_000,
    // An assumption, until the settings of the queues themselves are in the log.
    durationMsByMediaType: { callback: 2 * MINUTE_MS, chat: MINUTE_MS / 2, email: HOUR_MS, message: MINUTE_MS },
    durationMsByQueue: {},
  },
  correlation: {
    acwHorizonMs: HOUR_MS,
    restateHorizonMs: 7 * DAY_MS,
    alertEndedByOther: ['PEER', 'ENDPOINT', 'CLIENT'],
    transfers: ['TRANSFER', 'CONSULT_TRANSFER', 'CONFERENCE_TRANSFER', 'FORWARD_TRANSFER'],
  },
  agentState: { stateMaxMs: 3 * DAY_MS },
}

/** What is wrong with a profile, in sentences; empty if nothing is. */
export const profileProblems = (profile: Profile): readonly string[] => {
  const problems: string[] = []
  if (![15, 30, 60].some((minutes) => profile.intervalMs === minutes * MINUTE_MS))
    problems.push(`intervalMs is ${profile.intervalMs}; it must be 15, 30 or 60 minutes (900000, 1800000, 3600000)`)
  if (profile.graceMs < 0) problems.push(`graceMs is ${profile.graceMs}; it must not be negative`)
  if (profile.correlation.restateHorizonMs < profile.correlation.acwHorizonMs)
    problems.push('correlation.restateHorizonMs must not be shorter than correlation.acwHorizonMs')
  if (profile.agentState.stateMaxMs < profile.intervalMs) problems.push('agentState.stateMaxMs must be at least one interval')
  return problems
}

/** The service-level duration of a queue and media type. */
export const serviceLevelDurationMs = ({ serviceLevel }: Profile, queueId: string, mediaType: string): number =>
  own(serviceLevel.durationMsByQueue, queueId) ?? own(serviceLevel.durationMsByMediaType, mediaType) ?? serviceLevel.durationMs

/** Ids come from outside: one that is called `constructor` must not find what every object inherits. */
const own = (durations: Readonly<Record<string, number>>, id: string): number | undefined =>
  Object.hasOwn(durations, id) ? durations[id] : undefined
