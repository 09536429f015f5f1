import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import type { EventStoreDbConnection } from './eventstoredb-connection.js'
import { LogUnavailable } from './event-log.js'
import type { Live, Position, ReadAll, RecordedEvent } from './event-log.js'
import { listen } from './eventstoredb-read.js'
import type { Listening } from './eventstoredb-read.js'
import { positionOf, readAllRequest, recordedEvent } from './eventstoredb-wire.js'

export type FollowLimits = Readonly<{
  /** Between looks at the head while nothing comes. Bounds how late `caught-up` and checkpoints are told. */
  headPollMs: number
  backoffMs: number
  backoffMaxMs: number
  /** After so long without the server the subscription fails with `LogUnavailable`. */
  giveUpMs: number
}>

export type FollowPorts = Readonly<{
  connection: EventStoreDbConnection
  head: () => Promise<Position | undefined>
  /** What matches after a position and through another, both known to be in the log. */
  read: (options: ReadAll) => AsyncIterable<readonly RecordedEvent[]>
  /** From 0 to 1. */
  jitter: () => number
  signal: AbortSignal
}>

/**
 * Catch-up and live in one loop. `settling`: the head is asked for, and what matches through it is read, so that everything up to there is certain: a
 * checkpoint and `caught-up` can be told although servers before 23.10 have no such message, and send checkpoints only every so many records. `listening`: the
 * server's subscription, from where we are, brings events and checkpoints; when it falls silent, settle again. What settling has
 * delivered and the subscription brings again is recognised by its position. `broken`: any failure of either; after a growing pause, settle
 * and subscribe anew from where we are. Leaves on abort, when `through` is reached, or when the server stayed away too long.
 */
export async function* followEventStoreDb(
  options: ReadAll,
  limits: FollowLimits,
  ports: FollowPorts,
): AsyncGenerator<Live, void, undefined> {
  const { through, prefixes, batchMax = 1_000 } = options
  const { connection, head, read, signal } = ports
  if (options.after !== undefined && through !== undefined && options.after >= through) return
  const cursor: Cursor = { at: options.after, announced: 'never' }
  const isDone = (): boolean => signal.aborted || (through !== undefined && cursor.at !== undefined && cursor.at >= through)
  let listening: Listening | undefined
  let brokenSince: number | undefined
  let failures = 0

  async function* settle(): AsyncGenerator<Live> {
    const last = await head()
    const end = last !== undefined && through !== undefined && last > through ? through : last
    if (end !== undefined && (cursor.at === undefined || end > cursor.at)) {
      for await (const events of read({ ...options, after: cursor.at, through: end })) {
        cursor.at = events.at(-1)!.position
        yield { kind: 'events', events }
        if (signal.aborted) return
      }
      if (cursor.at === undefined || end > cursor.at) {
        cursor.at = end
        yield { kind: 'checkpoint', position: end }
      }
    }
    if (!signal.aborted && cursor.announced !== cursor.at) {
      cursor.announced = cursor.at
      yield { kind: 'caught-up', position: cursor.at }
    }
  }

  async function* heed(messages: readonly ReadResp[]): AsyncGenerator<Live> {
    const { events, checkpoint } = newsOf(messages, cursor.at, through)
    if (events.length > 0) {
      cursor.at = events.at(-1)!.position
      yield { kind: 'events', events }
    }
    if (!isDone() && checkpoint !== undefined && (cursor.at === undefined || checkpoint > cursor.at)) {
      cursor.at = checkpoint
      yield { kind: 'checkpoint', position: checkpoint }
    }
  }

  try {
    while (!isDone()) {
      try {
        yield* settle()
        if (isDone()) return
        failures = 0
        brokenSince = undefined
        if (prefixes?.length === 0) await pause(limits.headPollMs, signal)
        else {
          listening ??= await listen(connection, readAllRequest('live', cursor.at, prefixes))
          // Everything that lies ready, then a look at the head: under a steady stream of events that is once a batch, not once an event.
          for (let patience = limits.headPollMs; !isDone(); patience = 0) {
            const heard = await listening.next(batchMax, patience, signal)
            if (heard === 'silence') break
            if (heard === 'end') throw new LogUnavailable('EventStoreDB: the server ended the subscription')
            yield* heed(heard)
          }
        }
      } catch (cause) {
        listening?.end()
        listening = undefined
        if (signal.aborted && !(signal.reason instanceof LogUnavailable)) return
        brokenSince ??= Date.now()
        if (signal.aborted || Date.now() - brokenSince >= limits.giveUpMs) throw cause
        const bound = Math.min(limits.backoffMaxMs, limits.backoffMs * 2 ** failures++)
        await pause(bound / 2 + (bound / 2) * ports.jitter(), signal)
      }
    }
  } finally {
    listening?.end()
  }
}

type Cursor = { at: Position | undefined; announced: Position | undefined | 'never' }

/** Events after `at` and through `through`; a checkpoint only if nothing came after it. */
const newsOf = (messages: readonly ReadResp[], at: Position | undefined, through: Position | undefined) => {
  const events: RecordedEvent[] = []
  let checkpoint: Position | undefined
  for (const message of messages) {
    const seen = message.getCheckpoint()
    if (seen !== undefined) checkpoint = positionOf(seen.getCommitPosition())
    const recorded = message.getEvent()?.getEvent()
    if (recorded === undefined) continue
    const event = recordedEvent(recorded)
    if (through !== undefined && event.position > through) return { events, checkpoint: through }
    if (at === undefined || event.position > at) events.push(event)
  }
  return { events, checkpoint: checkpoint !== undefined && through !== undefined && checkpoint > through ? through : checkpoint }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
