import type { ReadReq, ReadResp } from './client-internals.js'
import { backoffMs, pause } from '../backoff.js'
import type { EventStoreDbConnection } from './connection.js'
import { LogUnavailable } from '../event-log.js'
import type { Live, Position, RecordedEvent } from '../event-log.js'
import type { ReadThrough } from './parallel-readers.js'
import { BATCH_MAX, lastRevisionOf, listen, readStreamEvents } from './read.js'
import type { Listening } from './read.js'
import { headOf } from './read-all.js'
import { subscriptionHealth } from './subscription-health.js'
import type { SubscriptionState } from './subscription-health.js'
import { ascending, eventFrom, positionOf, subscribeRequest, subscribeStreamRequest } from './wire.js'

export type FollowLimits = Readonly<{
  /** Interval between requests for the head while nothing arrives. Bounds the delay of `caught-up` and checkpoints. */
  headPollMs: number
  backoffMs: number
  backoffMaxMs: number
  /** After this long without the server the subscription fails with `LogUnavailable`. */
  giveUpMs: number
  stallMs: number
}>

/**
 * What is followed: the whole log by position, or one stream by revision. A place is a position or a revision; both
 * ascend.
 */
export type Followed = Readonly<{
  /** The last place there is; `undefined` while there is none. */
  head: (signal: AbortSignal) => Promise<bigint | undefined>
  read: (after: bigint | undefined, through: bigint, signal: AbortSignal) => AsyncIterable<readonly RecordedEvent[]>
  /** The server's subscription to what comes after a place; `undefined` where nothing can match. */
  subscription: (after: bigint | undefined) => ReadReq | undefined
  placeOf: (event: RecordedEvent) => bigint
  /** The place to report with `caught-up`, for a reader that has reached `at`. */
  endOf: (at: bigint | undefined, head: bigint | undefined) => bigint | undefined
}>

export type FollowOptions = Readonly<{
  after?: bigint | undefined
  through?: bigint | undefined
  batchMax?: number | undefined
}>

export type FollowPorts = Readonly<{
  connection: EventStoreDbConnection
  /** From 0 to 1. */
  jitter: () => number
  signal: AbortSignal
  tell: (state: SubscriptionState) => void
}>

/**
 * Catches up and follows in one loop. `settling`: requests the head and reads what matches through it, so that
 * everything up to there is known. So checkpoints and `caught-up` need nothing of the server: before 23.10 it has no
 * such message, and it sends checkpoints only every so many records. `listening`: the server's subscription, from the
 * reader's place, delivers events and checkpoints; when it is silent, settle again. An event that both deliver is
 * recognised by its place. `broken`: any failure of either; after a growing pause, settle and subscribe again from the
 * reader's place. A server subscription that stops delivering loses nothing, because settling reads; it is reported
 * and opened again. Ends on abort, when `through` is reached, or when the server was away for too long.
 */
