import * as E from 'fp-ts/lib/Either.js'
import { shared, streams } from '../client/client-internals.js'
import type { EventStoreDbConnection } from '../client/connection.js'
import { streamIdentifier } from '../client/wire.js'
import { exceptionOf } from '../failure.js'
import { partsStreamOf } from '../large/form.js'
import { lastRevisionOf } from '../read/read.js'
import type { AppendFailure, Erased } from '../../event-log.js'

/**
 * Deletes a stream for ever by a tombstone: it can no longer be read or written. The server removes the bytes when its
 * operator runs a scavenge. The parts of its large events go with it. `last` is the stream's last revision, `undefined`
 * if there is no such stream.
 */
export const eraseStream = async (
  connection: EventStoreDbConnection,
  stream: string,
  last: number | undefined,
): Promise<E.Either<AppendFailure, Erased>> => {
  const parts = partsStreamOf(stream)
  if (last === undefined) {
    // Erased before, but perhaps not to its end.
    const isLeft = (await lastRevisionOf(connection, parts)) !== undefined
    return isLeft ? E.map(() => ({ events: 0 }))(await tombstone(connection, parts)) : E.right({ events: 0 })
  }
  const erased = await tombstone(connection, stream)
  if (E.isLeft(erased)) return erased
  // Also where there are none: a large event that is being written must not leave any.
  const withParts = await tombstone(connection, parts)
  return E.isLeft(withParts) ? withParts : E.right({ events: erased.right ? last + 1 : 0 })
}

/** Whether it was there to be deleted. */
const tombstone = async (
  connection: EventStoreDbConnection,
  stream: string,
): Promise<E.Either<AppendFailure, boolean>> => {
  const options = new streams.TombstoneReq.Options()
  options.setStreamIdentifier(streamIdentifier(stream))
  options.setAny(new shared.Empty())
  const request = new streams.TombstoneReq()
  request.setOptions(options)
  try {
    await connection.tombstone(request)
    return E.right(true)
  } catch (cause) {
    // Another process was quicker.
    return exceptionOf(cause) === 'stream-deleted' ? E.right(false) : E.left({ tag: 'NotAvailable', cause })
  }
}
