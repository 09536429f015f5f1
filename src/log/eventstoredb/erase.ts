import shared from '@eventstore/db-client/generated/shared_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import * as E from 'fp-ts/lib/Either.js'
import type { EventStoreDbConnection } from './connection.js'
import { exceptionOf } from './failure.js'
import { streamIdentifier } from './request.js'
import type { AppendFailure, Erased } from '../event-log.js'

/**
 * Deletes a stream for ever by a tombstone: it can be read and written no more. The bytes go when the server scavenges,
 * which is for its operator to run. `last` is its last revision, `undefined` where there is no such stream.
 */
export const eraseStream = async (
  connection: EventStoreDbConnection,
  stream: string,
  last: number | undefined,
): Promise<E.Either<AppendFailure, Erased>> => {
  if (last === undefined) return E.right({ events: 0 })
  const options = new streams.TombstoneReq.Options()
  options.setStreamIdentifier(streamIdentifier(stream))
  options.setAny(new shared.Empty())
  const request = new streams.TombstoneReq()
  request.setOptions(options)
  try {
    await connection.tombstone(request)
    return E.right({ events: last + 1 })
  } catch (cause) {
    // Somebody else was quicker.
    return exceptionOf(cause) === 'stream-deleted' ? E.right({ events: 0 }) : E.left({ tag: 'NotAvailable', cause })
  }
}
