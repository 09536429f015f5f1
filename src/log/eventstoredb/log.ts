import * as E from 'fp-ts/lib/Either.js'
import { eraseStream } from './administration/erase.js'
import { appender } from './append/batch-append.js'
import { connectEventStoreDb } from './client/connection.js'
import type { EventStoreDbConnection } from './client/connection.js'
import { largeAppender } from './large/append.js'
import { joined } from './large/join.js'
import { followEventStoreDb } from './read/follow.js'
import { readLogId } from './log-id.js'
import { eventsThrough, readInParallel } from './read/parallel-readers.js'
import { LOG_DEFAULTS, withDefaults } from './options.js'
import type { EventStoreDbOptions } from './options.js'
import { lastRevisionOf, readStreamEvents } from './read/read.js'
import { Reader } from './read/reader.js'
import type { ReaderOptions, Source } from './read/reader.js'
import { allOf, headOf, oneStream } from './read/sources.js'
import { headBarrier, streamHeads } from './append/stream-heads.js'
import type { StreamHeads } from './append/stream-heads.js'
import type { SubscriptionState } from './read/subscription-health.js'
import { EventStoreDbWriter } from './append/writer.js'
import { LogUnavailable } from '../event-log.js'
import type {
  EventLog,
  Live,
  Position,
  ReadAll,
  ReadStream,
  RecordedEvent,
  StreamLive,
  SubscribeStream,
} from '../event-log.js'

/** How often an append is decided again because another process wrote to its stream meanwhile. */
const RACES_MAX = 20

/**
 * The log on EventStoreDB, 22.6 or later: all parts on one server. Connects at the first call. What is larger than the
 * server takes at once is packed and stored in parts, see `large/form.ts`. Appends to an erased stream are `Refused`, and
 * so are those to streams that begin with `$`. Wrong credentials, a server that may not write and one that is not the leader are
 * `NotAvailable`: these pass, and no event may be lost to them.
 *
 * @throws Error on a malformed connection string.
 */
export const openEventStoreDbLog = (options: EventStoreDbOptions): EventLog => {
  const log = new ServerLog(options)
  return {
    append: (appends) => log.append(appends),
    readStream: (stream, wanted) => log.readStream(stream, wanted),
    readAll: (wanted) => log.readAll(wanted),
    readStreams: (prefixes) => log.readAll({ prefixes }),
    subscribe: (wanted) => log.subscribe(wanted),
    subscribeStream: (stream, wanted) => log.subscribeStream(stream, wanted),
    id: () => log.id(),
    head: () => log.head(),
    erase: (stream) => log.erase(stream),
    streamRevision: (stream) => log.streamRevision(stream),
    close: () => log.close(),
  }
}

class ServerLog {
  readonly #options: EventStoreDbOptions
  readonly #limits: typeof LOG_DEFAULTS
  readonly #connections: readonly [EventStoreDbConnection, ...EventStoreDbConnection[]]
  readonly #heads: StreamHeads
  readonly #writer: EventStoreDbWriter
  readonly #closing = new AbortController()
  #subscriptions = 0
  #id: string | undefined

