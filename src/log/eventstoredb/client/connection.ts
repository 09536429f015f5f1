import type { Readable } from 'node:stream'
import { eventStoreDbClient } from './client.js'
import { internalsOf, streamsService } from './client-internals.js'
import type {
  BatchAppendReq,
  BatchAppendResp,
  CallArguments,
  ClientInternals,
  ReadReq,
  StreamsClient,
  TombstoneReq,
} from './client-internals.js'
import { decodeReceived } from './read-response.js'
import type { Received } from './read-response.js'
import { inTime, isWrongServer, lostConnection } from '../failure.js'
import { ACCESS_DEFAULTS } from '../options.js'
import type { EventStoreDbAccess } from '../options.js'

/** A call in progress that yields messages; `cancel` ends it. */
export type ReadCall = Omit<Readable, 'read'> & Readonly<{ cancel: () => void; read: () => Received | null }>
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
  openBatch: () => Promise<BatchCall>
  /** Deletes a stream for ever. */
  tombstone: (request: TombstoneReq) => Promise<void>
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
export const connectEventStoreDb = (access: EventStoreDbAccess, nth = 0): EventStoreDbConnection =>
  new Connection(access, nth)

const { StreamsClient: Streams, StreamsService } = streamsService

class Connection implements EventStoreDbConnection {
  readonly deadlineMs: number
  readonly #client: ClientInternals
  readonly #channel: ReturnType<typeof internalsOf>['channel']
  #latest: StreamsClient | undefined

  constructor(access: EventStoreDbAccess, nth: number) {
    const { internals, channel } = internalsOf(eventStoreDbClient(access, nth))
    this.deadlineMs = access.deadlineMs ?? ACCESS_DEFAULTS.deadlineMs
    this.#client = internals
    this.#channel = channel
  }

  renew(): void {
    if (this.#latest !== undefined) void this.#client.handleError(this.#latest, lostConnection())
  }

  channel(): unknown {
    return this.#latest
  }

  read(request: ReadReq): Promise<ReadCall> {
    const [metadata, options] = this.#client.callArguments(LEADER, FOR_EVER)
    const { path, requestSerialize } = StreamsService.read
    return this.#open(
      'read',
      (grpc) =>
        grpc.makeServerStreamRequest(path, requestSerialize, decodeReceived, request, metadata!, options) as ReadCall,
    )
  }

  openBatch(): Promise<BatchCall> {
    const callArguments = this.#client.callArguments(LEADER, FOR_EVER)
    return this.#open('append', (grpc) => grpc.batchAppend(...callArguments) as unknown as BatchCall)
  }

  async tombstone(request: TombstoneReq): Promise<void> {
    await this.#unary<StreamsClient, unknown>(Streams, 'tombstone', (grpc, [metadata, options], answer) => {
      this.#used(grpc).tombstone(request, metadata!, options!, answer)
    })
  }

  async close(): Promise<void> {
    await this.#client.dispose()
    const last = await this.#channel()?.catch(() => undefined)
    last?.close()
  }

  /**
   * Opens a call that lasts. Finding a server can take many attempts of several seconds each; a call that opens after
   * the deadline is cancelled.
   */
  async #open<T extends BatchCall | ReadCall>(name: string, begin: (grpc: StreamsClient) => T): Promise<T> {
    const opening = this.#client.GRPCStreamCreator(Streams, name, (grpc: StreamsClient) => begin(this.#used(grpc)))()
    void opening.then(
      (call) => (call as Pick<BatchCall, 'on'>).on('error', (cause) => this.#heed(cause)),
      () => undefined,
    )
    try {
      return await inTime(opening, this.deadlineMs, 'connecting')
    } catch (cause) {
      void opening.then(cancelCall, () => undefined)
      throw cause
    }
  }

  /** A call with one answer, which must come within the deadline. */
  #unary<Client, Answer>(
    service: new (...args: never[]) => Client,
    name: string,
    begin: (grpc: Client, args: CallArguments, answer: (error: Error | null, value?: Answer) => void) => void,
  ): Promise<Answer> {
    return this.#client.execute(service, name, (grpc: Client) => {
      const callArguments = this.#client.callArguments({ ...LEADER, deadline: this.deadlineMs })
      return new Promise<Answer>((resolve, reject) => {
        begin(grpc, callArguments, (error, value) => {
          if (error === null) return resolve(value as Answer)
          this.#heed(error)
          reject(error)
        })
      })
    })
  }

  #used(grpc: StreamsClient): StreamsClient {
    return (this.#latest = grpc)
  }

  #heed(cause: unknown): void {
    if (isWrongServer(cause)) this.renew()
  }
}
