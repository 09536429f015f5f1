import type { EventStoreDbConnection } from './connection.js'
import { isBadPosition } from './failure.js'
import { LogUnavailable } from '../event-log.js'
import type { Position, ReadAll, RecordedEvent } from '../event-log.js'
import { BATCH_MAX, messagesOf } from './read.js'
import { ascending, eventFrom, fromEndRequest, positionOf, readAllRequest } from './wire.js'

/** Events asked for at a time. The server looks at one record more in one go, see `readAllRequest`. */
const PAGE = 4_096

/** The position of the last record, also if it is the server's own. */
export const headOf = async (
  connection: EventStoreDbConnection,
  signal?: AbortSignal,
): Promise<Position | undefined> => {
  let last: Position | undefined
  // Read to its end: a call that is cancelled resets its HTTP/2 stream, and servers close a connection with too many
  // resets.
  for await (const messages of messagesOf(connection, fromEndRequest(1), signal))
    for (const message of messages) {
      const event = message.getEvent()?.getEvent()
      if (event !== undefined) last = positionOf(event.getCommitPosition())
    }
  return last
}

/** The record at a position or before it. Looks from the end of the log, because that is where positions come from. */
const recordAtOrBefore = async (
  connection: EventStoreDbConnection,
  position: Position,
): Promise<Position | undefined> => {
  for await (const messages of messagesOf(connection, fromEndRequest(Infinity)))
    for (const message of messages) {
      const event = message.getEvent()?.getEvent()
      if (event !== undefined && positionOf(event.getCommitPosition()) <= position)
        return positionOf(event.getCommitPosition())
    }
  return undefined
}

/**
 * What matches after a position and through another that the log has reached, in batches, page by page: servers before
 * 22 search no further than a window that must be larger than the number of events asked for. Ends early when `signal`
 * aborts. A position at which no record begins (it came from elsewhere) is refused by the server; then the record
 * before it is looked for. A read that breaks off gives what it has, and throws then: so whoever goes on from there
 * comes to an end, however often it breaks. Ends only where the server knows the log through `through`: another one may
 * have been connected to meanwhile, which does not know yet that it leads no more.
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
          const recorded = message.getEvent()?.getEvent()
          if (recorded === undefined) continue
          const event = eventFrom(recorded)
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
