import type { AppendFailure } from '../log/event-log.js'

/** The log did not take a batch. Nothing was acknowledged, and delivering it again is safe. */
export class NotIngested extends Error {
  override readonly name = 'NotIngested'
  /** The failure may pass: delivering the same batch again can succeed. */
  readonly retryable: boolean
  /** The cause, for operators; it may name servers and paths, so it is not for the sender. */
  readonly reason: string
  constructor(failure: AppendFailure) {
    super(`the log did not take the batch (${failure.tag}); nothing was acknowledged, send it again`, {
      cause: failure,
    })
    this.retryable = failure.tag === 'NotAvailable'
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
