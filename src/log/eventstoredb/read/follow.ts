import type { ReadReq } from '../client/client-internals.js'
import type { Received } from '../client/read-response.js'
import { backoffMs, pause } from '../../backoff.js'
import type { EventStoreDbConnection } from '../client/connection.js'
import { LogUnavailable } from '../../event-log.js'
import type { Live, Position, RecordedEvent } from '../../event-log.js'
import { BATCH_MAX, listen } from './read.js'
import type { Listening } from './read.js'
import { subscriptionHealth } from './subscription-health.js'
import type { SubscriptionHealth, SubscriptionState } from './subscription-health.js'
import { ascending } from '../client/wire.js'

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
  const { after, through } = options
  if (ports.signal.aborted || (after !== undefined && through !== undefined && after >= through)) return
  yield* new Follower(followed, options, limits, ports).follow()
}

class Follower {
  readonly #followed: Followed
  readonly #through: bigint | undefined
  readonly #batchMax: number
  readonly #limits: FollowLimits
  readonly #ports: FollowPorts
  readonly #health: SubscriptionHealth
  #at: bigint | undefined
  #announced: bigint | undefined | 'never' = 'never'
  #listening: Listening | undefined
  #brokenSince: number | undefined
  #failures = 0

  constructor(
    followed: Followed,
    { after, through, batchMax = BATCH_MAX }: FollowOptions,
    limits: FollowLimits,
    ports: FollowPorts,
  ) {
    this.#followed = followed
    this.#at = after
    this.#through = through
    this.#batchMax = batchMax
    this.#limits = limits
    this.#ports = ports
    this.#health = subscriptionHealth(ports.tell, limits.stallMs)
  }

  async *follow(): AsyncGenerator<Live, void> {
    try {
      while (!this.#isDone()) {
        try {
          const isWithin = yield* this.#settle()
          if (this.#isDone()) return
          this.#failures = 0
          this.#brokenSince = undefined
          yield* this.#listen(isWithin)
        } catch (cause) {
          if (await this.#isOver(cause)) return
        }
      }
    } finally {
      this.#endListening()
      this.#health.ended()
    }
  }

  /** Returns whether the log has reached the reader's place: the server takes no subscription from beyond its end. */
  async *#settle(): AsyncGenerator<Live, boolean> {
    const { signal } = this.#ports
    const last = await this.#followed.head(signal)
    this.#health.sawHead(last, this.#at)
    const through = this.#through
    const end = last !== undefined && through !== undefined && last > through ? through : last
    if (end !== undefined && (this.#at === undefined || end > this.#at)) {
      for await (const events of this.#followed.read(this.#at, end, signal)) {
        this.#at = this.#followed.placeOf(events.at(-1)!)
        if (this.#listening !== undefined) this.#health.missed(this.#followed.placeOf(events[0]!), last!)
        yield { kind: 'events', events }
        this.#health.progressed()
        if (signal.aborted) return false
      }
      if (signal.aborted) return false
      if (this.#at === undefined || end > this.#at) {
        this.#at = end
        yield { kind: 'checkpoint', position: end }
      }
    }
    if (signal.aborted) return false
    this.#health.progressed()
    this.#health.caughtUp()
    const position = this.#followed.endOf(this.#at, last)
    if (this.#announced !== position) {
      this.#announced = position
      yield { kind: 'caught-up', position }
    }
    return last !== undefined && (this.#at === undefined || this.#at <= last)
  }

  /** Delivers what the server's subscription sends until it is silent, or waits if there can be no subscription. */
  async *#listen(isWithin: boolean): AsyncGenerator<Live> {
    const { connection, signal } = this.#ports
    if (this.#health.isSilent()) {
      this.#endListening()
      this.#health.reopened()
    }
    const request = isWithin ? this.#followed.subscription(this.#at) : undefined
    if (request === undefined) {
      await pause(this.#limits.headPollMs, signal)
      return
    }
    this.#listening ??= await listen(connection, request)
    // Take everything that is ready, then request the head: under a steady stream of events once per batch, not once
    // per event.
    for (let patience = this.#limits.headPollMs; !this.#isDone(); patience = 0) {
      const heard = await this.#listening.next(this.#batchMax, patience, signal)
      if (heard === 'silence') break
      if (heard === 'end') throw new LogUnavailable('EventStoreDB: the server ended the subscription')
      yield* this.#receive(heard)
    }
  }

  async *#receive(messages: readonly Received[]): AsyncGenerator<Live> {
    const { placeOf } = this.#followed
    const { events, checkpoint, lastSeen } = receivedIn(messages, placeOf, this.#at, this.#through)
    this.#health.received(lastSeen)
    if (events.length > 0) {
      this.#at = placeOf(events.at(-1)!)
      yield { kind: 'events', events }
    }
    if (!this.#isDone() && checkpoint !== undefined && (this.#at === undefined || checkpoint > this.#at)) {
      this.#at = checkpoint
      yield { kind: 'checkpoint', position: checkpoint }
    }
  }

  /** After a failure: waits before the next attempt; whether the subscription is over; throws if it gives up. */
  async #isOver(cause: unknown): Promise<boolean> {
    const { signal, jitter } = this.#ports
    const { backoffMs: firstMs, backoffMaxMs: maxMs, giveUpMs } = this.#limits
    this.#endListening()
    if (signal.aborted && !(signal.reason instanceof LogUnavailable)) return true
    this.#health.failed(cause)
    this.#brokenSince ??= Date.now()
    if (signal.aborted || Date.now() - this.#brokenSince >= giveUpMs) throw cause
    await pause(backoffMs({ firstMs, maxMs }, this.#failures++, jitter), signal)
    return false
  }

  #isDone(): boolean {
    if (this.#ports.signal.aborted) return true
    return this.#through !== undefined && this.#at !== undefined && this.#at >= this.#through
  }

  #endListening(): void {
    this.#listening?.end()
    this.#listening = undefined
  }
}

/** Events after `at` and through `through`; the last checkpoint; `lastSeen`: the last place in these messages. */
const receivedIn = (
  messages: readonly Received[],
  placeOf: Followed['placeOf'],
  at: bigint | undefined,
  through: bigint | undefined,
) => {
  const events: RecordedEvent[] = []
  let checkpoint: Position | undefined
  let lastSeen: Position | undefined
  for (const message of messages) {
    if (message.kind === 'checkpoint') lastSeen = checkpoint = message.position
    if (message.kind !== 'event') continue
    const { event } = message
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
