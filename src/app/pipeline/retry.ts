import type { Logger } from 'pino'
import { backoffMs, pause, type Backoff } from '../../log/backoff.js'
import { LogUnavailable } from '../../log/event-log.js'
import type { Activity, Trouble } from './activity.js'
import type { PauseGate } from './pause-gate.js'
import { permanentReason } from './permanent.js'

/**
 * An attempt that came to nothing for a reason that passes. `isDestination`: the sink is not connected. `retryAfterMs`:
 * the pause is to be that long at least.
 */
export type Lost = Readonly<{ kind: 'lost'; cause: unknown; isDestination?: true; retryAfterMs?: number }>
/** The next attempt begins at once. */
export type Again = Readonly<{ kind: 'again' }>

type Refused = Readonly<{ kind: 'refused'; reason: string }>

export type RetryOptions = Readonly<{
  /** What is tried, as the log names it. */
  what: string
  backoff: Backoff & Readonly<{ giveUpAfterMs?: number | undefined }>
  /** From 0 to 1: the part of each pause that is left to chance (see `backoffMs`). Default `Math.random`. */
  random?: (() => number) | undefined
  signal: AbortSignal
  /** While it is closed no attempt begins. */
  gate?: PauseGate | undefined
  /** Learns what is lost and what is back, for health. */
  activity?: Activity | undefined
  logger: Logger
  now: () => number
}>

/** It was lost for longer than `giveUpAfterMs`. */
export class GaveUp extends Error {
  override readonly name = 'GaveUp'
}

/**
 * Attempts, with growing pauses while they are lost, until one ends or the signal aborts. An attempt that throws
 * `LogUnavailable` is lost; one that throws what no attempt can mend is refused. It calls `works` whenever it has got
 * what it needs: then the pauses begin small again. The log has one line when the work is lost and one when it is back;
 * further attempts are told at level debug. Throws `GaveUp` where a limit is given and nothing worked for that long.
 */
export const retrying = async <End extends Readonly<{ kind: string }>>(
  { what, backoff, random, signal, gate, activity, logger, now }: RetryOptions,
  attempt: (works: () => void) => Promise<End | Lost | Again>,
): Promise<End | Refused | Readonly<{ kind: 'stopped' }>> => {
  let attempts = 0
  let lostSince: number | undefined
  const works = (): void => {
    attempts = 0
    if (lostSince === undefined) return
    logger.info({ since: iso(lostSince), lostMs: now() - lostSince }, `${what}: back`)
    lostSince = undefined
    for (const trouble of lostTroubles) activity?.back(trouble)
  }
  while (!signal.aborted) {
    await gate?.step(signal, () => Promise.resolve())
    if (signal.aborted) break
    const end = await attempt(works).catch((cause: unknown): Lost | Refused => endOfThrown(cause, signal))
    if (isAgain(end)) continue
    if (!isLost(end)) return end
    if (signal.aborted) break // what broke off because of it is no news
    const delayMs = Math.max(backoffMs(backoff, attempts++, random), end.retryAfterMs ?? 0)
    const details = { err: end.cause, delayMs, attempt: attempts }
    if (lostSince === undefined) logger.warn(details, `${what}: lost, trying again until it is back`)
    else logger.debug(details, `${what}: still lost`)
    lostSince ??= now()
    activity?.lost(troubleOf(end))
    if (backoff.giveUpAfterMs !== undefined && now() - lostSince >= backoff.giveUpAfterMs)
      throw new GaveUp(`${what}: given up after ${now() - lostSince} ms: ${wordsOf(end.cause)}`, { cause: end.cause })
    await pause(delayMs, signal)
  }
  return { kind: 'stopped' }
}

const endOfThrown = (cause: unknown, signal: AbortSignal): Lost | Refused => {
  const reason = permanentReason(cause)
  if (reason !== undefined) return { kind: 'refused', reason }
  if (cause instanceof LogUnavailable || signal.aborted) return { kind: 'lost', cause }
  throw cause
}

const lostTroubles = ['log-unavailable', 'destination-unreachable'] as const

/** A sink tells that it is not connected by a value, never by `LogUnavailable`. */
const troubleOf = ({ cause, isDestination }: Lost): Trouble =>
  isDestination === true && !(cause instanceof LogUnavailable) ? 'destination-unreachable' : 'log-unavailable'

const isAgain = (end: Readonly<{ kind: string }>): end is Again => end.kind === 'again'
const isLost = (end: Readonly<{ kind: string }>): end is Lost => end.kind === 'lost'

const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const iso = (at: number): string => new Date(at).toISOString()
