import type { EventStoreDbConnection } from './connection.js'
import { messagesOf } from './read.js'
import { readStreamRequest } from './request.js'

/** What is known of a stream: its last revision (-1: never written) and the ids of its newest events, oldest first. */
export type Tail = { last: number; readonly ids: Set<string> }

export type Tails = Readonly<{
  /** What was known when last looked; `undefined` if nothing is. */
  known: (stream: string) => Tail | undefined
  /** Looks at the server: reads what is new since the last look, or the newest events. Throws `LogUnavailable`. */
  look: (stream: string) => Promise<Tail>
  /** These ids were stored after the tail's last revision, which is now `last`. */
  grew: (stream: string, tail: Tail, ids: readonly string[], last: number) => void
  forget: (stream: string) => void
}>

type Found = Readonly<{ id: string; revision: number }>

/**
 * The newest ids of the streams written to of late, to tell repeats from news: `idsPerStream` of each, `idsMax` in all,
 * the streams unused for longest leaving first. A repeat of an event that lies further back in its stream is not
 * recognised; entity streams are far shorter.
 */
export const tails = (
  connection: EventStoreDbConnection,
  limits: Readonly<{ idsPerStream: number; idsMax: number }>,
): Tails => {
  const { idsPerStream, idsMax } = limits
  const held = new Map<string, Tail>()
  let count = 0

  const forget = (stream: string): void => {
    count -= held.get(stream)?.ids.size ?? 0
    held.delete(stream)
  }
  const hold = (stream: string, tail: Tail): Tail => {
    forget(stream)
    for (const id of tail.ids) {
      if (tail.ids.size <= idsPerStream) break
      tail.ids.delete(id)
    }
    held.set(stream, tail)
    // A stream without ids costs memory too: no more streams than ids.
    count += tail.ids.size
    for (const oldest of held.keys()) {
      if ((count <= idsMax && held.size <= idsMax) || oldest === stream) break
      forget(oldest)
    }
    return tail
  }

  const read = async (request: ReturnType<typeof readStreamRequest>): Promise<Found[]> => {
    const found: Found[] = []
    for await (const messages of messagesOf(connection, request))
      for (const message of messages) {
        const event = message.getEvent()?.getEvent()
        if (event !== undefined)
          found.push({ id: event.getId()?.getString() ?? '', revision: Number(event.getStreamRevision()) })
      }
    return found
  }

  const look = async (stream: string): Promise<Tail> => {
    const before = held.get(stream)
    if (before !== undefined && before.last >= 0) {
      const found = await read(readStreamRequest(stream, false, before.last + 1, Infinity))
      // Otherwise some are missing (too old for the stream's policy, say): what is known of it is worth nothing.
      if (found.length === 0 || found[0]!.revision === before.last + 1)
        return hold(stream, {
          last: found.at(-1)?.revision ?? before.last,
          ids: new Set([...before.ids, ...found.map(({ id }) => id)]),
        })
    }
    const found = (await read(readStreamRequest(stream, true, undefined, idsPerStream))).reverse()
    return hold(stream, { last: found.at(-1)?.revision ?? -1, ids: new Set(found.map(({ id }) => id)) })
  }

  return {
    known: (stream) => held.get(stream),
    look,
    grew: (stream, tail, ids, last) => {
      // Its size is counted anew, so it must leave as it came.
      if (held.get(stream) === tail) forget(stream)
      for (const id of ids) tail.ids.add(id)
      tail.last = last
      hold(stream, tail)
    },
    forget,
  }
}