export async function* followEventStoreDb(
  followed: Followed,
  options: FollowOptions,
  limits: FollowLimits,
  ports: FollowPorts,
): AsyncGenerator<Live, void, undefined> {
  const { through, batchMax = BATCH_MAX } = options
  const { placeOf } = followed
  const { connection, signal } = ports
  if (signal.aborted || (options.after !== undefined && through !== undefined && options.after >= through)) return
  const watch = subscriptionHealth(ports.tell, limits.stallMs)
  const cursor: Cursor = { at: options.after, announced: 'never' }
  const isDone = (): boolean =>
    signal.aborted || (through !== undefined && cursor.at !== undefined && cursor.at >= through)
  let listening: Listening | undefined
  let brokenSince: number | undefined
  let failures = 0

  /** Returns whether the log has reached the reader's place: the server takes no subscription from beyond its end. */
  async function* settle(): AsyncGenerator<Live, boolean> {
    const last = await followed.head(signal)
    watch.sawHead(last, cursor.at)
    const end = last !== undefined && through !== undefined && last > through ? through : last
    if (end !== undefined && (cursor.at === undefined || end > cursor.at)) {
      for await (const events of followed.read(cursor.at, end, signal)) {
        cursor.at = placeOf(events.at(-1)!)
        if (listening !== undefined) watch.missed(placeOf(events[0]!), last!)
        yield { kind: 'events', events }
        watch.progressed()
        if (signal.aborted) return false
      }
      if (signal.aborted) return false
      if (cursor.at === undefined || end > cursor.at) {
        cursor.at = end
        yield { kind: 'checkpoint', position: end }
      }
    }
    if (signal.aborted) return false
    watch.progressed()
    watch.caughtUp()
    const position = followed.endOf(cursor.at, last)
    if (cursor.announced !== position) {
      cursor.announced = position
      yield { kind: 'caught-up', position }
    }
    return last !== undefined && (cursor.at === undefined || cursor.at <= last)
  }

  async function* heed(messages: readonly ReadResp[]): AsyncGenerator<Live> {
    const { events, checkpoint, lastSeen } = receivedIn(messages, placeOf, cursor.at, through)
    watch.received(lastSeen)
    if (events.length > 0) {
      cursor.at = placeOf(events.at(-1)!)
      yield { kind: 'events', events }
    }
    if (!isDone() && checkpoint !== undefined && (cursor.at === undefined || checkpoint > cursor.at)) {
      cursor.at = checkpoint
      yield { kind: 'checkpoint', position: checkpoint }
    }
  }

  const endListening = (): void => {
    listening?.end()
    listening = undefined
  }

  try {
    while (!isDone()) {
      try {
        const isWithin = yield* settle()
        if (isDone()) return
        failures = 0
        brokenSince = undefined
        if (watch.isSilent()) {
          endListening()
          watch.reopened()
        }
        const request = isWithin ? followed.subscription(cursor.at) : undefined
        if (request === undefined) await pause(limits.headPollMs, signal)
        else {
          listening ??= await listen(connection, request)
          // Take everything that is ready, then request the head: under a steady stream of events once per batch, not
          // once per event.
          for (let patience = limits.headPollMs; !isDone(); patience = 0) {
            const heard = await listening.next(batchMax, patience, signal)
            if (heard === 'silence') break
            if (heard === 'end') throw new LogUnavailable('EventStoreDB: the server ended the subscription')
            yield* heed(heard)
          }
        }
      } catch (cause) {
        endListening()
        if (signal.aborted && !(signal.reason instanceof LogUnavailable)) return
        watch.failed(cause)
        brokenSince ??= Date.now()
        if (signal.aborted || Date.now() - brokenSince >= limits.giveUpMs) throw cause
        await pause(
          backoffMs({ firstMs: limits.backoffMs, maxMs: limits.backoffMaxMs }, failures++, ports.jitter),
          signal,
        )
      }
    }
  } finally {
    endListening()
    watch.ended()
  }
}

type Cursor = { at: Position | undefined; announced: Position | undefined | 'never' }

/** Events after `at` and through `through`; the last checkpoint; `lastSeen`: the last place in these messages. */
const receivedIn = (
  messages: readonly ReadResp[],
  placeOf: Followed['placeOf'],
  at: bigint | undefined,
  through: bigint | undefined,
) => {
  const events: RecordedEvent[] = []
  let checkpoint: Position | undefined
  let lastSeen: Position | undefined
  for (const message of messages) {
    const seen = message.getCheckpoint()
    if (seen !== undefined) lastSeen = checkpoint = positionOf(seen.getCommitPosition())
    const recorded = message.getEvent()?.getEvent()
    if (recorded === undefined) continue
    const event = eventFrom(recorded)
    ascending(events.at(-1)?.position, event)
    const place = placeOf(event)
    lastSeen = place
    if (through !== undefined && place > through) return { events, checkpoint: through, lastSeen }
    if (at === undefined || place > at) events.push(event)
  }
  return {
    events,
    checkpoint: checkpoint !== undefined && through !== undefined && checkpoint > through ? through : checkpoint,
    lastSeen,
  }
}

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
