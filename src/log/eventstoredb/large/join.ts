import type { EventStoreDbConnection } from '../client/connection.js'
import { LogUnavailable } from '../../event-log.js'
import type { RecordedEvent } from '../../event-log.js'
import { headOf } from '../read/sources.js'
import { readStreamEvents } from '../read/read.js'
import { isLarge, isPartsStream, partsOf, partsStreamOf, unpacked } from './form.js'

/** Bytes of joined events that one batch may hold; an event above it is a batch of its own. */
const JOINED_BYTES_MAX = 32 * 1024 * 1024

/**
 * Passes events that were read on, with every large event joined into one again, in the same order. Yields nothing for
 * parts, and for a large event that was removed from its stream while its record still lies in the log (erased, or too
 * old for the stream's policy, and not scavenged yet). Ends early when `signal` aborts.
 *
 * @throws LogUnavailable if the parts cannot be read now, and `LogDamaged` if they are not what was written.
 */
export async function* joined(
  connection: EventStoreDbConnection,
  events: readonly RecordedEvent[],
  signal?: AbortSignal,
): AsyncGenerator<readonly RecordedEvent[]> {
  if (!events.some(isSpecial)) {
    if (events.length > 0) yield events
    return
  }
  let batch: RecordedEvent[] = []
  let bytes = 0
  for (const event of events) {
    if (isPartsStream(event.stream)) continue
    const whole = isLarge(event) ? await joinedEvent(connection, event, signal) : event
    if (signal?.aborted === true) return
    if (whole === undefined) continue
    const size = isLarge(event) ? whole.data.byteLength : 0
    if (batch.length > 0 && bytes + size > JOINED_BYTES_MAX) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(whole)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

const isSpecial = (event: RecordedEvent): boolean => isLarge(event) || isPartsStream(event.stream)

/** The event, or `undefined` if it was removed (or `signal` aborted). */
const joinedEvent = async (
  connection: EventStoreDbConnection,
  event: RecordedEvent,
  signal: AbortSignal | undefined,
): Promise<RecordedEvent | undefined> => {
  const revisions = partsOf(event)
  if (revisions === undefined) return unpacked(event, [])
  const [first, last] = [Math.min(...revisions), Math.max(...revisions)]
  const wanted = { from: first, max: last - first + 1 }
  const parts: RecordedEvent[] = []
  for await (const batch of readStreamEvents(connection, partsStreamOf(event.stream), wanted, signal))
    for (const each of batch) if (revisions.includes(each.revision)) parts.push(each)
  if (signal?.aborted === true) return undefined
  if (parts.length < revisions.length && !(await isStillThere(connection, event, signal))) return undefined
  return unpacked(event, parts)
}

/**
 * Whether its stream still has the event. The parts are removed after it, so they may be missing only if it has not, or
 * if the connection has moved to a server that does not know the event yet.
 */
const isStillThere = async (
  connection: EventStoreDbConnection,
  { stream, revision, position, id }: RecordedEvent,
  signal: AbortSignal | undefined,
): Promise<boolean> => {
  const head = await headOf(connection, signal)
  if (head === undefined || head < position)
    throw new LogUnavailable(`EventStoreDB: this server knows the log through ${head}, not the event at ${position}`)
  let isThere = false
  for await (const [event] of readStreamEvents(connection, stream, { from: revision, max: 1 }, signal))
    isThere = event?.revision === revision && event.id === id
  return isThere
}
