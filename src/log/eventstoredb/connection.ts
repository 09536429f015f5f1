import type { Readable } from 'node:stream'
import { eventStoreDbClient } from './client.js'
import { featuresService, internalsOf, shared, streamsService } from './client-internals.js'
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  ReadResp,
  ServerFeaturesClient,
  StreamsClient,
  TombstoneReq,
} from './client-internals.js'
import { inTime, isUnimplemented, isWrongServer, lostConnection } from './failure.js'
import { ACCESS_DEFAULTS } from './options.js'
import type { EventStoreDbAccess } from './options.js'

/** A call in progress that yields messages; `cancel` ends it. */
export type ReadCall = Omit<Readable, 'read'> & Readonly<{ cancel: () => void; read: () => ReadResp | null }>
/** The long-lived call that carries many appends; answers arrive as `data` with the correlation id of their append. */
export type BatchCall = Readonly<{
  cancel: () => void
  write: (message: BatchAppendReq) => boolean
  on: ((event: 'data', hear: (answer: BatchAppendResp) => void) => void) &
    ((event: 'error', hear: (cause: Error) => void) => void) &
    ((event: 'end' | 'close', hear: () => void) => void)
}>

/**
 * What the adapter uses of the official client: connections, discovery, credentials and reconnection. Every call
 * requires the leader.
 */
export type EventStoreDbConnection = Readonly<{
  read: (request: ReadReq) => Promise<ReadCall>
  /**
   * One call for one append, for servers without BatchAppend. Rejects with gRPC's error; the outcome is then unknown
   * unless the error says otherwise.
   */
  append: (messages: Iterable<AppendReq>) => Promise<AppendResp>
  openBatch: () => Promise<BatchCall>
  /** Deletes a stream for ever. */
  tombstone: (request: TombstoneReq) => Promise<void>
  offersBatch: () => Promise<boolean>
  /**
   * Drops the connection; the next call connects to the server that is the leader then. Calls in progress continue on
   * the old one.
   */
  renew: () => void
  /** The channel that new calls use: another value once the connection has moved to another server. */
  channel: () => unknown
  close: () => Promise<void>
  deadlineMs: number
}>

/**
 * Ends a call whose messages are no longer read. Cancelling is not enough: a call whose last message the server has
 * already sent cannot be cancelled, and it never ends while it is unread, so disposing of the client would wait for
 * it. And the client takes a cancelled call that was not destroyed first for a lost connection.
 */
export const cancelCall = (call: Readonly<{ cancel: () => void }>): void => {
  ;(call as ReadCall).destroy()
  call.cancel()
}

const LEADER = { requiresLeader: true }
const FOR_EVER = { deadline: Infinity }

/**
 * Connects lazily: nothing is sent before the first call. Connections with a different `nth` share nothing.
 *
 * @throws Error as `eventStoreDbClient` does.
 */
export const connectEventStoreDb = (access: EventStoreDbAccess, nth = 0): EventStoreDbConnection => {
  const { internals: client, channel } = internalsOf(eventStoreDbClient(access, nth))
  const deadlineMs = access.deadlineMs ?? ACCESS_DEFAULTS.deadlineMs
  const { StreamsClient } = streamsService
  let latest: StreamsClient | undefined
  const renew = (): void => void (latest === undefined ? undefined : client.handleError(latest, lostConnection()))
  const used = (grpc: StreamsClient): StreamsClient => (latest = grpc)
  const heed = (cause: unknown): void => {
    if (isWrongServer(cause)) renew()
  }
  /**
   * Finding a server can take many attempts of several seconds each. A call that opens after the deadline is
   * cancelled.
   */
  const open = async <T extends BatchCall | ReadCall>(name: string, begin: (grpc: StreamsClient) => T): Promise<T> => {
    const opening = client.GRPCStreamCreator(StreamsClient, name, (grpc: StreamsClient) => begin(used(grpc)))()
    void opening.then(
      (call) => (call as Pick<BatchCall, 'on'>).on('error', heed),
      () => undefined,
    )
    try {
      return await inTime(opening, deadlineMs, 'connecting')
    } catch (cause) {
      void opening.then(
        (call) => cancelCall(call),
        () => undefined,
      )
      throw cause
    }
  }

  return {
    deadlineMs,
    renew,
    channel: () => latest,
    read: (request) =>
      open('read', (grpc) => grpc.read(request, ...client.callArguments(LEADER, FOR_EVER)) as ReadCall),
    openBatch: () =>
      open('append', (grpc) => grpc.batchAppend(...client.callArguments(LEADER, FOR_EVER)) as unknown as BatchCall),
    append: (messages) =>
      client.execute(StreamsClient, 'append', (grpc: StreamsClient) => {
        const [metadata, options] = client.callArguments({ ...LEADER, deadline: deadlineMs })
        return new Promise<AppendResp>((resolve, reject) => {
          const fail = (cause: Error): void => {
            heed(cause)
            reject(cause)
          }
          const call = used(grpc).append(metadata!, options!, (error, answer) =>
            error === null ? resolve(answer) : fail(error),
          )
          call.on('error', fail)
          for (const message of messages) call.write(message)
          call.end()
        })
      }),
    tombstone: (request) =>
      client.execute(StreamsClient, 'tombstone', (grpc: StreamsClient) => {
        const [metadata, options] = client.callArguments({ ...LEADER, deadline: deadlineMs })
        return new Promise<void>((resolve, reject) => {
          used(grpc).tombstone(request, metadata!, options!, (error) => {
            if (error === null) return resolve()
            heed(error)
            reject(error)
          })
        })
      }),
    // The client's own request has neither a deadline nor credentials, and it keeps a failure as long as the
    // connection.
    offersBatch: () =>
      inTime(
        client.execute(featuresService.ServerFeaturesClient, 'features', (grpc: ServerFeaturesClient) => {
          const [metadata, options] = client.callArguments({ ...LEADER, deadline: deadlineMs })
          return new Promise<boolean>((resolve, reject) => {
            grpc.getSupportedMethods(new shared.Empty(), metadata!, options!, (error, supported) => {
              if (error === null)
                resolve(supported.getMethodsList().some((method) => /^batchappend$/i.test(method.getMethodName())))
              else if (isUnimplemented(error)) resolve(false)
              else reject(error)
            })
          })
        }),
        deadlineMs,
        'asking what the server offers',
      ),
    close: async () => {
      await client.dispose()
      const last = await channel()?.catch(() => undefined)
      last?.close()
    },
  }
}