  constructor(options: EventStoreDbOptions) {
    const limits = withDefaults(LOG_DEFAULTS, options)
    const connection = connectEventStoreDb(options)
    const others = Array.from({ length: limits.readers - 1 }, (_, i) => connectEventStoreDb(options, i + 1))
    this.#options = options
    this.#limits = limits
    this.#connections = [connection, ...others]
    this.#heads = streamHeads(connection, limits)
    this.#writer = new EventStoreDbWriter(
      {
        appender: largeAppender(appender(connection)),
        heads: this.#heads,
        barrier: headBarrier(() => headOf(connection)),
        isClosed: () => this.#isClosed,
      },
      { ...limits, racesMax: RACES_MAX },
    )
  }

  append(...args: Parameters<EventLog['append']>): ReturnType<EventLog['append']> {
    return this.#writer.append(...args)
  }

  async *readStream(stream: string, wanted: ReadStream = {}) {
    this.#unlessClosed()
    for await (const read of readStreamEvents(this.#connection, stream, wanted, this.#closing.signal))
      for await (const batch of this.#joined(read)) {
        this.#unlessClosed()
        yield batch
      }
    this.#unlessClosed()
  }

  async *readAll(wanted: ReadAll = {}) {
    const last = await this.head()
    if (last === undefined || (wanted.after !== undefined && wanted.after >= last)) return
    const through = wanted.through !== undefined && wanted.through < last ? wanted.through : last
    const ports = { connection: this.#connection, signal: this.#closing.signal, headPollMs: this.#limits.headPollMs }
    const reader = new Reader(this.#allOf(wanted), { ...wanted, through }, ports)
    for await (const read of eventsThrough(reader, through))
      for await (const batch of this.#joined(read)) {
        yield batch
        this.#unlessClosed()
      }
    this.#unlessClosed()
  }

  subscribe({ signal, prefixes, ...wanted }: ReadAll & Readonly<{ signal: AbortSignal }>): AsyncGenerator<Live> {
    return this.#follow(this.#allOf({ prefixes, ...wanted }), wanted, prefixes, signal)
  }

  async *subscribeStream(stream: string, { from = 0, batchMax, signal }: SubscribeStream): AsyncGenerator<StreamLive> {
    const after = from > 0 ? BigInt(from - 1) : undefined
    const source = oneStream(this.#connection, stream)
    for await (const live of this.#follow(source, { after, batchMax }, [stream], signal)) {
      if (live.kind === 'events') yield live
      if (live.kind === 'caught-up')
        yield { kind: 'caught-up', revision: live.position === undefined ? undefined : Number(live.position) }
    }
  }

  async id(): Promise<string> {
    this.#unlessClosed()
    return (this.#id ??= await readLogId(this.#connection, (appends) => this.append(appends), this.#closing.signal))
  }

  async head(): Promise<Position | undefined> {
    this.#unlessClosed()
    const last = await headOf(this.#connection, this.#closing.signal)
    this.#unlessClosed()
    return last
  }

  async streamRevision(stream: string): Promise<number | undefined> {
    this.#unlessClosed()
    const last = await lastRevisionOf(this.#connection, stream, this.#closing.signal)
    this.#unlessClosed()
    return last
  }

  async erase(stream: string): ReturnType<EventLog['erase']> {
    if (this.#isClosed) return E.left({ tag: 'Refused', reason: 'the log is closed' })
    const answer = await eraseStream(this.#connection, stream, await this.streamRevision(stream))
    this.#heads.forget(stream)
    return answer
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#closing.abort(new LogUnavailable('the log is closed'))
    await Promise.all(this.#connections.map((each) => each.close()))
  }

  #allOf({ prefixes, batchMax }: ReadAll): Source {
    const { readersFromBytes: fromBytes, headPollMs } = this.#limits
    return allOf(this.#connection, prefixes, (after, end, signal) =>
      readInParallel(this.#connections, { prefixes, batchMax, fromBytes, headPollMs }, [after, end], signal),
    )
  }

  async *#follow(
    source: Source,
    wanted: ReaderOptions,
    prefixes: readonly string[] | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Live> {
    this.#unlessClosed()
    const either = AbortSignal.any([signal, this.#closing.signal])
    const following = followEventStoreDb(source, wanted, this.#limits, {
      connection: this.#connection,
      jitter: Math.random,
      signal: either,
      tell: this.#reporter(prefixes),
    })
    for await (const live of following) {
      if (live.kind !== 'events') {
        yield live
        continue
      }
      let delivered: Position | undefined
      for await (const events of this.#joined(live.events, either)) {
        delivered = events.at(-1)?.position
        yield { kind: 'events', events }
      }
      // Parts are no events of the log, and so is what was removed from it.
      const { position } = live.events.at(-1)!
      if (delivered !== position && !either.aborted) yield { kind: 'checkpoint', position }
    }
    if (this.#isClosed && !signal.aborted) throw this.#closing.signal.reason
  }

  /** Reads deliver large events in one, see `joined`. */
  #joined(events: readonly RecordedEvent[], signal = this.#closing.signal): AsyncGenerator<readonly RecordedEvent[]> {
    return joined(this.#connection, events, signal)
  }

  /** A listener that throws must not break the subscription that it is told about. */
  #reporter(prefixes: readonly string[] | undefined): (state: SubscriptionState) => void {
    const id = this.#subscriptions++
    return (state) => {
      try {
        this.#options.onSubscription?.({ id, prefixes, state })
      } catch {
        // The report is for information only.
      }
    }
  }

  get #connection(): EventStoreDbConnection {
    return this.#connections[0]
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  #unlessClosed(): void {
    if (this.#isClosed) throw new LogUnavailable('the log is closed')
  }
}
