import type { AppendFailure } from '../log/event-log.js'
import { isKeptOut } from '../log/kept-out.js'

/**
 * The log did not take a batch. Nothing was acknowledged, and delivering it again is safe. `message` is for the sender,
 * `reason` for operators.
 */
export class NotIngested extends Error {
  override readonly name = 'NotIngested'
  /** The failure may pass by itself: delivering the same batch again can succeed. Otherwise an operator has to act. */
  readonly retryable: boolean
  /** The cause; it may name servers and paths. */
  readonly reason: string
  constructor(failure: AppendFailure) {
    const isDenied = failure.tag === 'NotAvailable' && isKeptOut(failure.cause)
    const retryable = failure.tag === 'NotAvailable' && !isDenied
    super(
      retryable
        ? 'the log is not available now; nothing was acknowledged, send it again'
        : `the log ${isDenied ? 'refuses the credentials of this process' : `refuses the batch (${failure.tag})`}; nothing was acknowledged, and an operator has to mend it before it is sent again`,
      { cause: failure },
    )
    this.retryable = retryable
    this.reason = reasonOf(failure)
  }
}

const reasonOf = (failure: AppendFailure): string => {
  switch (failure.tag) {
    case 'NotAvailable':
      return failure.cause instanceof Error ? failure.cause.message : String(failure.cause)
    case 'Refused':
    case 'TooLarge':
      return failure.reason
    case 'WrongExpectedRevision':
      return `${failure.stream} is at revision ${failure.actual}`
  }
}
