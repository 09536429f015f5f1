import { shared } from '../client/client-internals.js'
import type { BatchAppendResp } from '../client/client-internals.js'
import { accessDenied } from '../failure.js'
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
  /** More than the server takes: `max` bytes in one append, or in one event of it. */
  | Readonly<{ tag: 'exceeds'; max: number; of: 'append' | 'event' }>
  /** However it is cut and compressed, it is more than the server takes. */
  | Readonly<{ tag: 'too-large'; reason: string }>
  | Readonly<{ tag: 'erased' }>
  | Readonly<{ tag: 'unknown'; cause: unknown }>

/**
 * Appends to a stream whose last revision must be `last` (-1: no stream; `any`: whatever it is). Sends appends in the
 * order of the calls; never rejects.
 */
export type Appender = (stream: string, last: number | 'any', events: readonly NewEvent[]) => Promise<Outcome>

export const unknownOutcome = (why: string): Outcome => ({ tag: 'unknown', cause: new Error(`EventStoreDB: ${why}`) })

export const outcomeOf = (answer: BatchAppendResp): Outcome => {
  const success = answer.getSuccess()
  if (success !== undefined) {
    const commit = success.getPosition()?.getCommitPosition()
    return {
      tag: 'stored',
      revision: Number(success.getCurrentRevision()),
      position: commit === undefined ? undefined : BigInt(commit),
    }
  }
  const error = answer.getError()
  const details = error?.getDetails()
  switch (details?.getTypeName()) {
    case 'event_store.client.WrongExpectedVersion': {
      const wrong = shared.WrongExpectedVersion.deserializeBinary(details.getValue_asU8())
      return { tag: 'wrong', actual: wrong.hasCurrentStreamRevision() ? Number(wrong.getCurrentStreamRevision()) : -1 }
    }
    case 'event_store.client.StreamDeleted':
      return { tag: 'erased' }
    case 'event_store.client.AccessDenied':
      return { tag: 'unknown', cause: accessDenied() }
    case 'event_store.client.MaximumAppendSizeExceeded': {
      const max = shared.MaximumAppendSizeExceeded.deserializeBinary(details.getValue_asU8()).getMaxappendsize()
      return { tag: 'exceeds', max, of: 'append' }
    }
    case 'event_store.client.MaximumAppendEventSizeExceeded':
      return { tag: 'exceeds', max: lastNumberIn(details.getValue_asU8()), of: 'event' }
    default:
      return unknownOutcome(error?.getMessage() || (details?.getTypeName() ?? 'an append failed without saying why'))
  }
}

/**
 * The last field of a message, which is a number: `max_append_event_size`. The definitions that the client ships are
 * older than this message.
 */
const lastNumberIn = (message: Uint8Array): number => {
  let at = message.length - 1
  while (at > 0 && (message[at - 1] as number) >= 0x80) at--
  return message.subarray(at).reduceRight((value, byte) => value * 128 + (byte & 0x7f), 0)
}
