import type { AppendResp } from '../client/client-internals.js'
import type { EventStoreDbConnection } from '../client/connection.js'
import { exceptionOf, trailerOf } from '../failure.js'
import type { NewEvent, Position } from '../../event-log.js'
import { appendMessages, positionOf } from '../client/wire.js'

/** The outcome of an append at the server. Only with `unknown` the events may have been stored or not. */
export type Outcome =
  /**
   * `revision` and `position` are those of the last event, stored now or found there already. Servers may omit the
   * position, above all of old events.
   */
  | Readonly<{ tag: 'stored'; revision: number; position: Position | undefined }>
  /** The stream's last revision is `actual`, if the server says so (-1: no stream). */
  | Readonly<{ tag: 'wrong'; actual: number | undefined }>
  | Readonly<{ tag: 'refused'; reason: string }>
  | Readonly<{ tag: 'erased' }>
  | Readonly<{ tag: 'unknown'; cause: unknown }>

/**
 * Appends to a stream whose last revision must be `last` (-1: no stream). Sends appends in the order of the calls;
 * never rejects.
 */
export type Appender = (stream: string, last: number, events: readonly NewEvent[]) => Promise<Outcome>

export const ERASED: Outcome = { tag: 'erased' }

/** The server's answer to a successful append, by either call. */
type Success = Readonly<{
  getCurrentRevision: () => string
  getPosition: () => Readonly<{ getCommitPosition: () => string }> | undefined
}>

/** `revision`: the last revision, if the server does not say it. */
export const storedOutcome = (success: Success | undefined, revision: number): Outcome => {
  const commit = success?.getPosition()?.getCommitPosition()
  return {
    tag: 'stored',
    revision: Number(success?.getCurrentRevision() ?? revision),
    position: commit === undefined ? undefined : positionOf(commit),
  }
}

/** One call per append, one after the other: the server may process concurrent calls in any order. */
export const singly = (connection: EventStoreDbConnection): Appender => {
  let before: Promise<unknown> = Promise.resolve()
  return (stream, last, events) => {
    const mine = before.then(() => appendOne(connection, stream, last, events))
    before = mine
    return mine
  }
}

/** One append by a call of its own (`Streams.Append`). */
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

/** Servers of the 20.6 line report failures in trailers. */
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
