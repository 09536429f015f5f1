import { EventStoreDBClient } from '@eventstore/db-client'
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js'
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js'
import type { Readable } from 'node:stream'

/** A call in progress that yields messages; `cancel` ends it. */
export type ReadCall = Omit<Readable, 'read'> & Readonly<{ cancel: () => void; read: () => ReadResp | null }>
/** The one long-lived call that carries many appends; answers come as `data` with the correlation id of their append. */
export type BatchCall = Readonly<{
  cancel: () => void
  write: (message: BatchAppendReq) => boolean
  on: ((event: 'data', hear: (answer: BatchAppendResp) => void) => void) &
    ((event: 'error', hear: (cause: Error) => void) => void) &
    ((event: 'end' | 'close', hear: () => void) => void)
}>

/** What we use of the official client: its connections, discovery, credentials and reconnection. */
export type EventStoreDbConnection = Readonly<{
  read: (request: ReadReq) => Promise<ReadCall>
  /** One call for one append: for servers without BatchAppend. Rejects with the client's error; the outcome is then unknown unless the error says otherwise. */
  append: (messages: Iterable<AppendReq>, deadlineMs: number) => Promise<AppendResp>
  openBatch: () => Promise<BatchCall>
  offersBatch: () => Promise<boolean>
  close: () => Promise<void>
}>

type CallArguments = Parameters<StreamsClient['read']> extends [unknown, ...infer Rest] ? Rest : never

/**
 * Members of the client that its types call protected. Its public appends and reads are of no use here: one metadata format is parsed as JSON and the
 * bytes are lost, reads of `$all` take no filter, and all clients of a process share one table of pending batch appends, where an answer that comes after
 * another client's error throws inside an event handler. Pinned exactly; `eventstoredb-faults.test.ts` would notice a change.
 */
type ClientInside = Readonly<{
  GRPCStreamCreator: <T>(service: typeof streamsService.StreamsClient, name: string, open: (client: StreamsClient) => T) => () => Promise<T>
  execute: <T>(service: typeof streamsService.StreamsClient, name: string, act: (client: StreamsClient) => Promise<T>) => Promise<T>
  callArguments: (base: Readonly<{ deadline?: number }>, call?: Readonly<{ deadline: number }>) => CallArguments
  supports: (method: unknown) => Promise<boolean>
  dispose: () => Promise<void>
  getChannel: () => Promise<Readonly<{ close: () => void }>>
}>

const FOR_EVER = { deadline: Infinity }

/** Connects lazily: nothing is sent before the first call. Throws on a malformed connection string. */
export const connectEventStoreDb = (connectionString: string): EventStoreDbConnection => {
  const client = EventStoreDBClient.connectionString(connectionString) as unknown as ClientInside
  const { StreamsClient, StreamsService } = streamsService
  return {
    read: (request) =>
      client.GRPCStreamCreator(StreamsClient, 'read', (grpc) => grpc.read(request, ...client.callArguments({}, FOR_EVER)) as ReadCall)(),
    append: (messages, deadlineMs) =>
      client.execute(StreamsClient, 'append', (grpc) => {
        const [metadata, options] = client.callArguments({ deadline: deadlineMs })
        return new Promise((resolve, reject) => {
          const call = grpc.append(metadata!, options!, (error, answer) => (error === null ? resolve(answer) : reject(error)))
          call.on('error', reject)
          for (const message of messages) call.write(message)
          call.end()
        })
      }),
    openBatch: () =>
      client.GRPCStreamCreator(
        StreamsClient,
        'append',
        (grpc) => grpc.batchAppend(...client.callArguments({}, FOR_EVER)) as unknown as BatchCall,
      )(),
    offersBatch: () => client.supports(StreamsService.batchAppend),
    close: async () => {
      await client.dispose()
      const channel = await client.getChannel().catch(() => undefined)
      channel?.close()
    },
  }
}
