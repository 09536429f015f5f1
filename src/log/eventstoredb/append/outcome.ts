import { shared } from '../client/client-internals.js'
import type { BatchAppendResp } from '../client/client-internals.js'
import { positionOf } from '../client/wire.js'
import type { NewEvent, Position } from '../../event-log.js'

/** The outcome of an append at the server. Only with `unknown` the events may have been stored or not. */
export type Outcome =
  /**
   * `revision` and `position` are those of the last event, stored now or found there already. Servers may omit the
   * position of events that they find.
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

export const unknownOutcome = (why: string): Outcome => ({ tag: 'unknown', cause: new Error(`EventStoreDB: ${why}`) })

/** `revision`: the last revision of a successful append, if the server does not say it. */
export const outcomeOf = (answer: BatchAppendResp, revision: number): Outcome => {
  const error = answer.getError()
  if (error === undefined) {
    const success = answer.getSuccess()
    const commit = success?.getPosition()?.getCommitPosition()
    return {
      tag: 'stored',
      revision: Number(success?.getCurrentRevision() ?? revision),
      position: commit === undefined ? undefined : positionOf(commit),
    }
  }
  const details = error.getDetails()
  switch (details?.getTypeName()) {
    case 'event_store.client.WrongExpectedVersion': {
      const wrong = shared.WrongExpectedVersion.deserializeBinary(details.getValue_asU8())
      return { tag: 'wrong', actual: wrong.hasCurrentStreamRevision() ? Number(wrong.getCurrentStreamRevision()) : -1 }
    }
    case 'event_store.client.StreamDeleted':
      return { tag: 'erased' }
    case 'event_store.client.MaximumAppendSizeExceeded': {
      const max = shared.MaximumAppendSizeExceeded.deserializeBinary(details.getValue_asU8()).getMaxappendsize()
      return { tag: 'refused', reason: `more than the server takes in one append (${max} bytes)` }
    }
    default:
      return unknownOutcome(error.getMessage() || (details?.getTypeName() ?? 'an append failed without saying why'))
  }
}
