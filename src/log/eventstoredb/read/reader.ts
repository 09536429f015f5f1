import type { ReadReq } from '../client/client-internals.js'
import type { EventStoreDbConnection } from '../client/connection.js'
import type { Received } from '../client/read-response.js'
import { ascending } from '../client/wire.js'
import { isBadPosition, isTooSlow } from '../failure.js'
import { pause } from '../../backoff.js'
import { LogUnavailable } from '../../event-log.js'
import type { Live, Position, RecordedEvent } from '../../event-log.js'
import { listen, noAnswer } from './call.js'
import type { Listening } from './call.js'
import type { SubscriptionHealth } from './subscription-health.js'

/** Events per batch, unless told otherwise. */
export const BATCH_MAX = 1_000
/** How long a batch waits to be full while there is more to come. */
const GATHER_MS = 20
/** After so many intervals without a message, a subscription may have told everything there is. */
const QUIET_POLLS = 5
/** How long a read that has delivered what was wanted may take to end by itself. */
const ENDING_MS = 50

/**
 * What is read: the whole log by position, or one stream by revision. A place is a position or a revision; both ascend.
 */
export type Source = Readonly<{
  /** The last place there is; `undefined` while there is none. */
  head: (signal?: AbortSignal) => Promise<bigint | undefined>
  placeOf: (event: RecordedEvent) => bigint
  /** The server's read of what comes after a place, through the end; `undefined` where nothing can match. */
  read: (after: bigint | undefined) => ReadReq | undefined
  /** The server's subscription to what comes after a place; `undefined` where nothing can match. */
  subscription: (after: bigint | undefined) => ReadReq | undefined
  /** Whether the server is through so soon that it need not tell how far it is. */
  isShort: (after: bigint | undefined, end: bigint) => boolean
  /** The place to report with `caught-up`, for a reader that has reached `at`. */
  endOf: (at: bigint | undefined, head: bigint | undefined) => bigint | undefined
  /** Several reads at the same time, if that is worth while for this part of the log. */
  inParallel?: (
    after: bigint | undefined,
    end: bigint,
    signal: AbortSignal,
  ) => AsyncGenerator<readonly RecordedEvent[]> | undefined
}>

export type Progress = Exclude<Live, { kind: 'caught-up' }>

export type ReaderOptions = Readonly<{
  after?: bigint | undefined
  /** Nothing beyond this place is delivered. */
  through?: bigint | undefined
  batchMax?: number | undefined
}>

export type ReaderPorts = Readonly<{
  connection: EventStoreDbConnection
  signal: AbortSignal
  /** Interval between requests for the head. */
  headPollMs: number
  health?: Pick<SubscriptionHealth, 'missed' | 'received'>
}>

/** A call, and the position of the last event that it has sent. */
type Call = Listening & { last?: Position | undefined }

/**
 * Reads a source from a place on, in one way for every purpose. Through a long part of the log the server's
 * subscription leads, because it tells how far it has looked while nothing matches: a read says nothing until then. The
 * last part, and every short one, is a read, because that ends: no version tells by a subscription which place it has
 * reached. It begins when the subscription says that it has caught up, or (before 23.10 none does) is quiet; if the
 * subscription then goes on, it has not been at its end, and the read is given up.
 *
 * A checkpoint of the server's means that everything before its position has been sent, never the record at it. So what
 * counts as reached is the checkpoint before the last one.
 */
export class Reader {
  /** Everything through this place has been delivered. */
  at: bigint | undefined
  readonly #source: Source
  readonly #ports: ReaderPorts
  readonly #through: bigint | undefined
  readonly #batchMax: number
  /** The record that calls begin behind: `at`, unless the server has refused that. */
  #from: bigint | undefined
  readonly #first: bigint | undefined
  #subscription: Call | undefined
  /** The server's last checkpoint. */
  #mark: bigint | undefined
  #isLive = false
  #isQuiet = false
  #quietMs: number

  constructor(source: Source, { after, through, batchMax = BATCH_MAX }: ReaderOptions, ports: ReaderPorts) {
    this.#source = source
    this.#ports = ports
    this.#through = through
    this.#batchMax = batchMax
    this.at = this.#from = this.#first = after
    this.#quietMs = ports.headPollMs * QUIET_POLLS
  }

