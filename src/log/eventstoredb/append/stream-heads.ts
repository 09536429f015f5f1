import type { EventStoreDbConnection } from '../client/connection.js'
import { isDenied } from '../failure.js'
import { LogUnavailable } from '../../event-log.js'
import type { Position, ReadStream } from '../../event-log.js'
import { readStreamEvents } from '../read/read.js'

/** What is known of a stream: its last revision (-1: never written) and the ids of its newest events, oldest first. */
export type StreamHead = { last: number; readonly ids: Set<string> }

export type StreamHeads = Readonly<{
  /** What the last look or append told; `undefined` if nothing is known. */
  known: (stream: string) => StreamHead | undefined
  /** Reads from the server: what is new since the last look, or the newest events. Throws `LogUnavailable`. */
  look: (stream: string) => Promise<StreamHead>
  /** These ids were stored after the head's last revision, which is now `last`. */
  grew: (stream: string, head: StreamHead, ids: readonly string[], last: number) => void
  forget: (stream: string) => void
}>

type Found = Readonly<{ id: string; revision: number }>

/**
 * The newest ids of the streams that were written last, to recognise repeats: `idsPerStream` of each and `idsMax` in
 * all; the streams unused for longest are dropped first. A repeat of an event further back in its stream is not
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

  const read = async (stream: string, wanted: ReadStream): Promise<Found[]> => {
    const found: Found[] = []
    for await (const events of readStreamEvents(connection, stream, wanted))
      for (const { id, revision } of events) found.push({ id, revision })
    return found
  }

  const look = async (stream: string): Promise<StreamHead> => {
    const before = held.get(stream)
    if (before !== undefined && before.last >= 0) {
      const found = await read(stream, { from: before.last + 1 })
      // Otherwise events are missing (removed by the stream's policy, for example), and what is known is incomplete.
      if (found.length === 0 || found[0]!.revision === before.last + 1)
        return hold(stream, {
          last: found.at(-1)?.revision ?? before.last,
          ids: new Set([...before.ids, ...found.map(({ id }) => id)]),
        })
    }
    const found = (await read(stream, { backwards: true, max: idsPerStream })).reverse()
    return hold(stream, { last: found.at(-1)?.revision ?? -1, ids: new Set(found.map(({ id }) => id)) })
  }

  return {
    known: (stream) => held.get(stream),
    look,
    grew: (stream, head, ids, last) => {
      // Its size is counted again, so it is removed with its old size first.
      if (held.get(stream) === head) forget(stream)
      for (const id of ids) head.ids.add(id)
      head.last = last
      hold(stream, head)
    },
    forget,
  }
}

/**
 * The end of the log: everything that was acknowledged to any process before the request is at this position or
 * before; `undefined` if this user may not read `$all`. One request serves all callers of the same turn of the event
 * loop; no caller gets the answer of a request that was sent before its call.
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
