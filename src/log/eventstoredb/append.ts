import type { AppendResp } from './client-internals.js'
import type { EventStoreDbConnection } from './connection.js'
import { exceptionOf, trailerOf } from './failure.js'
import type { NewEvent, Position } from '../event-log.js'
import { appendMessages, positionOf } from './wire.js'

/** What became of an append at the server. Only of `unknown` it may have been stored or not. */
export type Outcome =
  /**
   * `revision` and `position` are those of the last event stored, or found there already; servers may not tell the
   * position, of old events above all.
   */
  | Readonly<{ tag: 'stored'; revision: number; position: Position | undefined }>
  /** The stream is elsewhere: at `actual`, as far as the server says so (-1: no stream). */
  | Readonly<{ tag: 'wrong'; actual: number | undefined }>
  | Readonly<{ tag: 'refused'; reason: string }>
  | Readonly<{ tag: 'erased' }>
  | Readonly<{ tag: 'unknown'; cause: unknown }>

/**
 * Appends to a stream whose last revision must be `last` (-1: no stream). Appends are sent in the order of the calls;
 * never rejects.
 */
export type Appender = (stream: string, last: number, events: readonly NewEvent[]) => Promise<Outcome>

export const ERASED: Outcome = { tag: 'erased' }

/** What both ways to append answer where they succeed. */
type Success = Readonly<{
  getCurrentRevision: () => string
  getPosition: () => Readonly<{ getCommitPosition: () => string }> | undefined
}>

/** `revision`: what it must be where the server does not say. */
export const storedOutcome = (success: Success | undefined, revision: number): Outcome => {
  const commit = success?.getPosition()?.getCommitPosition()
  return {
    tag: 'stored',
    revision: Number(success?.getCurrentRevision() ?? revision),
    position: commit === undefined ? undefined : positionOf(commit),
  }
}

/** A call for each append, one after the other: calls side by side would be taken up in any order. */
export const singly = (connection: EventStoreDbConnection): Appender => {
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
