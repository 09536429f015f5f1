import type { z } from 'zod'
import { z as zod } from 'zod'
import { isKeptOut } from '../../../log/kept-out.js'

/**
 * Problem details (RFC 9457). `detail` says what is wrong and how to mend it, `instance` where. `errors` are the parts
 * of a request that are wrong, each with its place.
 */
export const problemSchema = zod.object({
  type: zod.string().describe('urn:streamvane:problem:<code>; the code is stable'),
  title: zod.string(),
  status: zod.int(),
  detail: zod.string().describe('what is wrong, and how to mend it'),
  instance: zod.string().optional().describe('the path of the call'),
  errors: zod.array(zod.object({ at: zod.string(), message: zod.string() })).optional(),
})

export type Problem = Readonly<z.infer<typeof problemSchema>>

const titles = {
  'bad-request': 'the request cannot be read',
  unauthorized: 'no valid token',
  forbidden: 'the role does not allow this',
  'not-found': 'there is no such thing',
  'method-not-allowed': 'the method is not taken here',
  conflict: 'the present state does not allow this',
  'too-large': 'the request is too large',
  'not-valid': 'the input cannot be used',
  'idempotency-key-used': 'the idempotency key was used for another request',
  'too-many-requests': 'too many refused attempts',
  'too-many-jobs': 'as many jobs run as may',
  unexpected: 'an unexpected failure',
  'log-refused': 'the log refuses',
  'not-available': 'the log or another part is away',
  'too-slow': 'the answer took too long',
} as const

export type ProblemCode = keyof typeof titles

const statuses: Readonly<Record<ProblemCode, number>> = {
  ...{ 'bad-request': 400, unauthorized: 401, forbidden: 403, 'not-found': 404, 'method-not-allowed': 405 },
  ...{ conflict: 409, 'too-large': 413, 'not-valid': 422, 'idempotency-key-used': 422, 'too-many-requests': 429 },
  ...{ 'too-many-jobs': 429, unexpected: 500, 'log-refused': 500, 'not-available': 503, 'too-slow': 503 },
}

/** An error whose problem is told as it is. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ProblemCode,
    detail: string,
    more: Readonly<{ errors?: Problem['errors']; headers?: Readonly<Record<string, string>> }> = {},
  ) {
    super(detail)
    this.problem = problemWith(code, detail, more.errors)
    this.headers = more.headers ?? {}
  }
}

const problemWith = (code: ProblemCode, detail: string, errors?: Problem['errors']): Problem => ({
  ...{ type: `urn:streamvane:problem:${code}`, title: titles[code], status: statuses[code], detail },
  ...(errors === undefined ? {} : { errors }),
})

/**
 * Errors of the use cases whose message is for people, by name. Their classes are not imported: that would load most of
 * the program before the server listens.
 */
const known: Readonly<Record<string, ProblemCode>> = {
  ...{ UsageError: 'not-valid', ConfigError: 'not-valid', ClockRefused: 'not-valid', NotPublishable: 'not-valid' },
  ...{
    ContractRefused: 'not-valid',
    FeedRefused: 'not-valid',
    NoSuchTree: 'not-valid',
    NotProved: 'not-found',
    NothingSigned: 'not-found',
  },
  ...{ HistoryChanged: 'conflict', SealingSuperseded: 'conflict', HashesMissing: 'conflict' },
  ...{
    NoGeneration: 'not-found',
    UnknownGeneration: 'not-found',
    NothingPublished: 'not-found',
    NotExplained: 'not-found',
  },
  ...{ GenerationsChanged: 'conflict', LogLocked: 'conflict', RebuildRefused: 'conflict' },
  ...{ PromotionRefused: 'conflict', RetireRefused: 'conflict', VerifyRefused: 'conflict', RebuildStopped: 'conflict' },
  ...{ OperationNotRecorded: 'not-available', NoLog: 'not-available' },
  ...{ LogUnavailable: 'not-available', NotIngested: 'not-available', NotErased: 'not-available' },
  ...{ ReplayFailed: 'not-available', RebuildFailed: 'not-available', GaveUp: 'not-available' },
  ...{
    LogDamaged: 'log-refused',
    LogOfLaterVersion: 'log-refused',
    LogRefused: 'log-refused',
    RowOfUnknownSchema: 'log-refused',
  },
}

export const isExpectedProblem = (cause: unknown): boolean =>
  cause instanceof ProblemError || (cause instanceof Error && Object.hasOwn(known, cause.name)) || isKeptOut(cause)

/** The problem of an error. The words of an unexpected one stay in our log: they may quote what nobody should read. */
export const problemOf = (cause: unknown): Problem => {
  if (cause instanceof ProblemError) return cause.problem
  if (isKeptOut(cause))
    return problemWith('log-refused', 'the log does not let this process do that (docs/eventstoredb.md, Rights)')
  const code = cause instanceof Error && Object.hasOwn(known, cause.name) ? known[cause.name] : undefined
  if (!(cause instanceof Error) || code === undefined)
    return problemWith('unexpected', 'the call failed unexpectedly; the log of the process says why')
  return problemWith(code, cause.message)
}

/** The problem of input that does not fit its schema. */
export const notValid = ({ issues }: z.ZodError): ProblemError => {
  const errors = issues.map(({ path, message }) => ({ at: path.join('.') || '(whole)', message }))
  return new ProblemError('not-valid', errors.map(({ at, message }) => `${at}: ${message}`).join('; '), { errors })
}
