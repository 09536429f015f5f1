import type { EventStoreDbConnection } from './eventstoredb-connection.js'
import { LogUnavailable } from './event-log.js'
import { messagesOf } from './eventstoredb-read.js'
import { readStreamRequest } from './eventstoredb-wire.js'

/** What is known of a stream: its last revision (-1: never written) and the ids of its newest events, oldest first. */
export type Tail = { last: number; readonly ids: Set<string> }

export type Tails = Readonly<{
  /** What was known when last looked; `undefined` if nothing is. */
  known: (stream: string) => Tail | undefined
  /** Looks at the server: reads what is new since the last look, or the newest events. Throws `LogUnavailable`. */
  look: (stream: string) => Promise<Tail>
  /** These ids were stored after the tail's last revision. */
  grew: (stream: string, tail: Tail, ids: readonly string[]) => void
  forget: (stream: string) => void
}>

/**
 * The newest ids of the streams written to of late, to tell repeats from news: `idsPerStream` of each, `idsMax` in all, the streams unused for longest leaving
 * first. A repeat of an event that lies further back in its stream is not recognised; entity streams are far shorter.
 */
export const tails = (
  connection: EventStoreDbConnection,
  limits: Readonly<{ idsPerStream: number; idsMax: number; silenceMs: number }>,
): Tails => {
  const { idsPerStream, idsMax, silenceMs } = limits
  const held = new Map<string, Tail>()
  let count = 0

  const forget = (stream: string): void => {
    count -= held.get(stream)?.ids.size ?? 0
    held.delete(stream)
  }
  const hold = (stream: string, tail: Tail): void => {
    forget(stream)
    for (const id of tail.ids) {
      if (tail.ids.size <= idsPerStream) break
      tail.ids.delete(id)
    }
    held.set(stream, tail)
    count += tail.ids.size
    for (const oldest of held.keys()) {
      if (count <= idsMax || oldest === stream) break
      forget(oldest)
    }
  }

  const look = async (stream: string): Promise<Tail> => {
    const before = held.get(stream)
    const isFresh = before === undefined || before.last < 0
    const found: Readonly<{ id: string; revision: number }>[] = []
    const request = isFresh
      ? readStreamRequest(stream, true, undefined, idsPerStream)
      : readStreamRequest(stream, false, before.last + 1, Infinity)
    for await (const messages of messagesOf(connection, request, silenceMs))
      for (const message of messages) {
        const event = message.getEvent()?.getEvent()
        if (event !== undefined) found.push({ id: event.getId()?.getString() ?? '', revision: Number(event.getStreamRevision()) })
      }
    if (isFresh) found.reverse()
    else if (found.length > 0 && found[0]!.revision !== before.last + 1)
      throw new LogUnavailable(`EventStoreDB: stream ${stream} has a gap after revision ${before.last}`)
    const ids = new Set(isFresh ? [] : before.ids)
    for (const { id } of found) ids.add(id)
    const tail = { last: found.at(-1)?.revision ?? before?.last ?? -1, ids }
    hold(stream, tail)
    return tail
  }

  return {
    known: (stream) => held.get(stream),
    look,
    grew: (stream, tail, ids) => {
      // Its size is counted anew, so it must leave as it came.
      if (held.get(stream) === tail) forget(stream)
      for (const id of ids) tail.ids.add(id)
      tail.last += ids.length
      hold(stream, tail)
    },
    forget,
  }
}
