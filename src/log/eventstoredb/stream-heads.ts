import type { EventStoreDbConnection } from './connection.js'
import { isDenied } from './failure.js'
import { LogUnavailable } from '../event-log.js'
import type { Position } from '../event-log.js'
import { messagesOf } from './read.js'
import { readStreamRequest } from './wire.js'

/** What is known of a stream: its last revision (-1: never written) and the ids of its newest events, oldest first. */
export type StreamHead = { last: number; readonly ids: Set<string> }

export type StreamHeads = Readonly<{
  /** What was known when last looked; `undefined` if nothing is. */
  known: (stream: string) => StreamHead | undefined
  /** Looks at the server: reads what is new since the last look, or the newest events. Throws `LogUnavailable`. */
  look: (stream: string) => Promise<StreamHead>
  /** These ids were stored after the head's last revision, which is now `last`. */
  grew: (stream: string, head: StreamHead, ids: readonly string[], last: number) => void
  forget: (stream: string) => void
}>

type Found = Readonly<{ id: string; revision: number }>

/**
 * The newest ids of the streams written to of late, to tell repeats from news: `idsPerStream` of each, `idsMax` in all,
 * the streams unused for longest leaving first. A repeat of an event that lies further back in its stream is not
 * recognised; entity streams are far shorter.
 */
export const streamHeads = (
  connection: EventStoreDbConnection,
  limits: Readonly<{ idsPerStream: number; idsMax: number }>,
): StreamHeads => {
  const { idsPerStream, idsMax } = limits
  const held = new Map<string, StreamHead>()
  let count = 0

  const forget = (stream: string): void => {
    count -= held.get(stream)?.ids.size ?? 0
    held.delete(stream)
  }
  const hold = (stream: string, head: StreamHead): StreamHead => {
    forget(stream)
    for (const id of head.ids) {
      if (head.ids.size <= idsPerStream) break
      head.ids.delete(id)
    }
    held.set(stream, head)
    // A stream without ids costs memory too: no more streams than ids.
    count += head.ids.size
    for (const oldest of held.keys()) {
      if ((count <= idsMax && held.size <= idsMax) || oldest === stream) break
      forget(oldest)
    }
    return head
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

  const look = async (stream: string): Promise<StreamHead> => {
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
    grew: (stream, head, ids, last) => {
      // Its size is counted anew, so it must leave as it came.
      if (held.get(stream) === head) forget(stream)
      for (const id of ids) head.ids.add(id)
      head.last = last
      hold(stream, head)
    },
    forget,
  }
}

/**
 * Where the log ends: a position at or before which everything lies that was acknowledged to anybody before the
 * question; `undefined` for those who may write but not read all of the log. One question serves all who ask it in the
 * same turn of the event loop; nobody gets an answer to one that was sent before.
 */
export const headBarrier = (head: () => Promise<Position | undefined>): (() => Promise<Position | undefined>) => {
  let next: Promise<Position | undefined> | undefined
  const ask = async (): Promise<Position | undefined> => {
    await new Promise((resolve) => setImmediate(resolve))
    next = undefined
    try {
      return (await head()) ?? -1n
    } catch (failure) {
      if (failure instanceof LogUnavailable && isDenied(failure.cause)) return undefined
      throw failure
    }
  }
  return () => (next ??= ask())
}
