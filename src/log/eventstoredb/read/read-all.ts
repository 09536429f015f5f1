import type { EventStoreDbConnection } from '../client/connection.js'
import { isBadPosition } from '../failure.js'
import { LogUnavailable } from '../../event-log.js'
import type { Position, ReadAll, RecordedEvent } from '../../event-log.js'
import { BATCH_MAX, messagesOf } from './read.js'
import { ascending, fromEndRequest, readAllRequest } from '../client/wire.js'

/** Events requested at a time. The server searches one record more, see `readAllRequest`. */
const PAGE = 4_096

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

/**
 * The position of the last record at or before a position. Searches from the end of the log, where recent positions
 * are.
 */
const recordAtOrBefore = async (
  connection: EventStoreDbConnection,
  position: Position,
): Promise<Position | undefined> => {
  for await (const messages of messagesOf(connection, fromEndRequest(Infinity)))
    for (const message of messages)
      if (message.kind === 'event' && message.event.position <= position) return message.event.position
  return undefined
}

/**
 * Reads the matching events after a position and through another that the log has reached, page by page: servers
 * before 22 search no further than a window that must be larger than the number of events requested. Ends early when
 * `signal` aborts.
 *
 * The server refuses a position at which no record begins (it came from elsewhere); the read then begins at the record
 * before it. A read that breaks off yields what it has before it throws, so a reader that continues from there reaches
 * the end, however often reads break. At the end the server must know the log through `through`: the connection may
 * have moved to a deposed leader that does not know the last records.
 */
export async function* readAllThrough(
  connection: EventStoreDbConnection,
  { after, through, prefixes, batchMax = BATCH_MAX }: ReadAll,
  signal?: AbortSignal,
): AsyncGenerator<readonly RecordedEvent[]> {
  if (prefixes?.length === 0) return
  let batch: RecordedEvent[] = []
  let at = after
  let from = after
  for (;;) {
    let seen = 0
    try {
      for await (const messages of messagesOf(connection, readAllRequest(from, prefixes, PAGE), signal))
        for (const message of messages) {
          if (message.kind !== 'event') continue
          const { event } = message
          if (seen++ > 0) ascending(at, event)
          if (through !== undefined && event.position > through) {
            if (batch.length > 0) yield batch
            return
          }
          if (at !== undefined && event.position <= at) continue
          at = event.position
          batch.push(event)
          if (batch.length < batchMax) continue
          yield batch
          batch = []
        }
    } catch (failure) {
      if (
        seen > 0 ||
        from === undefined ||
        from !== after ||
        !(failure instanceof LogUnavailable) ||
        !isBadPosition(failure.cause)
      ) {
        if (batch.length > 0) yield batch
        throw failure
      }
      from = await recordAtOrBefore(connection, from)
      continue
    }
    if (signal?.aborted === true) return
    if (seen < PAGE) break
    from = at
  }
  if (batch.length > 0) yield batch
  if (through !== undefined && at !== through) await expectKnown(connection, through, signal)
}

const expectKnown = async (
  connection: EventStoreDbConnection,
  through: Position,
  signal?: AbortSignal,
): Promise<void> => {
  const head = await headOf(connection, signal)
  if (signal?.aborted === true || (head !== undefined && head >= through)) return
  throw new LogUnavailable(
    `EventStoreDB: this server knows the log through ${head}, another one knew it through ${through}`,
  )
}
