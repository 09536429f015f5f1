import { backoffMs, pause } from '../../backoff.js'
import { LogUnavailable } from '../../event-log.js'
import type { Live } from '../../event-log.js'
import { Reader } from './reader.js'
import type { Progress, ReaderOptions, ReaderPorts, Source } from './reader.js'
import { subscriptionHealth } from './subscription-health.js'
import type { SubscriptionHealth, SubscriptionState } from './subscription-health.js'

export type FollowLimits = Readonly<{
  /** Interval between requests for the head while nothing arrives. Bounds the delay of `caught-up` and checkpoints. */
  headPollMs: number
  backoffMs: number
  backoffMaxMs: number
  /** After this long without the server the subscription fails with `LogUnavailable`. */
  giveUpMs: number
  stallMs: number
}>

export type FollowPorts = Pick<ReaderPorts, 'connection' | 'signal'> &
  Readonly<{
    /** From 0 to 1. */
    jitter: () => number
    tell: (state: SubscriptionState) => void
  }>

/**
 * Catches up and follows in one loop. `settling`: requests the head and reads up to it, so that everything up to there
 * is known. So checkpoints and `caught-up` need nothing of the server: before 23.10 it has no such message, and on a
 * quiet server its checkpoints never come. `listening`: the server's subscription, from the reader's place, delivers
 * events and checkpoints; when it is silent, settle again. An event that both deliver is recognised by its place.
 * `broken`: any failure of either; after a growing pause, settle and subscribe again from the reader's place. A server
 * subscription that stops delivering loses nothing, because settling reads; it is reported and opened again. Ends on
 * abort, when `through` is reached, or when the server was away for too long.
 */
export async function* followEventStoreDb(
  source: Source,
  options: ReaderOptions,
  limits: FollowLimits,
  ports: FollowPorts,
): AsyncGenerator<Live, void, undefined> {
  const { after, through } = options
  if (ports.signal.aborted || (after !== undefined && through !== undefined && after >= through)) return
  yield* new Follower(source, options, limits, ports).follow()
}

class Follower {
  readonly #source: Source
  readonly #through: bigint | undefined
  readonly #limits: FollowLimits
  readonly #ports: FollowPorts
  readonly #health: SubscriptionHealth
  readonly #reader: Reader
  #announced: bigint | undefined | 'never' = 'never'
  #brokenSince: number | undefined
  #failures = 0

  constructor(source: Source, options: ReaderOptions, limits: FollowLimits, ports: FollowPorts) {
    this.#source = source
    this.#through = options.through
    this.#limits = limits
    this.#ports = ports
    this.#health = subscriptionHealth(ports.tell, limits.stallMs)
    const { connection, signal } = ports
    this.#reader = new Reader(source, options, {
      ...{ connection, signal, headPollMs: limits.headPollMs, health: this.#health },
    })
  }

  async *follow(): AsyncGenerator<Live, void> {
    try {
      while (!this.#isDone()) {
        try {
          const isWithin = yield* this.#settle()
          if (this.#isDone()) return
          yield* this.#listen(isWithin)
        } catch (cause) {
          if (await this.#isOver(cause)) return
        }
      }
    } finally {
      this.#reader.endSubscription()
      this.#health.ended()
    }
  }

  /** Returns whether the log has reached the reader's place: the server takes no subscription from beyond its end. */
  async *#settle(): AsyncGenerator<Live, boolean> {
    const { signal } = this.#ports
    const through = this.#through
    const last = await this.#source.head(signal)
    this.#health.sawHead(last, this.#reader.at)
    const end = last !== undefined && through !== undefined && last > through ? through : last
    if (end !== undefined) yield* this.#delivered(this.#reader.upTo(end))
    if (signal.aborted) return false
    this.#works()
    this.#health.caughtUp()
    const { at } = this.#reader
    const position = this.#source.endOf(at, last)
    if (this.#announced !== position) {
      this.#announced = position
      yield { kind: 'caught-up', position }
    }
    return last !== undefined && (at === undefined || at <= last)
  }

  /** Delivers what the server's subscription sends until it is silent, or waits if there can be no subscription. */
  async *#listen(isWithin: boolean): AsyncGenerator<Live> {
    const { headPollMs } = this.#limits
    if (this.#health.isSilent()) {
      this.#reader.endSubscription()
      this.#health.reopened()
    }
    if (isWithin) yield* this.#delivered(this.#reader.listen(headPollMs))
    else await pause(headPollMs, this.#ports.signal)
  }

  async *#delivered(messages: AsyncIterable<Progress>): AsyncGenerator<Progress> {
    for await (const message of messages) {
      yield message
      this.#works()
      if (this.#ports.signal.aborted) return
    }
  }

  #works(): void {
    this.#health.progressed()
    this.#failures = 0
    this.#brokenSince = undefined
  }

  /** After a failure: waits before the next attempt; whether the subscription is over; throws if it gives up. */
  async #isOver(cause: unknown): Promise<boolean> {
    const { signal, jitter } = this.#ports
    const { backoffMs: firstMs, backoffMaxMs: maxMs, giveUpMs } = this.#limits
    this.#reader.endSubscription()
    if (signal.aborted && !(signal.reason instanceof LogUnavailable)) return true
    this.#health.failed(cause)
    this.#brokenSince ??= Date.now()
    if (signal.aborted || Date.now() - this.#brokenSince >= giveUpMs) throw cause
    await pause(backoffMs({ firstMs, maxMs }, this.#failures++, jitter), signal)
    return false
  }

  #isDone(): boolean {
    const { at } = this.#reader
    return this.#ports.signal.aborted || (this.#through !== undefined && at !== undefined && at >= this.#through)
  }
}
