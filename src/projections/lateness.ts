import { intervalStart, type EpochMs } from '../domain/interval.js'
import type { Profile } from '../domain/profile.js'

/** Why a fact was not counted. Reason and words go into the dead letter. */
export type Refusal = Readonly<{ reason: 'too-late' | 'contradictory'; detail: string }>

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
    detail: `it happened at ${happened}, and intervals are closed through ${closed}: that is more than lateHorizonMs (${lateHorizonMs}) ago; \`streamvane rebuild\` takes it in`,
  }
}
