import { backoffMs, pause } from './backoff.js'
import type { Backoff } from './backoff.js'
import { LogLocked } from './event-log.js'
import type { EventLog } from './event-log.js'

export type WhenFree = Readonly<{
  backoff: Backoff
  /** How long to wait for the other process in all; 0 tries once. */
  waitMaxMs: number
  signal?: AbortSignal | undefined
}>

/**
 * Opens a log for writing that another process may still hold: tries again until it is free.
 *
 * @throws LogLocked if it is not free after `waitMaxMs`, or when the signal aborts.
 */
export const whenFree = async (
  open: () => Promise<EventLog>,
  { backoff, waitMaxMs, signal = new AbortController().signal }: WhenFree,
): Promise<EventLog> => {
  let waitedMs = 0
  for (let attempt = 0; ; attempt++) {
    try {
      return await open()
    } catch (cause) {
      if (!(cause instanceof LogLocked) || waitedMs >= waitMaxMs || signal.aborted) throw cause
      const delayMs = backoffMs(backoff, attempt)
      await pause(delayMs, signal)
      waitedMs += delayMs
    }
  }
}
