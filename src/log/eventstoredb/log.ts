import * as E from 'fp-ts/lib/Either.js'
import { eraseStream } from './erase.js'
import { appender } from './append.js'
import { BATCH_MAX, headOf } from './all.js'
import { connectEventStoreDb } from './connection.js'
import { followEventStoreDb } from './follow.js'
import { readThroughLanes } from './parallel-readers.js'
import { LOG_DEFAULTS, withDefaults } from './options.js'
import type { EventStoreDbOptions } from './options.js'
import { messagesOf } from './read.js'
import { recordedEvent } from './recorded.js'
import { readStreamRequest } from './request.js'
import { tails } from './stream-heads.js'
import type { SubscriptionState } from './subscription-health.js'
import { watermarks } from './head-barrier.js'
import { writer } from './writer.js'
import { LogUnavailable } from '../event-log.js'
import type { EventLog, Live, ReadAll, ReadStream, RecordedEvent } from '../event-log.js'

/** Times an append is decided anew because somebody else wrote to its stream meanwhile. */
const RACES_MAX = 20

/**
 * The log on EventStoreDB, 22.6 or later: all parts in one server. Connects at the first call. An append larger than
 * the server's `MaxAppendSize` (a megabyte unless configured) is `Refused`, as are appends to an erased stream and to
 * streams that begin with `$`. Wrong credentials, a server that may not write and one that is not the leader are
 * `NotAvailable`: they pass, and the events must not be lost over them. Throws on a malformed connection string.
 */
export const openEventStoreDbLog = (options: EventStoreDbOptions): EventLog => {
  const limits = withDefaults(LOG_DEFAULTS, options)
  const connection = connectEventStoreDb(options)
  const connections = [
    connection,
    ...Array.from({ length: limits.readers - 1 }, (_, i) => connectEventStoreDb(options, i + 1)),
  ] as const
  const read = readThroughLanes(connections, limits.readersFromBytes)
  const closing = new AbortController()
  const closed = (): boolean => closing.signal.aborted
  const unlessClosed = (): void => {
    if (closed()) throw new LogUnavailable('the log is closed')
  }
  let subscriptions = 0

  const known = tails(connection, limits)
  const append = writer(
    appender(connection),
    known,
    watermarks(() => headOf(connection)),
    { ...limits, racesMax: RACES_MAX },
    closed,
  )

  async function* readStream(
    stream: string,
    { backwards = false, from, max = Infinity, batchMax = BATCH_MAX }: ReadStream = {},
  ) {
    unlessClosed()
    if (max <= 0) return
    let batch: RecordedEvent[] = []
    for await (const messages of messagesOf(
      connection,
      readStreamRequest(stream, backwards, from, max),
      closing.signal,
    ))
      for (const message of messages) {
        const recorded = message.getEvent()?.getEvent()
        if (recorded === undefined) continue
        batch.push(recordedEvent(recorded))
        if (batch.length < batchMax) continue
        yield batch
        batch = []
        unlessClosed()
      }
    unlessClosed()
    if (batch.length > 0) yield batch
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

  /** Whoever listens must not be able to break what is listened to. */
  const teller = (prefixes: readonly string[] | undefined) => {
    const id = subscriptions++
    return (state: SubscriptionState): void => {
      try {
        options.onSubscription?.({ id, prefixes, state })
      } catch {
        // Health is told, not asked.
      }
    }
  }

  async function* subscribe({ signal, ...wanted }: ReadAll & Readonly<{ signal: AbortSignal }>): AsyncGenerator<Live> {
    unlessClosed()
    const ports = {
      connection,
      read,
      jitter: Math.random,
      signal: AbortSignal.any([signal, closing.signal]),
      tell: teller(wanted.prefixes),
    }
    yield* followEventStoreDb(wanted, limits, ports)
    if (closed() && !signal.aborted) throw closing.signal.reason
  }

  const streamRevision = async (stream: string): Promise<number | undefined> => {
    for await (const [event] of readStream(stream, { backwards: true, max: 1 })) return event?.revision
    return undefined
  }

  return {
    append,
    erase: async (stream) => {
      if (closed()) return E.left({ tag: 'Refused', reason: 'the log is closed' })
      const answer = await eraseStream(connection, stream, await streamRevision(stream))
      known.forget(stream)
      return answer
    },
    readStream,
    readAll,
    subscribe,
    head,
    streamRevision,
    close: async () => {
      if (closed()) return
      closing.abort(new LogUnavailable('the log is closed'))
      await Promise.all(connections.map((each) => each.close()))
    },
  }
}
