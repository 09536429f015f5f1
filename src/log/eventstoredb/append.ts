import type { AppendResp } from '@eventstore/db-client/generated/streams_pb.js'
import { batched } from './batch.js'
import type { EventStoreDbConnection } from './connection.js'
import { exceptionOf, trailerOf } from './failure.js'
import { ERASED, storedOutcome } from './outcome.js'
import type { Appender, Outcome } from './outcome.js'
import { appendMessages } from './wire.js'

/** A call for each append, one after the other: calls side by side would be taken up in any order. */
const singly = (connection: EventStoreDbConnection): Appender => {
  let before: Promise<unknown> = Promise.resolve()
  return (stream, last, events) => {
    const mine = before.then(() => appendOne(connection, stream, last, events))
    before = mine
    return mine
  }
}

/** One append by a call of its own. */
export const appendOne = (
  connection: EventStoreDbConnection,
  ...[stream, last, events, contentType]: Parameters<typeof appendMessages>
): Promise<Outcome> =>
  connection.append(appendMessages(stream, last, events, contentType)).then((answer: AppendResp): Outcome => {
    const wrong = answer.getWrongExpectedVersion()
    if (wrong !== undefined)
      return { tag: 'wrong', actual: wrong.hasCurrentRevision() ? Number(wrong.getCurrentRevision()) : -1 }
    return storedOutcome(answer.getSuccess(), last + events.length)
  }, outcomeOfError)

/** 20.6-era servers tell what happened in trailers. */
const outcomeOfError = (cause: unknown): Outcome => {
  switch (exceptionOf(cause)) {
    case 'wrong-expected-version': {
      const actual = trailerOf(cause, 'actual-version')
      return { tag: 'wrong', actual: actual === undefined || actual === '' ? undefined : Number(actual) }
    }
    case 'stream-deleted':
      return ERASED
    case 'maximum-append-size-exceeded':
      return {
        tag: 'refused',
        reason: `more than the server takes in one append (${trailerOf(cause, 'maximum-append-size')} bytes)`,
      }
    default:
      return { tag: 'unknown', cause }
  }
}

/**
 * Over one call where the server offers it (21.10 and later), else a call for each; asked again after every failure,
 * because it may be another server then.
 */
export const appender = (connection: EventStoreDbConnection): Appender => {
  const [one, all] = [singly(connection), batched(connection)]
  let offered: Promise<boolean> | undefined
  return async (stream, last, events) => {
    offered ??= connection.offersBatch()
    const mine = offered
    const outcome = await mine.then(
      (isOffered) => (isOffered ? all : one)(stream, last, events),
      (cause: unknown): Outcome => ({ tag: 'unknown', cause }),
    )
    if (outcome.tag === 'unknown' && offered === mine) offered = undefined
    return outcome
  }
}
