import type { RecordedEvent } from '../../event-log.js'
import type { EventStoreDbConnection } from '../client/connection.js'
import type { Followed } from './follow.js'
import type { ReadThrough } from './parallel-readers.js'
import { lastRevisionOf, readStreamEvents } from './read.js'
import { headOf } from './read-all.js'
import { subscribeRequest, subscribeStreamRequest } from '../client/wire.js'

/** All streams whose names begin with one of the prefixes, by position. */
export const allOf = (
  connection: EventStoreDbConnection,
  read: ReadThrough,
  prefixes: readonly string[] | undefined,
  batchMax: number | undefined,
): Followed => ({
  head: (signal) => headOf(connection, signal),
  read: (after, through, signal) => read({ after, through, prefixes, batchMax }, signal),
  subscription: (after) => (prefixes?.length === 0 ? undefined : subscribeRequest(after, prefixes)),
  placeOf: ({ position }) => position,
  endOf: (at) => at,
})

/** One stream, by revision. */
export const oneStream = (
  connection: EventStoreDbConnection,
  stream: string,
  batchMax: number | undefined,
): Followed => {
  async function* read(after: bigint | undefined, through: bigint, signal: AbortSignal) {
    const from = after === undefined ? 0 : Number(after) + 1
    const options = { from, max: Number(through) - from + 1, batchMax }
    for await (const events of readStreamEvents(connection, stream, options, signal)) {
      // If the stream's policy has removed events, the server counts on beyond the end that was requested.
      const within = events.filter(({ revision }) => revision <= through)
      if (within.length > 0) yield within
    }
  }
  return {
    head: async (signal) => {
      const last = await lastRevisionOf(connection, stream, signal)
      return last === undefined ? undefined : BigInt(last)
    },
    read,
    subscription: (after) => subscribeStreamRequest(stream, after),
    placeOf: ({ revision }: RecordedEvent) => BigInt(revision),
    endOf: (at, head) => (head !== undefined && at !== undefined && at < head ? at : head),
  }
}
