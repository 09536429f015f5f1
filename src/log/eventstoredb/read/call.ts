import type { ReadReq } from '../client/client-internals.js'
import { cancelCall } from '../client/connection.js'
import type { EventStoreDbConnection } from '../client/connection.js'
import type { Received } from '../client/read-response.js'
import { exceptionOf } from '../failure.js'
import { LogUnavailable } from '../../event-log.js'

/** The next result of a call: messages (at least one), its end, or silence for the time given. */
export type Heard = readonly Received[] | 'end' | 'silence'

export type Waiting = Readonly<{
  silenceMs: number
  /** Once there is an event: how long to wait for as many messages as are wanted. */
  gatherMs?: number
  signal?: AbortSignal | undefined
}>

/**
 * A reading call. What arrives is kept ready, so that the next messages are on their way while the last ones are worked
 * on; beyond that the server is held back. `next` throws `LogUnavailable` when the call breaks off.
 */
export type Listening = Readonly<{
  next: (max: number, waiting: Waiting) => Promise<Heard>
  /** Calls back when the next message arrives, or the call is over. */
  whenHeard: (hear: () => void) => void
  end: () => void
}>

/** What is kept ready, at most: bytes of events, and messages. */
const READY_BYTES_MAX = 4 * 1024 * 1024
const READY_MAX = 8_192

const unavailable = (cause: unknown): LogUnavailable =>
  cause instanceof LogUnavailable
    ? cause
    : new LogUnavailable(`EventStoreDB: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })

export const noAnswer = (deadlineMs: number): LogUnavailable =>
  new LogUnavailable(`EventStoreDB: no answer for ${deadlineMs} ms`)

const weightOf = (message: Received): number =>
  message.kind === 'event' ? message.event.data.byteLength + message.event.metadata.byteLength : 0

export const listen = async (connection: EventStoreDbConnection, request: ReadReq): Promise<Listening> => {
  const call = await connection.read(request).catch((cause: unknown) => {
    throw unavailable(cause)
  })
  let ready: Received[] = []
  let bytes = 0
  let failure: LogUnavailable | undefined
  let isOver = false
  let wanted = 1
  let wake = (): void => undefined
  let hear = (): void => undefined

  const isFull = (): boolean => bytes >= READY_BYTES_MAX || ready.length >= READY_MAX
  const over = (cause?: unknown): void => {
    if (cause !== undefined) failure ??= unavailable(cause)
    isOver = true
    wake()
    hear()
  }
  call.on('data', (message: Received) => {
    ready.push(message)
    bytes += weightOf(message)
    if (isFull()) call.pause()
    if (ready.length >= wanted || isFull()) wake()
    hear()
  })
  call.on('end', () => over())
  call.on('error', over)
  // A call whose connection is closed by another call's error may close without `end` or `error`.
  call.on('close', () => isOver || over(new LogUnavailable('EventStoreDB: the call was closed')))

  const wait = (count: number, ms: number, signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve) => {
      wanted = count
      const timer = setTimeout(() => wake(), ms)
      wake = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', wake)
        wake = () => undefined
        resolve()
      }
      signal?.addEventListener('abort', wake, { once: true })
    })
  const take = (max: number): readonly Received[] => {
    const taken = ready.length <= max ? ready : ready.splice(0, max)
    if (taken === ready) ready = []
    for (const message of taken) bytes -= weightOf(message)
    if (!isFull()) call.resume()
    return taken
  }

  return {
    next: async (max, { silenceMs, gatherMs = 0, signal }) => {
      const until = Date.now() + silenceMs
      while (ready.length === 0) {
        if (failure !== undefined) throw failure
        if (isOver) return 'end'
        const left = until - Date.now()
        if (left <= 0 || signal?.aborted === true) return 'silence'
        await wait(1, left, signal)
      }
      if (gatherMs > 0 && bytes > 0 && ready.length < max && !isFull() && !isOver && signal?.aborted !== true)
        await wait(max, gatherMs, signal)
      return take(max)
    },
    whenHeard: (callback) => {
      hear = callback
      if (ready.length > 0 || isOver) callback()
    },
    end: () => {
      isOver = true
      cancelCall(call)
    },
  }
}

/** All servers end the read of an erased stream with an error. Such a stream holds nothing. */
const saysErased = (failure: unknown): boolean =>
  failure instanceof LogUnavailable && exceptionOf(failure.cause) === 'stream-deleted'

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
  const { deadlineMs } = connection
  const listening = await listen(connection, request)
  try {
    for (;;) {
      const heard = await listening.next(1_000, { silenceMs: deadlineMs, signal })
      if (heard === 'end' || signal?.aborted === true) return
      if (heard === 'silence') throw noAnswer(deadlineMs)
      yield heard
    }
  } catch (failure) {
    if (!saysErased(failure)) throw failure
  } finally {
    listening.end()
  }
}
