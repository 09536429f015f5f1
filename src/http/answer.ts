import type { NotIngested } from '../ingress/not-ingested.js'
import type { Receipt } from '../ingress/receipt.js'

/**
 * An answer to the sender. Every body that is not a success begins with `error`, a stable code, and `detail`, a
 * sentence that says what is wrong and what to do.
 */
export type Answer = Readonly<{
  status: number
  headers: Readonly<Record<string, string>>
  body: Readonly<Record<string, unknown>>
}>

export const refusal = (
  status: number,
  error: string,
  detail: string,
  more: Readonly<{ headers?: Readonly<Record<string, string>>; body?: Readonly<Record<string, unknown>> }> = {},
): Answer => ({ status, headers: more.headers ?? {}, body: { error, detail, ...more.body } })

/** Seconds after which a refused sender may try again. */
const RETRY_AFTER = { 'retry-after': '1' }

export const busy = (detail: string): Answer => refusal(503, 'busy', detail, { headers: RETRY_AFTER })

export const draining: Answer = refusal(
  503,
  'shutting-down',
  'this process is stopping and takes nothing more in; send it again, to another or later',
  {
    headers: { ...RETRY_AFTER, connection: 'close' },
  },
)

/** A failure that may pass by itself is 503 with `Retry-After`; one that an operator has to mend is 500. */
export const logFailure = ({ message, retryable }: NotIngested): Answer =>
  retryable
    ? refusal(503, 'log-not-available', message, { headers: RETRY_AFTER })
    : refusal(500, 'log-refused', message)

/**
 * The counts of a request whose events are durable. Dead letters beside usable events are part of a success; a request
 * without a usable event is the sender's mistake.
 */
export const receiptAnswer = ({ latest: _, ...counts }: Receipt): Answer => {
  const { stored, duplicate, deadLettered, problems } = counts
  const [first] = problems
  // A confirmation that an operator has to give is not a mistake of the sender.
  const isForOperators = problems.every(({ reason }) => reason === 'confirmation-needed')
  if (stored + duplicate > 0 || deadLettered === 0 || first === undefined || isForOperators)
    return { status: 200, headers: {}, body: counts }
  const error = problems.every(({ reason }) => reason === first.reason) ? first.reason : 'nothing-usable'
  const what =
    deadLettered === 1 ? first.detail : `none of ${deadLettered} events could be used; the first: ${first.detail}`
  return refusal(error === 'malformed-json' ? 400 : 422, error, `${what}. Stored as dead letters`, {
    body: counts,
  })
}
