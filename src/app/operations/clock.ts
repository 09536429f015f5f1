import type { EpochMs } from '../../domain/interval.js'
import { appendTakeBack, appendTick, readClock } from '../../ingress/clock.js'
import type { EventLog } from '../../log/event-log.js'

/** A gap between two ticks that is longer than the clock allows without evidence. */
export type ClockJump = Readonly<{ from: EpochMs; to: EpochMs; revision: number }>

/** The state of a raw log's clock. */
export type ClockReport = Readonly<{
  /** How far the clock has come; `undefined` before the first tick. */
  frontier: EpochMs | undefined
  ticks: number
  takeBacks: number
  /** Revision of the last event of the clock stream, -1 for none. */
  revision: number
  /** Jumps that were not taken back. */
  jumps: readonly ClockJump[]
  /** The last tick in force that is not in the future. It is what a wrong clock is taken back to. */
  lastNotAfterNow: EpochMs | undefined
}>

/** An operation on the clock that makes no sense. The message says why. */
export class ClockRefused extends Error {
  override readonly name = 'ClockRefused'
}

/** Reads the whole clock stream. `now` is the time of a clock that is right. */
export const clockReport = async (
  raw: EventLog,
  tenant: string,
  { now, jumpMaxMs }: Readonly<{ now: EpochMs; jumpMaxMs: number }>,
): Promise<ClockReport> => {
  let [ticks, takeBacks, revision] = [0, 0, -1]
  let frontier: EpochMs | undefined
  let lastNotAfterNow: EpochMs | undefined
  let jumps: ClockJump[] = []
  for await (const event of readClock(raw, tenant)) {
    revision = event.revision
    const { kind, at } = event
    if (kind === 'take-back') {
      takeBacks += 1
      if (frontier === undefined || at >= frontier) continue
      jumps = jumps.filter(({ to }) => to <= at)
      if (lastNotAfterNow !== undefined) lastNotAfterNow = Math.min(lastNotAfterNow, at)
      frontier = at
      continue
    }
    ticks += 1
    if (frontier !== undefined && at <= frontier) continue
    if (frontier !== undefined && at - frontier > jumpMaxMs) jumps.push({ from: frontier, to: at, revision })
    if (at <= now) lastNotAfterNow = at
    frontier = at
  }
  return { frontier, ticks, takeBacks, revision, jumps, lastNotAfterNow }
}

/**
 * Takes the clock back to `to`, by default to the last tick that is not in the future. Returns where it was and where
 * it is. Throws `ClockRefused` if there is nothing to take back, `NotIngested` if the log refuses.
 */
export const takeClockBack = async (
  raw: EventLog,
  tenant: string,
  {
    to,
    now,
    jumpMaxMs,
    dryRun,
  }: Readonly<{ to: EpochMs | undefined; now: EpochMs; jumpMaxMs: number; dryRun: boolean }>,
): Promise<Readonly<{ from: EpochMs; to: EpochMs }>> => {
  const { frontier, revision, lastNotAfterNow } = await clockReport(raw, tenant, { now, jumpMaxMs })
  if (frontier === undefined) throw new ClockRefused('the clock has never ticked: there is nothing to take back')
  const target = to ?? (frontier > now ? lastNotAfterNow : undefined)
  if (target === undefined)
    throw new ClockRefused(
      frontier > now
        ? `no tick lies before now: say with --to how far time had really come`
        : `the clock stands at ${iso(frontier)}, which is not in the future: say with --to how far time had really come`,
    )
  if (target >= frontier)
    throw new ClockRefused(`the clock stands at ${iso(frontier)}, which is not after ${iso(target)}`)
  if (!dryRun) await appendTakeBack(raw, tenant, target, revision)
  return { from: frontier, to: target }
}

/** Ticks the clock by hand. Throws `ClockRefused` if it has come as far already, `NotIngested` if the log refuses. */
export const tickClock = async (
  raw: EventLog,
  tenant: string,
  { at, now, jumpMaxMs, dryRun }: Readonly<{ at: EpochMs; now: EpochMs; jumpMaxMs: number; dryRun: boolean }>,
): Promise<Readonly<{ from: EpochMs | undefined; to: EpochMs }>> => {
  const { frontier } = await clockReport(raw, tenant, { now, jumpMaxMs })
  if (at > now)
    throw new ClockRefused(`${iso(at)} is in the future: a tick says that all events before it are here, or are late`)
  if (frontier !== undefined && at <= frontier) throw new ClockRefused(`the clock stands at ${iso(frontier)} already`)
  if (!dryRun) await appendTick(raw, tenant, at)
  return { from: frontier, to: at }
}

const iso = (at: EpochMs): string => new Date(at).toISOString()
