import { CommanderError } from 'commander'
import { ConfigError } from '../app/config/schema.js'
import { NoGeneration } from '../app/operations/replay.js'
import type { StageEnd } from '../app/pipeline/stage.js'
import { NotIngested } from '../ingress/not-ingested.js'
import { LogLocked } from '../log/event-log.js'

/** Exit codes, documented in README.md and in `streamvane --help`. */
export const EXIT = {
  ok: 0,
  /** Something nobody expected; the message is in the log on stderr. */
  failed: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** Another instance took over, or holds the log. */
  superseded: 3,
  /** The destination or the log refuses what it is given. */
  refused: 4,
  /** The command did its work and found differences, or input that cannot be used. */
  differences: 5,
} as const

/** A mistake of the one who called: said in one line, without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const exitCodeOf = (cause: unknown): number => {
  // Commander ends help and versions with an error too, of code 0.
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (cause instanceof ConfigError || cause instanceof UsageError || cause instanceof NoGeneration) return EXIT.usage
  if (cause instanceof LogLocked) return EXIT.superseded
  return EXIT.failed
}

/** Errors whose message says all there is to say. */
export const isExpected = (cause: unknown): boolean =>
  exitCodeOf(cause) !== EXIT.failed ||
  (cause instanceof Error && ['RebuildFailed', 'ReplayFailed', 'LogUnavailable', 'NotIngested'].includes(cause.name))

/**
 * What to print of an error on stderr: its message, or all of it where nobody expected it. Commander has said already
 * what it had to say.
 */
export const wordsOf = (cause: unknown): unknown => {
  if (cause instanceof CommanderError) return undefined
  if (cause instanceof NotIngested) return `${cause.message}: ${cause.reason}`
  return isExpected(cause) ? (cause as Error).message : cause
}

/** Says how a run ended, for the exit code and for people. */
export const outcomeOf = (end: StageEnd): Readonly<{ code: number; message: string }> => {
  switch (end.kind) {
    case 'stopped':
      return { code: EXIT.ok, message: 'stopped' }
    case 'caught-up':
      return { code: EXIT.ok, message: 'everything the log holds is worked off' }
    case 'superseded':
      return { code: EXIT.superseded, message: `another instance took over: ${end.by}` }
    case 'refused':
      return { code: EXIT.refused, message: end.reason }
    case 'failed':
      return {
        code: exitCodeOf(end.cause),
        message: end.cause instanceof Error ? end.cause.message : String(end.cause),
      }
  }
}
