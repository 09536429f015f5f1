import type { EventStoreDbConnection } from '../client/connection.js'
import {
  fromEndRequest,
  readAllRequest,
  readStreamRequest,
  subscribeRequest,
  subscribeStreamRequest,
} from '../client/wire.js'
import type { Position } from '../../event-log.js'
import { messagesOf } from './call.js'
import type { Source } from './reader.js'
import { lastRevisionOf } from './read.js'

/** Length of log, which positions count in bytes, that a server looks through in a moment. */
const SHORT_BYTES = 4n * 1024n * 1024n

/** All streams whose names begin with one of the prefixes, by position. */
export const allOf = (
  connection: EventStoreDbConnection,
  prefixes: readonly string[] | undefined,
  inParallel?: Source['inParallel'],
): Source => {
  const isNothing = prefixes?.length === 0
  return {
    head: (signal) => headOf(connection, signal),
    placeOf: ({ position }) => position,
    read: (after) => (isNothing ? undefined : readAllRequest(after, prefixes)),
    subscription: (after) => (isNothing ? undefined : subscribeRequest(after, prefixes)),
    isShort: (after = 0n, end) => isNothing || end - after <= SHORT_BYTES,
    endOf: (at) => at,
    ...(inParallel === undefined ? {} : { inParallel }),
  }
}

/** One stream, by revision. The server finds its events without looking through the log. */
export const oneStream = (connection: EventStoreDbConnection, stream: string): Source => ({
  head: async (signal) => {
    const last = await lastRevisionOf(connection, stream, signal)
    return last === undefined ? undefined : BigInt(last)
  },
  placeOf: ({ revision }) => BigInt(revision),
  read: (after) => readStreamRequest(stream, false, after === undefined ? 0 : Number(after) + 1, Infinity),
  subscription: (after) => subscribeStreamRequest(stream, after),
  isShort: () => true,
  endOf: (at, head) => (head !== undefined && at !== undefined && at < head ? at : head),
})

/** The position of the last record, system records included. */
export const headOf = async (
  connection: EventStoreDbConnection,
  signal?: AbortSignal,
): Promise<Position | undefined> => {
  let last: Position | undefined
  // Read to its end: a call that is cancelled resets its HTTP/2 stream, and servers close a connection with too many
  // resets.
  for await (const messages of messagesOf(connection, fromEndRequest(1), signal))
    for (const message of messages) if (message.kind === 'event') last = message.event.position
  return last
}
