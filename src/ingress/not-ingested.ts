import type { AppendFailure } from '../log/event-log.js'

/** The log did not take a batch: nothing is known of it, and sending it again is safe. */
export class NotIngested extends Error {
  override readonly name = 'NotIngested'
  /** Sending it again may help. */
  readonly passes: boolean
  /** In words that may name servers and paths: for operators, not for whoever sends. */
  readonly reason: string
  constructor(failure: AppendFailure) {
    super(`the log did not take the batch (${failure.tag}); nothing was acknowledged, send it again`, {
      cause: failure,
    })
    this.passes = failure.tag === 'NotAvailable'
    this.reason = reasonOf(failure)
  }
}

const reasonOf = (failure: AppendFailure): string => {
  switch (failure.tag) {
    case 'NotAvailable':
      return failure.cause instanceof Error ? failure.cause.message : String(failure.cause)
    case 'Refused':
      return failure.reason
    case 'WrongExpectedRevision':
      return `${failure.stream} is at revision ${failure.actual}`
  }
}
