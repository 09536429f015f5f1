import { CommanderError } from 'commander'
import type { StageEnd } from '../../app/pipeline/stage.js'
import type { NotIngested } from '../../ingress/not-ingested.js'
import { isKeptOut } from '../../log/kept-out.js'

/** Exit codes, documented in README.md and in `streamvane --help`. */
export const EXIT = {
  ok: 0,
  /** An unexpected error; the message is in the log on stderr. */
  failed: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** Another instance took over, or holds the log. */
  superseded: 3,
  /** The destination or the log refuses the input. */
  refused: 4,
  /** The command finished and found differences, or input that cannot be used. */
  differences: 5,
} as const

/** Wrong usage: reported in one line, without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * Errors whose message is all that a person needs, with the exit code of each. They are known by name: importing the
 * classes would load most of the program before the help is printed.
 */
const expected: Readonly<Record<string, number>> = {
  UsageError: EXIT.usage,
  ConfigError: EXIT.usage,
  NoGeneration: EXIT.usage,
  UnknownGeneration: EXIT.usage,
  UnknownZone: EXIT.usage,
  ClockRefused: EXIT.usage,
  ContractRefused: EXIT.usage,
  FeedRefused: EXIT.refused,
  NotConfirmed: EXIT.differences,
  GenesysUnavailable: EXIT.failed,
  GenesysRefused: EXIT.refused,
  GenesysStopped: EXIT.differences,
  LogLocked: EXIT.superseded,
  SealingSuperseded: EXIT.superseded,
  NoSuchTree: EXIT.usage,
  NothingSigned: EXIT.usage,
  NotProved: EXIT.usage,
  HashesMissing: EXIT.refused,
  LogDamaged: EXIT.refused,
  LogOfLaterVersion: EXIT.refused,
  RowOfUnknownSchema: EXIT.refused,
  TopicsRefused: EXIT.refused,
  TopicsFailed: EXIT.failed,
  SchemasRefused: EXIT.refused,
  SchemasFailed: EXIT.failed,
  RebuildFailed: EXIT.failed,
  RebuildRefused: EXIT.refused,
  RebuildStopped: EXIT.differences,
  PromotionRefused: EXIT.refused,
  ProfilePromotionRefused: EXIT.refused,
  RetireRefused: EXIT.refused,
  LogRefused: EXIT.refused,
  GenerationsChanged: EXIT.superseded,
  ReplayFailed: EXIT.failed,
  ReplayRefused: EXIT.refused,
  VerifyRefused: EXIT.refused,
  SecretUnreadable: EXIT.refused,
  LogUnavailable: EXIT.failed,
  NotIngested: EXIT.failed,
  OperationNotRecorded: EXIT.failed,
  GaveUp: EXIT.failed,
}

export const exitCodeOf = (cause: unknown): number => {
  // Commander reports help and versions as an error too, with code 0.
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (isExpected(cause) && cause.name === 'OperationNotRecorded' && isExpected(cause.cause))
    return exitCodeOf(cause.cause)
  if ((isNotIngested(cause) && !cause.retryable) || isKeptOut(cause)) return EXIT.refused
  return isExpected(cause) ? (expected[cause.name] ?? EXIT.failed) : EXIT.failed
}

export const isExpected = (cause: unknown): cause is Error =>
  cause instanceof Error && Object.hasOwn(expected, cause.name)

/**
 * What to print of an error on stderr: the message of an expected one, all of another. Commander has printed its own
 * errors already.
 */
export const wordsOf = (cause: unknown): unknown => {
  if (cause instanceof CommanderError) return undefined
  if (!isExpected(cause)) return cause
  if (isNotIngested(cause)) return `${cause.message}: ${cause.reason}`
  return isKeptOut(cause)
    ? `${cause.message}. Give the name and password of a user who may (log.eventstoredb.username and password; docs/eventstoredb.md, Rights)`
    : cause.message
}

const isNotIngested = (cause: unknown): cause is NotIngested => isExpected(cause) && cause.name === 'NotIngested'

/** The exit code and message of a finished run. */
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