  /** Delivers what comes after `at` through a place that the log has reached. Ends early when the signal aborts. */
  async *upTo(end: bigint): AsyncGenerator<Progress, void> {
    while (!this.#has(end) && !this.#ports.signal.aborted)
      try {
        const several = this.#source.inParallel?.(this.at, end, this.#ports.signal)
        if (several !== undefined) yield* this.#readSeveral(several, end)
        else if (this.#isQuiet || this.#source.isShort(this.#from, end)) yield* this.#readTo(end)
        else yield* this.#advance(end)
      } catch (cause) {
        this.#mend(cause)
      }
  }

  /** Delivers what the server's subscription sends, until everything that has come is delivered. */
  async *listen(patienceMs: number): AsyncGenerator<Progress, void> {
    const { signal } = this.#ports
    try {
      const call = await this.#subscribed()
      if (call === undefined) return await pause(patienceMs, signal)
      for (let silenceMs = patienceMs; !signal.aborted && !this.#isOver(); silenceMs = 0) {
        const heard = await call.next(this.#batchMax, { silenceMs, signal })
        if (heard === 'silence') return
        yield* this.#deliver(call, afterEnd(heard))
      }
    } catch (cause) {
      this.#mend(cause)
    }
  }

  /** Ends the server's subscription. The next call opens it again. */
  endSubscription(): void {
    this.#subscription?.end()
    this.#subscription = undefined
    this.#mark = undefined
    this.#isLive = this.#isQuiet = false
  }

  /** Follows the server's subscription. */
  async *#advance(end: bigint): AsyncGenerator<Progress, void> {
    const { signal } = this.#ports
    const call = await this.#subscribed()
    const wait = { silenceMs: this.#isLive ? 0 : this.#quietMs, gatherMs: GATHER_MS, signal }
    const heard = await call?.next(this.#batchMax, wait)
    if (signal.aborted) return
    if (call === undefined || heard === undefined || heard === 'silence') this.#isQuiet = true
    else {
      yield* this.#deliver(call, afterEnd(heard))
      if (this.#mark !== undefined && this.#mark > end) yield* this.#pass(end)
    }
  }

  /** Reads to the end of the log, which must be `end` or later. */
  async *#readTo(end: bigint): AsyncGenerator<Progress, void> {
    const { connection, signal, health } = this.#ports
    const request = this.#source.read(this.#from)
    const call: Call | undefined = request === undefined ? undefined : await listen(connection, request)
    const goesOn = new AbortController()
    if (this.#isQuiet && !this.#isLive) this.#subscription?.whenHeard(() => goesOn.abort())
    const both = AbortSignal.any([signal, goesOn.signal])
    try {
      while (call !== undefined && !this.#isOver()) {
        const silenceMs = this.#has(end) ? ENDING_MS : connection.deadlineMs
        const heard = await call.next(this.#batchMax, { silenceMs, gatherMs: GATHER_MS, signal: both })
        if (signal.aborted) return
        if (heard === 'end' || (heard === 'silence' && this.#has(end))) break
        if (heard === 'silence' && goesOn.signal.aborted) return this.#waitLonger()
        if (heard === 'silence') throw noAnswer(connection.deadlineMs)
        for (const progress of this.#deliver(call, heard)) {
          if (this.#subscription !== undefined && progress.kind === 'events')
            health?.missed(this.#source.placeOf(progress.events[0]!), end)
          yield progress
        }
      }
    } finally {
      this.#subscription?.whenHeard(() => undefined)
      call?.end()
    }
    if (!this.#has(end)) await this.#expectKnown(end)
    if (signal.aborted) return
    yield* this.#pass(end)
    this.#isQuiet = false
  }

  async *#readSeveral(several: AsyncGenerator<readonly RecordedEvent[]>, end: bigint): AsyncGenerator<Progress, void> {
    for await (const events of several) {
      this.#moveTo(this.#source.placeOf(events.at(-1)!))
      yield { kind: 'events', events }
    }
    if (!this.#ports.signal.aborted) yield* this.#pass(end)
  }

  /** Delivers the events among these messages, and how far the server has looked. */
  *#deliver(call: Call, messages: readonly Received[]): Generator<Progress, void> {
    const { placeOf } = this.#source
    const events: RecordedEvent[] = []
    let [passed, seen]: (bigint | undefined)[] = [undefined, undefined]
    for (const message of messages) {
      if (message.kind === 'caught-up') this.#isLive = true
      if (message.kind === 'checkpoint' && (this.#mark === undefined || message.position > this.#mark)) {
        passed = this.#mark
        seen = this.#mark = message.position
      }
      if (message.kind !== 'event') continue
      ascending(call.last, message.event)
      call.last = message.event.position
      const place = (seen = placeOf(message.event))
      if (this.#through !== undefined && place > this.#through) {
        passed = this.#through
        break
      }
      if (this.at === undefined || place > this.at) events.push(message.event)
    }
    if (call === this.#subscription) this.#ports.health?.received(seen)
    if (this.#through !== undefined && this.#mark !== undefined && this.#mark > this.#through) passed = this.#through
    if (events.length > 0) {
      this.#moveTo(placeOf(events.at(-1)!))
      yield { kind: 'events', events }
    }
    if (passed !== undefined) yield* this.#pass(passed)
  }

  *#pass(place: bigint): Generator<Progress, void> {
    if (this.#has(place)) return
    this.#moveTo(place)
    yield { kind: 'checkpoint', position: place }
  }

  /**
   * Goes on after a failure that is none: a subscription whose consumer was slow is opened again; a place at which no
   * record begins (it came from elsewhere) is looked for from the beginning.
   */
  #mend(failure: unknown): void {
    this.endSubscription()
    const cause = failure instanceof LogUnavailable ? failure.cause : undefined
    if (isTooSlow(cause)) return
    if (this.#from === undefined || this.#from !== this.#first || !isBadPosition(cause)) throw failure
    this.#from = undefined
  }

  /** The connection may have moved to a deposed leader that does not know the last records. */
  async #expectKnown(end: bigint): Promise<void> {
    const { signal } = this.#ports
    const head = await this.#source.head(signal)
    // Without a head, what was read has been erased meanwhile.
    if (signal.aborted || head === undefined || head >= end) return
    throw new LogUnavailable(
      `EventStoreDB: this server knows the log through ${head}, another one knew it through ${end}`,
    )
  }

  async #subscribed(): Promise<Call | undefined> {
    const request = this.#subscription === undefined ? this.#source.subscription(this.#from) : undefined
    if (request !== undefined) this.#subscription = await listen(this.#ports.connection, request)
    return this.#subscription
  }

  #waitLonger(): void {
    this.#isQuiet = false
    this.#quietMs = Math.min(this.#quietMs * 2, this.#ports.connection.deadlineMs / 2)
  }

  #moveTo(place: bigint): void {
    this.at = this.#from = place
  }

  #has(place: bigint): boolean {
    return this.at !== undefined && this.at >= place
  }

  #isOver(): boolean {
    return this.#through !== undefined && this.#has(this.#through)
  }
}

const afterEnd = (heard: readonly Received[] | 'end'): readonly Received[] => {
  if (heard === 'end') throw new LogUnavailable('EventStoreDB: the server ended the subscription')
  return heard
}
