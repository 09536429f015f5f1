import type { EpochMs } from '../domain/interval.js'
import type { PointSource } from '../domain/profile.js'
import type { MediaType } from './roster/media.js'

export type SimulateOptions = Readonly<{
  /** Same options, same seed: the same bytes. */
  seed: number
  fromMs: EpochMs
  /** Arrivals stop after this time; conversations in progress then run to their end unless `cutAtEnd`. */
  hours: number
  queues: number
  agents: number
  /**
   * Conversations that arrive in the busiest hour of a day, all media. By default six for each agent, with which most
   * callers are answered in time.
   */
  callsPerHour?: number
  /** Organisation id in the EventBridge `source`; by default derived from the seed. */
  tenantOrg?: string
  /**
   * Metric records of conversations and flows, analytics detail events, or both of the same conversations. States of
   * agents are always emitted.
   */
  emit?: 'metric-records' | 'detail-events' | 'both'
  envelope?: 'eventbridge' | 'notification' | 'mixed'
  /** Share of events delivered a second time in another envelope, 0..1. */
  duplicates?: number
  /** Share of events delayed by up to two minutes, 0..1. */
  reorder?: number
  /** Share of events delayed by up to `maxMs`. */
  lateness?: Readonly<{ share: number; maxMs: number }>
  /** Share of after-call work that is submitted only after up to `maxMs`, long after the agent took the next call. */
  acwLate?: Readonly<{ share: number; maxMs: number }>
  /** The queue session ends up to so many milliseconds before the agent's connect. 0 makes both the same instant. */
  clockSkewMs?: number
  /**
   * Nothing that happens after `hours` is emitted or counted: conversations stay open, as at any moment of a live
   * centre.
   */
  cutAtEnd?: boolean
  /** Service-level duration by media type, where it differs from the default. */
  serviceLevelMs?: Readonly<Partial<Record<MediaType, number>>>
  /** Half-way, the first queue gets other service-level durations. */
  reconfigure?: boolean
  /** The sources whose truth is recorded, by default metric records. Each costs time and memory. */
  truthOf?: readonly PointSource[]
  /** Keep the conversations as the analytics API records them, all in memory. */
  details?: boolean
}>

export type ResolvedOptions = Required<Omit<SimulateOptions, 'callsPerHour' | 'tenantOrg'>> &
  Readonly<{
    callsPerHour: number
    tenantOrg: string | null
    endMs: EpochMs
    serviceLevelMs: Readonly<Record<MediaType, number>>
  }>

/** Default service-level durations: the usual "80 % in 20 seconds" for voice, more patience elsewhere. */
const serviceLevelMs: Readonly<Record<MediaType, number>> = {
  voice: 20_000,
  callback: 120_000,
  chat: 30_000,
  email: 3_600_000,
  message: 60_000,
}

/** Fills in defaults. Throws a RangeError that names the option if one is out of range. */
export const resolveOptions = (options: SimulateOptions): ResolvedOptions => {
  wholeAtLeast('seed', options.seed, 0)
  wholeAtLeast('fromMs', options.fromMs, 0)
  wholeAtLeast('queues', options.queues, 1)
  wholeAtLeast('agents', options.agents, 1)
  if (!(options.hours > 0)) throw new RangeError(`hours is ${options.hours}; it must be more than 0`)
  const callsPerHour = options.callsPerHour ?? options.agents * 6
  if (!(callsPerHour > 0)) throw new RangeError(`callsPerHour is ${callsPerHour}; it must be more than 0`)
  const lateness = options.lateness ?? { share: 0, maxMs: 0 }
  const acwLate = options.acwLate ?? { share: 0, maxMs: 0 }
  share('duplicates', options.duplicates ?? 0)
  share('reorder', options.reorder ?? 0)
  share('lateness.share', lateness.share)
  share('acwLate.share', acwLate.share)
  wholeAtLeast('lateness.maxMs', lateness.maxMs, 0)
  wholeAtLeast('acwLate.maxMs', acwLate.maxMs, 0)
  const clockSkewMs = options.clockSkewMs ?? 17
  wholeAtLeast('clockSkewMs', clockSkewMs, 0)
  if (clockSkewMs > 500) throw new RangeError(`clockSkewMs is ${clockSkewMs}; it must be at most 500`)
  return {
    ...options,
    callsPerHour,
    tenantOrg: options.tenantOrg ?? null,
    endMs: options.fromMs + Math.round(options.hours * 3_600_000),
    emit: options.emit ?? 'both',
    envelope: options.envelope ?? 'eventbridge',
    duplicates: options.duplicates ?? 0,
    reorder: options.reorder ?? 0,
    lateness,
    acwLate,
    clockSkewMs,
    cutAtEnd: options.cutAtEnd ?? false,
    serviceLevelMs: { ...serviceLevelMs, ...options.serviceLevelMs },
    reconfigure: options.reconfigure ?? false,
    truthOf: options.truthOf ?? ['metric-records'],
    details: options.details ?? false,
  }
}

const wholeAtLeast = (name: string, value: number, least: number): void => {
  if (!Number.isSafeInteger(value) || value < least)
    throw new RangeError(`${name} is ${value}; it must be a whole number of at least ${least}`)
}

const share = (name: string, value: number): void => {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name} is ${value}; it must be from 0 to 1`)
}
