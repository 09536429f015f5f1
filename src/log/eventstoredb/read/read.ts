import type { EventStoreDbConnection } from '../client/connection.js'
import type { ReadStream, RecordedEvent } from '../../event-log.js'
import { readStreamRequest } from '../client/wire.js'
import { messagesOf } from './call.js'
import { BATCH_MAX } from './reader.js'

/** The events of one stream in batches. Ends early when `signal` aborts. */
export async function* readStreamEvents(
  connection: EventStoreDbConnection,
  stream: string,
  { backwards = false, from, max = Infinity, batchMax = BATCH_MAX }: ReadStream,
  signal?: AbortSignal,
): AsyncGenerator<readonly RecordedEvent[]> {
  if (max <= 0) return
  let batch: RecordedEvent[] = []
  for await (const messages of messagesOf(connection, readStreamRequest(stream, backwards, from, max), signal))
    for (const message of messages) {
      if (message.kind !== 'event') continue
      batch.push(message.event)
      if (batch.length < batchMax) continue
      yield batch
      batch = []
    }
  if (batch.length > 0 && signal?.aborted !== true) yield batch
}

/** The last revision of a stream; `undefined` if it holds nothing that can be read. */
export const lastRevisionOf = async (
  connection: EventStoreDbConnection,
  stream: string,
  signal?: AbortSignal,
): Promise<number | undefined> => {
  let last: number | undefined
  // Read to its end although one event is all there is: a call that is cancelled resets its HTTP/2 stream, and servers
  // close a connection with too many resets.
  for await (const [event] of readStreamEvents(connection, stream, { backwards: true, max: 1 }, signal))
    last = event?.revision
  return last
}
