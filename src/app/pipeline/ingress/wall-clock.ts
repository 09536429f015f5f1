import type { Logger } from 'pino'
import type { EpochMs } from '../../../domain/interval.js'
import { appendTick, frontierIn, wallTick, type WallTick } from '../../../ingress/clock.js'
import { NotIngested } from '../../../ingress/not-ingested.js'
import { LogUnavailable, type EventLog } from '../../../log/event-log.js'
import type { Activity } from '../activity.js'
import type { PauseGate } from '../pause-gate.js'

export type WallClockOptions = Readonly<{
  raw: EventLog
  tenant: string
  everyMs: number
  /** A tick further than this beyond the last tick and the latest event is held. */
  jumpMaxMs: number
  /** While it is closed the clock stands still. */
  gate: PauseGate
  now: () => number
  logger: Logger
  /** The log will never take a tick, so the clock would stand still for ever. */
  onRefused: (cause: unknown) => void
  /** Learns whether the log takes ticks and whether the clock is held, for health. */
  activity: Activity
  /** The clock cannot tick, or ticks again (`undefined`). */
  onHeld?: ((held: HeldClock | undefined) => void) | undefined
}>

/** Why the clock does not tick: `held` or `frontier-ahead`, see `wallTick`. */
export type HeldClock = Extract<WallTick, { aheadMs: number }>

export type WallClock = Readonly<{
  /** An event of this instant was stored: it shows that time has come so far. */
  seen: (latest: EpochMs | undefined) => void
  stop: () => void
}>

/**
 * Appends a tick at whole steps of the machine's time, one at a time, until it is stopped. While the log is out of
 * reach no tick is appended; when it is back, the step that is due by then is, and those in between are left out,
 * because a later tick implies them.
 */
export const startWallClock = (options: WallClockOptions): WallClock => {
  const { raw, tenant, everyMs, jumpMaxMs, gate, now, logger, activity, onRefused, onHeld } = options
  let frontier: EpochMs | undefined
  let latest: EpochMs | undefined
  let knowsFrontier = false
  let isTicking = false
  let isHeldUp = false
  let held: HeldClock | undefined
  activity.watch('clock-held', () => held !== undefined)
  const report = (next: HeldClock | undefined): void => {
    if (next?.kind !== held?.kind) {
      const times = { lastTick: iso(frontier), latestEvent: iso(latest), jumpMaxMs }
      if (next === undefined) logger.info(times, 'clock: ticks again, the times agree')
      else logger.error({ machine: iso(next.at), aheadMs: next.aheadMs, ...times }, `clock: ${heldWords[next.kind]}`)
    }
    held = next
    onHeld?.(next)
  }
  const tick = async (): Promise<void> => {
    const machine = now()
    if (isTicking || !gate.isOpen) return
    isTicking = true
    try {
      if (!knowsFrontier) {
        frontier = await frontierIn(raw, tenant)
        knowsFrontier = true
      }
      const due = wallTick(machine, { everyMs, jumpMaxMs, frontier, latest })
      if (due.kind === 'held' || due.kind === 'frontier-ahead') report(due)
      else if (held !== undefined) report(undefined)
      // Another process may tick the clock of a log on a server, or take it back.
      if (held !== undefined) knowsFrontier = false
      if (due.kind !== 'tick') return
      await gate.track(appendTick(raw, tenant, due.at))
      frontier = due.at
      if (isHeldUp) logger.info({ at: due.at }, 'clock: ticks again')
      isHeldUp = false
      activity.back('log-unavailable')
    } catch (cause) {
      if (!(cause instanceof NotIngested && cause.retryable) && !isUnavailable(cause)) onRefused(cause)
      else if (!isHeldUp)
        logger.warn({ err: cause }, 'clock: the log is not available, the tick is tried again until it is')
      isHeldUp = true
      activity.lost('log-unavailable')
    } finally {
      isTicking = false
    }
  }
  const timer = setInterval(() => void tick(), Math.min(everyMs, 1_000))
  return {
    seen: (at) => {
      if (at !== undefined) latest = Math.max(latest ?? at, at)
    },
    stop: () => clearInterval(timer),
  }
}

const heldWords: Readonly<Record<HeldClock['kind'], string>> = {
  held: "held, because the machine's time has jumped beyond the last tick and all events. Set the machine's clock right. If it is right, the clock ticks again with the next event of that time, or after `streamvane clock tick`",
  'frontier-ahead':
    "the last tick lies beyond the machine's time, so events are too late until time has caught up. If the tick was wrong, stop this process and run `streamvane clock take-back`",
}

const isUnavailable = (cause: unknown): boolean => cause instanceof LogUnavailable
const iso = (at: EpochMs | undefined): string | undefined => (at === undefined ? undefined : new Date(at).toISOString())
