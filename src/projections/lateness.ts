import { intervalStart, type EpochMs } from '../domain/interval.js'
import type { Profile } from '../domain/profile.js'

/** Why a fact was not counted. Reason and words go into the dead letter. */
export type Refusal =
  | Readonly<{ reason: 'too-early' | 'contradictory'; detail: string }>
  /** `at`: when it happened. */
  | Readonly<{ reason: 'too-late'; detail: string; at: EpochMs }>

/** Refuses what happened in a base interval that has been closed for longer than the late horizon. */
export const tooLate = (
  at: EpochMs,
  closedThrough: EpochMs | null,
  { intervalMs, lateHorizonMs }: Profile,
): Refusal | undefined => {
  if (closedThrough === null || intervalStart(at, intervalMs) + intervalMs + lateHorizonMs > closedThrough)
    return undefined
  const [happened, closed] = [at, closedThrough].map((instant) => new Date(instant).toISOString())
  return {
    reason: 'too-late',
    at,
    detail: `it happened at ${happened}, and intervals are closed through ${closed}: that is more than lateHorizonMs (${lateHorizonMs}) ago; \`streamvane rebuild\` takes it in`,
  }
}

/**
 * Refuses what is stamped further ahead of its receipt than clocks differ. That is a function of the raw event alone,
 * so the same events are refused in every order and by every rebuild with the same profile.
 */
export const tooEarly = (
  at: EpochMs,
  receivedAt: EpochMs | undefined,
  { aheadMaxMs }: Profile,
): Refusal | undefined => {
  if (receivedAt === undefined || !(at > receivedAt + aheadMaxMs)) return undefined
  const [happened, received] = [at, receivedAt].map((instant) => new Date(instant).toISOString())
  return {
    reason: 'too-early',
    detail: `it is stamped ${happened} and was received at ${received}: that is more than aheadMaxMs (${aheadMaxMs}) ahead; if the stamp is right, a profile with a greater aheadMaxMs and \`streamvane rebuild\` take it in`,
  }
}
