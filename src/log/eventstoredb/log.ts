import * as E from 'fp-ts/lib/Either.js'
import { eraseStream } from './stream-administration.js'
import { appender } from './batch-append.js'
import { headOf } from './read-all.js'
import { connectEventStoreDb } from './connection.js'
import { allOf, followEventStoreDb, oneStream } from './follow.js'
import type { Followed, FollowOptions } from './follow.js'
import { readLogId } from './log-id.js'
import { readInParallel } from './parallel-readers.js'
import { LOG_DEFAULTS, withDefaults } from './options.js'
import type { EventStoreDbOptions } from './options.js'
import { lastRevisionOf, readStreamEvents } from './read.js'
import { headBarrier, streamHeads } from './stream-heads.js'
import type { SubscriptionState } from './subscription-health.js'
import { EventStoreDbWriter } from './writer.js'
import { LogUnavailable } from '../event-log.js'
import type { EventLog, Live, ReadAll, ReadStream, StreamLive, SubscribeStream } from '../event-log.js'

/** How often an append is decided again because another process wrote to its stream meanwhile. */
const RACES_MAX = 20

/**
 * The log on EventStoreDB, 22.6 or later: all parts on one server. Connects at the first call. An append larger than
 * the server's `MaxAppendSize` (a megabyte unless configured) is `Refused`, and so are appends to an erased stream and
 * to streams that begin with `$`. Wrong credentials, a server that may not write and one that is not the leader are
 * `NotAvailable`: these pass, and no event may be lost to them.
 *
 * @throws Error on a malformed connection string.
 */
export const openEventStoreDbLog = (options: EventStoreDbOptions): EventLog => {
  const limits = withDefaults(LOG_DEFAULTS, options)
  const connection = connectEventStoreDb(options)
  const connections = [
    connection,
    ...Array.from({ length: limits.readers - 1 }, (_, i) => connectEventStoreDb(options, i + 1)),
  ] as const
  const read = readInParallel(connections, limits.readersFromBytes)
  const closing = new AbortController()
  const closed = (): boolean => closing.signal.aborted
  const unlessClosed = (): void => {
    if (closed()) throw new LogUnavailable('the log is closed')
  }
  let subscriptions = 0

  const heads = streamHeads(connection, limits)
  const barrier = headBarrier(() => headOf(connection))
  const writer = new EventStoreDbWriter(
    { append: appender(connection), heads, barrier, isClosed: closed },
    { ...limits, racesMax: RACES_MAX },
  )
  const append: EventLog['append'] = (appends) => writer.append(appends)

  async function* readStream(stream: string, wanted: ReadStream = {}) {
    unlessClosed()
    for await (const batch of readStreamEvents(connection, stream, wanted, closing.signal)) {
      unlessClosed()
      yield batch
    }
    unlessClosed()
  }

  const head = async () => {
    unlessClosed()
    const last = await headOf(connection, closing.signal)
    unlessClosed()
    return last
  }

  async function* readAll(wanted: ReadAll = {}) {
    const last = await head()
    if (last === undefined || (wanted.after !== undefined && wanted.after >= last)) return
    const through = wanted.through !== undefined && wanted.through < last ? wanted.through : last
    for await (const batch of read({ ...wanted, through }, closing.signal)) {
      yield batch
      unlessClosed()
    }
    unlessClosed()
  }

  /** A listener that throws must not break the subscription it is told about. */
  const teller = (prefixes: readonly string[] | undefined) => {
    const id = subscriptions++
    return (state: SubscriptionState): void => {
      try {
        options.onSubscription?.({ id, prefixes, state })
      } catch {
        // The report is for information only.
      }
    }
  }

  async function* follow(
    followed: Followed,
    wanted: FollowOptions,
    prefixes: readonly string[] | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Live> {
    unlessClosed()
    yield* followEventStoreDb(followed, wanted, limits, {
      connection,
      jitter: Math.random,
      signal: AbortSignal.any([signal, closing.signal]),
      tell: teller(prefixes),
    })
    if (closed() && !signal.aborted) throw closing.signal.reason
  }

  const subscribe = ({ signal, prefixes, ...wanted }: ReadAll & Readonly<{ signal: AbortSignal }>) =>
    follow(allOf(connection, read, prefixes, wanted.batchMax), wanted, prefixes, signal)

  async function* subscribeStream(
    stream: string,
    { from = 0, batchMax, signal }: SubscribeStream,
  ): AsyncGenerator<StreamLive> {
    const after = from > 0 ? BigInt(from - 1) : undefined
    for await (const live of follow(oneStream(connection, stream, batchMax), { after, batchMax }, [stream], signal)) {
      if (live.kind === 'events') yield live
      if (live.kind === 'caught-up')
        yield { kind: 'caught-up', revision: live.position === undefined ? undefined : Number(live.position) }
    }
  }

  const streamRevision = async (stream: string): Promise<number | undefined> => {
    unlessClosed()
    const last = await lastRevisionOf(connection, stream, closing.signal)
    unlessClosed()
    return last
  }

  let id: string | undefined
  const logId = async (): Promise<string> => {
    unlessClosed()
    return (id ??= await readLogId(connection, append, closing.signal))
  }

  return {
    append,
    erase: async (stream) => {
      if (closed()) return E.left({ tag: 'Refused', reason: 'the log is closed' })
      const answer = await eraseStream(connection, stream, await streamRevision(stream))
      heads.forget(stream)
      return answer
    },
    readStream,
    readAll,
    subscribe,
    subscribeStream,
    id: logId,
    head,
    streamRevision,
    close: async () => {
      if (closed()) return
      closing.abort(new LogUnavailable('the log is closed'))
      await Promise.all(connections.map((each) => each.close()))
    },
  }
}
