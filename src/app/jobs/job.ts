import type { EpochMs } from '../../domain/interval.js'

/**
 * *running* until its work ends or it is told to stop; *cancelling* from then until the work has stopped. An ended job
 * is *done*, *failed*, *cancelled*, or *interrupted*: the process that ran it is gone.
 */
export type JobState = 'running' | 'cancelling' | 'done' | 'failed' | 'cancelled' | 'interrupted'

/** How far a job has come, in the unit of its operation. `of` is missing where the end is not known. */
export type Step = Readonly<{ done: number; of?: number | undefined; unit: string }>

export type JobProgress = Readonly<{
  done: number
  of: number | null
  unit: string
  /** Units a second since the job began. */
  ratePerS: number
  /** Seconds until it is done, at that rate. */
  leftS: number | null
}>

/** A job as it is shown. Instants are ISO 8601 in UTC. */
export type JobView = Readonly<{
  id: string
  operation: string
  tenant: string
  /** Who started it. */
  by: string
  state: JobState
  startedAt: string
  endedAt: string | null
  progress: JobProgress | null
  /** What the work returned; only of a job that is done. */
  result?: unknown
  /** Why it failed, or why its result is missing. */
  problem?: unknown
}>

/** Progress with rate and time left. */
export const progressOf = ({ done, of, unit }: Step, elapsedMs: number): JobProgress => {
  const ratePerS = elapsedMs > 0 ? (done / elapsedMs) * 1_000 : 0
  return {
    done,
    of: of ?? null,
    unit,
    ratePerS: Math.round(ratePerS * 10) / 10,
    leftS: of === undefined || ratePerS === 0 ? null : Math.max(0, Math.round((of - done) / ratePerS)),
  }
}

export const isoOf = (at: EpochMs): string => new Date(at).toISOString()
