import { pause } from '../../../log/backoff.js'

/** When a sink publishes: as rows come, or once in each period of `ms`. */
export type Cadence = Readonly<{ kind: 'streaming' }> | Readonly<{ kind: 'every'; ms: number }>

/** The ends of the periods of one egress. */
export type Periods = Readonly<{
  /** Resolves at the end of a period, at once if one is due and not done, or when the signal aborts. */
  due: (signal: AbortSignal) => Promise<void>
  /** Everything of the period that was due is published. */
  done: () => void
}>

/** A timer runs on while the clock of the machine is set: the time is looked at again after this long. */
const LOOK_MS = 30_000

/**
 * Periods of the wall clock, aligned to the UTC epoch: `PT5M` ends at five past. The clock says when rows are
 * published, never what they hold.
 */
export const wallPeriods = (ms: number, now: () => number, wait: typeof pause = pause): Periods => {
  let end = nextEnd(ms, now())
  return {
    due: async (signal) => {
      for (let left = end - now(); left > 0 && !signal.aborted; left = end - now())
        await wait(Math.min(left, LOOK_MS), signal)
    },
    done: () => {
      end = nextEnd(ms, now())
    },
  }
}

const nextEnd = (ms: number, at: number): number => (Math.floor(at / ms) + 1) * ms
