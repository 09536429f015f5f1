import type { Logger } from 'pino'
import { appendTick } from '../../../ingress/clock.js'
import { NotIngested } from '../../../ingress/not-ingested.js'
import type { EventLog } from '../../../log/event-log.js'
import type { PauseGate } from '../pause-gate.js'

export type WallClockOptions = Readonly<{
  raw: EventLog
  tenant: string
  everyMs: number
  /** While it is closed the clock stands still. */
  gate: PauseGate
  now: () => number
  logger: Logger
  /** The log will never take a tick, so the clock would stand still for ever. */
  onRefused: (cause: unknown) => void
}>

/**
 * Appends a tick at whole steps of the machine's time, one at a time, until it is stopped. While the log is out of
 * reach no tick is appended; when it is back, the step that is due by then is, and those in between are left out: a
 * later tick says all that they say.
 */
export const startWallClock = (options: WallClockOptions): (() => void) => {
  const { raw, tenant, everyMs, gate, now, logger, onRefused } = options
  let last: number | undefined
  let isTicking = false
  let isHeldUp = false
  const tick = async (): Promise<void> => {
    const at = Math.floor(now() / everyMs) * everyMs
    if (isTicking || !gate.isOpen || at === last) return
    isTicking = true
    try {
      await gate.track(appendTick(raw, tenant, at))
      last = at
      if (isHeldUp) logger.info({ at }, 'clock: ticks again')
      isHeldUp = false
    } catch (cause) {
      if (!(cause instanceof NotIngested && cause.retryable)) onRefused(cause)
      else if (!isHeldUp)
        logger.warn({ err: cause }, 'clock: the log is not available, the tick is tried again until it is')
      isHeldUp = true
    } finally {
      isTicking = false
    }
  }
  const timer = setInterval(() => void tick(), Math.min(everyMs, 1_000))
  return () => clearInterval(timer)
}
