import type { ReadReq } from '../client/client-internals.js'
import { cancelCall } from '../client/connection.js'
import type { EventStoreDbConnection, ReadCall } from '../client/connection.js'
import type { Received } from '../client/read-response.js'
import { exceptionOf } from '../failure.js'
import { LogUnavailable } from '../../event-log.js'
import type { ReadStream, RecordedEvent } from '../../event-log.js'
import { readStreamRequest } from '../client/wire.js'

/** Events per batch, unless told otherwise. */
export const BATCH_MAX = 1_000

/** The next result of a call: messages (at least one), its end, or silence for the time given. */
export type Heard = readonly Received[] | 'end' | 'silence'

/**
 * A reading call whose ready messages are taken together, without a promise for each. Not reading holds the server
 * back. `next` throws `LogUnavailable` when the call breaks off.
 */
export type Listening = Readonly<{
  next: (max: number, silenceMs: number, signal?: AbortSignal) => Promise<Heard>
  end: () => void
}>

const unavailable = (cause: unknown): LogUnavailable =>
  cause instanceof LogUnavailable
    ? cause
    : new LogUnavailable(`EventStoreDB: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })

export const listen = async (connection: EventStoreDbConnection, request: ReadReq): Promise<Listening> => {
  const call = await connection.read(request).catch((cause: unknown) => {
    throw unavailable(cause)
  })
  let failure: LogUnavailable | undefined
  let isOver = false
  let wake = (): void => undefined
  const hear = (): void => wake()
  call.on('readable', hear)
  call.on('end', () => {
    isOver = true
    wake()
  })
  call.on('error', (cause) => {
    failure ??= unavailable(cause)
    wake()
  })
  // A call whose connection is closed by another call's error may close without `end` or `error`.
  call.on('close', () => {
    if (!isOver) failure ??= new LogUnavailable('EventStoreDB: the call was closed')
    wake()
  })

  return {
    next: async (max, silenceMs, signal) => {
      const until = Date.now() + silenceMs
      for (;;) {
        const messages = drain(call, max)
        if (messages.length > 0) return messages
        if (failure !== undefined) throw failure
        if (isOver) return 'end'
        const left = until - Date.now()
        if (left <= 0 || signal?.aborted === true) return 'silence'
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left)
          wake = () => {
            clearTimeout(timer)
            signal?.removeEventListener('abort', wake)
            resolve()
          }
          signal?.addEventListener('abort', wake, { once: true })
        })
        signal?.removeEventListener('abort', wake)
      }
    },
    end: () => {
      isOver = true
      cancelCall(call)
    },
  }
}

const drain = (call: ReadCall, max: number): readonly Received[] => {
  const messages: Received[] = []
  for (let message: Received | null; messages.length < max && (message = call.read()) !== null;) messages.push(message)
  return messages
}

/**
 * Servers before 21.10 end the read of a stream that does not exist with an error, and all servers that of an erased
 * one. Either stream holds nothing.
 */
const saysNothingThere = (failure: unknown): boolean =>
  failure instanceof LogUnavailable && ['stream-not-found', 'stream-deleted'].includes(exceptionOf(failure.cause) ?? '')

/**
 * Every message of a call that ends by itself, or until `signal` aborts.
 *
 * @throws LogUnavailable if the server is silent for longer than the deadline.
 */
export async function* messagesOf(
  connection: EventStoreDbConnection,
  request: ReadReq,
  signal?: AbortSignal,
): AsyncGenerator<readonly Received[]> {
  const listening = await listen(connection, request)
  try {
    for (;;) {
      const heard = await listening.next(1_000, connection.deadlineMs, signal)
      if (heard === 'end' || signal?.aborted === true) return
      if (heard === 'silence') throw new LogUnavailable(`EventStoreDB: no answer for ${connection.deadlineMs} ms`)
      yield heard
    }
  } catch (failure) {
    if (!saysNothingThere(failure)) throw failure
  } finally {
    listening.end()
  }
}

/** The events of one stream in batches. Ends early when `signal` aborts. */
export async function* readStreamEvents(
  connection: EventStoreDbConnection,
  stream: string,
  { backwards = false, from, max = Infinity, batchMax = BATCH_MAX }: ReadStream,
  signal?: AbortSignal,
): AsyncGenerator<readonly RecordedEvent[]> {
  if (max <= 0) return
  let batch: RecordedEvent[] = []
  for await (const messages of messagesOf(connection, readStreamRequest(stream, backwards, from, max), signal))
    for (const message of messages) {
      if (message.kind !== 'event') continue
      batch.push(message.event)
      if (batch.length < batchMax) continue
      yield batch
      batch = []
    }
  if (batch.length > 0 && signal?.aborted !== true) yield batch
}

/** The last revision of a stream; `undefined` if it holds nothing that can be read. */
export const lastRevisionOf = async (
  connection: EventStoreDbConnection,
  stream: string,
  signal?: AbortSignal,
): Promise<number | undefined> => {
  let last: number | undefined
  // Read to its end although one event is all there is: a call that is cancelled resets its HTTP/2 stream, and servers
  // close a connection with too many resets.
  for await (const [event] of readStreamEvents(connection, stream, { backwards: true, max: 1 }, signal))
    last = event?.revision
  return last
}
