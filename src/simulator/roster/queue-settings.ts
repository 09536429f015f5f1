import { DAY_MS, type EpochMs } from '../../domain/interval.js'
import { mediaTypes, type MediaType } from './media.js'
import type { ResolvedOptions } from '../options.js'

/**
 * Service-level settings of a queue, in force from `from` on: durations in ms by media type, and the share that is to
 * be answered within.
 */
export type QueueSettings = Readonly<{
  from: EpochMs
  serviceLevelMs: Readonly<Record<MediaType, number>>
  target: number
}>

type Configured = Readonly<{ id: string; settings: readonly QueueSettings[] }>

/**
 * The settings of a queue over time. They had been made a month before; the first queue's change half-way if that is
 * asked for.
 */
export const settingsOf = (options: ResolvedOptions, queueIndex: number): readonly QueueSettings[] => {
  const { fromMs, endMs, serviceLevelMs, reconfigure } = options
  const first: QueueSettings = { from: Math.max(0, fromMs - 30 * DAY_MS), serviceLevelMs, target: 0.8 }
  if (!reconfigure || queueIndex !== 0) return [first]
  const quicker = Object.fromEntries(
    mediaTypes.map((media) => [media, Math.max(1_000, Math.round(serviceLevelMs[media] / 4))]),
  )
  // Not at an interval edge: real settings change at any time.
  const from = Math.floor(fromMs + (endMs - fromMs) / 2) + 451_007
  return [first, { from, serviceLevelMs: quicker as Record<MediaType, number>, target: 0.9 }]
}

/** The service-level duration in force at an instant, ms. */
export const serviceLevelMsAt = (queue: Configured, mediaType: MediaType, at: EpochMs): number =>
  inForceAt(queue, at).serviceLevelMs[mediaType]

/** The settings in force at an instant. */
export const inForceAt = (queue: Configured, at: EpochMs): QueueSettings => {
  const inForce = queue.settings.findLast(({ from }) => from <= at) ?? queue.settings[0]
  if (inForce === undefined) throw new Error(`queue ${queue.id} has no settings`)
  return inForce
}
