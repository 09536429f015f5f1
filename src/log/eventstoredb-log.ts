import { appender } from './eventstoredb-append.js'
import { connectEventStoreDb } from './eventstoredb-connection.js'
import { followEventStoreDb } from './eventstoredb-follow.js'
import { messagesOf } from './eventstoredb-read.js'
import { tails } from './eventstoredb-tails.js'
import { headRequest, positionOf, readAllRequest, readStreamRequest, recordedEvent } from './eventstoredb-wire.js'
import { writer } from './eventstoredb-writer.js'
import { LogUnavailable } from './event-log.js'
import type { EventLog, Live, Position, ReadAll, ReadStream, RecordedEvent } from './event-log.js'

export type EventStoreDbOptions = Readonly<{
  /** `esdb://…` or `esdb+discover://…`, as the official client reads it. */
  connectionString: string
  /** How long an append may wait for its answer, and a read for the next message. */
  deadlineMs?: number
  inFlightMax?: number
  inFlightBytesMax?: number
  /** Ids remembered to recognise repeats: of one stream (its newest events), and in all. */
  idsPerStream?: number
  idsMax?: number
  headPollMs?: number
  backoffMs?: number
  backoffMaxMs?: number
  giveUpMs?: number
}>

const DEFAULTS = {
  deadlineMs: 10_000,
  inFlightMax: 512,
  inFlightBytesMax: 32 * 1024 * 1024,
  idsPerStream: 20_000,
  idsMax: 400_000,
  headPollMs: 200,
  backoffMs: 100,
  backoffMaxMs: 5_000,
  giveUpMs: 60_000,
}
const BATCH_MAX = 1_000
const RACES_MAX = 20

/**
 * The log on EventStoreDB, 22.6 or later: all parts in one server. Connects at the first call. An append larger than the server's `MaxAppendSize` (a megabyte
 * unless configured) is `Refused`, as are streams that begin with `$`. Throws on a malformed connection string.
 */
export const openEventStoreDbLog = (options: EventStoreDbOptions): EventLog => {
  const limits = { ...DEFAULTS, ...options }
  const connection = connectEventStoreDb(options.connectionString)
  const closing = new AbortController()
  const closed = (): boolean => closing.signal.aborted
  const unlessClosed = (): void => {
    if (closed()) throw new LogUnavailable('the log is closed')
  }

  const append = writer(
    appender(connection, limits.deadlineMs),
    tails(connection, { idsPerStream: limits.idsPerStream, idsMax: limits.idsMax, silenceMs: limits.deadlineMs }),
    { inFlightMax: limits.inFlightMax, inFlightBytesMax: limits.inFlightBytesMax, racesMax: RACES_MAX },
    closed,
  )

  /** Events in batches of at most `batchMax`, as they come. */
  async function* eventsOf(
    request: Parameters<typeof messagesOf>[1],
    batchMax: number,
    isWanted: (event: RecordedEvent) => boolean | 'end',
  ) {
    unlessClosed()
    let batch: RecordedEvent[] = []
    for await (const messages of messagesOf(connection, request, limits.deadlineMs)) {
      unlessClosed()
      for (const message of messages) {
        const recorded = message.getEvent()?.getEvent()
        if (recorded === undefined) continue
        const event = recordedEvent(recorded)
        const wanted = isWanted(event)
        if (wanted === 'end') {
          if (batch.length > 0) yield batch
          return
        }
        if (wanted) batch.push(event)
        if (batch.length < batchMax) continue
        yield batch
        batch = []
      }
    }
    if (batch.length > 0) yield batch
  }

  const head = async (): Promise<Position | undefined> => {
    unlessClosed()
    for await (const messages of messagesOf(connection, headRequest(), limits.deadlineMs))
      for (const message of messages) {
        const event = message.getEvent()?.getEvent()
        if (event !== undefined) return positionOf(event.getCommitPosition())
      }
    return undefined
  }

  /** `through` lies in the log, or everything through its end is wanted. */
  const readThrough = ({ after, through, prefixes, batchMax = BATCH_MAX }: ReadAll) =>
    eventsOf(readAllRequest('all', after, prefixes), batchMax, ({ position }) => {
      if (through !== undefined && position > through) return 'end'
      return after === undefined || position > after
    })

  return {
    append,
    readStream: (stream, { backwards = false, from, max = Infinity, batchMax = BATCH_MAX }: ReadStream = {}) =>
      max <= 0 ? nothing() : eventsOf(readStreamRequest(stream, backwards, from, max), batchMax, () => true),
    readAll: async function* (wanted: ReadAll = {}) {
      unlessClosed()
      const last = await head()
      if (last === undefined || wanted.prefixes?.length === 0 || (wanted.after !== undefined && wanted.after >= last)) return
      const through = wanted.through !== undefined && wanted.through < last ? wanted.through : last
      yield* readThrough({ ...wanted, through })
    },
    subscribe: async function* ({ signal, ...wanted }): AsyncGenerator<Live> {
      unlessClosed()
      const end = AbortSignal.any([signal, closing.signal])
      const read = (part: ReadAll) => (part.prefixes?.length === 0 ? nothing() : readThrough(part))
      yield* followEventStoreDb(wanted, limits, { connection, head, read, jitter: Math.random, signal: end })
      if (closed() && !signal.aborted) throw closing.signal.reason
    },
    head,
    streamRevision: async (stream) => {
      for await (const [event] of eventsOf(readStreamRequest(stream, true, undefined, 1), 1, () => true)) return event?.revision
      return undefined
    },
    close: async () => {
      if (closed()) return
      closing.abort(new LogUnavailable('the log is closed'))
      await connection.close()
    },
  }
}

/** Where nothing is asked for, the server need not be either. */
async function* nothing(): AsyncGenerator<readonly RecordedEvent[]> {}
