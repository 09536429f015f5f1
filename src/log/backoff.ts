import { setTimeout as sleep } from 'node:timers/promises'

export type Backoff = Readonly<{ firstMs: number; maxMs: number }>

/**
 * How long to wait before the next attempt: the delay doubles up to `maxMs`, and half of it is random so that many
 * instances do not return at the same moment.
 */
export const backoffMs = ({ firstMs, maxMs }: Backoff, attempt: number, random: () => number = Math.random): number =>
  Math.round(Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30)) * (0.5 + random() / 2))

/** Waits, or returns at once when the signal aborts. */
export const pause = async (delayMs: number, signal: AbortSignal): Promise<void> => {
  try {
    await sleep(delayMs, undefined, { signal })
  } catch {
    // Aborted: the caller checks the signal.
  }
}
