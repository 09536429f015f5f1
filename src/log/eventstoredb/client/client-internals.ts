import { createRequire } from 'node:module'
import { isIP } from 'node:net'
import type { EventStoreDBClient } from '@eventstore/db-client'
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import type { BatchAppendReq } from '@eventstore/db-client/generated/streams_pb.js'
import { lostConnection } from '../failure.js'

/**
 * Everything that Streamvane uses of the official client beyond its public interface. The version is pinned exactly,
 * and `client-internals.test.ts` fails if a new version moves something.
 */
export { parseConnectionString } from '@eventstore/db-client/dist/Client/parseConnectionString.js'
export { default as shared } from '@eventstore/db-client/generated/shared_pb.js'
export { default as streamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js'
export type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js'
export { default as streams } from '@eventstore/db-client/generated/streams_pb.js'
export type {
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  TombstoneReq,
} from '@eventstore/db-client/generated/streams_pb.js'

type WellKnownEmpty = NonNullable<ReturnType<BatchAppendReq.Options['getNoStream']>>
// The client's own copy of the well-known messages, wherever it is installed.
const requireFromClient = createRequire(createRequire(import.meta.url).resolve('@eventstore/db-client'))
export const { Empty: WellKnownEmpty } = requireFromClient('google-protobuf/google/protobuf/empty_pb.js') as {
  Empty: new () => WellKnownEmpty
}

type TlsCredentials = {
  _createSecureConnector: (...target: readonly unknown[]) => Readonly<{ connectionOptions: { servername?: string } }>
}
const { credentials } = requireFromClient('@grpc/grpc-js') as {
  credentials: { createSsl: (...args: readonly unknown[]) => TlsCredentials }
}

/**
 * Makes a client that reaches servers which are given by address over TLS. gRPC hands the host of a server over as TLS
 * server name, also if it is an address: RFC 6066 forbids that, and Node 26 refuses it. Without a server name the
 * certificate is checked against the host all the same, which is the address.
 */
export const withAddressesAsHosts = <Client>(make: () => Client): Client => {
  const { createSsl } = credentials
  credentials.createSsl = (...args) => {
    const made = createSsl(...args)
    const connector = made._createSecureConnector.bind(made)
    made._createSecureConnector = (...target) => {
      const secure = connector(...target)
      if (isIP(secure.connectionOptions.servername ?? '') !== 0) delete secure.connectionOptions.servername
      return secure
    }
    return made
  }
  try {
    return make()
  } finally {
    credentials.createSsl = createSsl
  }
}

export type CallArguments = Parameters<StreamsClient['read']> extends [unknown, ...infer Rest] ? Rest : never
type Inside<C, T> = (service: new (...args: never[]) => C, name: string, act: (client: C) => T) => T

/**
 * Members of the client that its types call protected. Its public appends and reads are of no use here: they parse one
 * metadata format as JSON and lose the bytes, reads of `$all` take no filter, and all clients of a process share one
 * table of pending batch appends, where an answer that comes after another client's error throws inside an event
 * handler.
 */
export type ClientInternals = {
  readonly GRPCStreamCreator: <C, T>(...args: Parameters<Inside<C, T>>) => () => Promise<T>
  readonly execute: <C, T>(...args: Parameters<Inside<C, Promise<T>>>) => Promise<T>
  readonly callArguments: (
    base: Readonly<{ deadline?: number; requiresLeader: boolean }>,
    call?: Readonly<{ deadline: number }>,
  ) => CallArguments
  readonly dispose: () => Promise<void>
  handleError: (client: unknown, error: Error) => Promise<void>
  getChannel: () => Promise<Channel>
  createChannel: () => Promise<Channel>
}

type Channel = Readonly<{ close: () => void; internalChannel: Readonly<{ options: Record<string, unknown> }> }>

/**
 * The members of a client, with its faults mended: see {@link surviveErrors}, {@link rememberChannel} and
 * {@link widenWindow}.
 */
export const internalsOf = (
  client: EventStoreDBClient,
): Readonly<{ internals: ClientInternals; channel: () => ReturnType<ClientInternals['getChannel']> | undefined }> => {
  const internals = client as unknown as ClientInternals
  const channel = rememberChannel(internals)
  widenWindow(internals)
  surviveErrors(internals)
  return { internals, channel }
}

/** The channel in use, without opening one: closing must not begin by discovering a cluster. */
const rememberChannel = (client: ClientInternals): (() => ReturnType<ClientInternals['getChannel']> | undefined) => {
  const { getChannel } = client
  let last: ReturnType<ClientInternals['getChannel']> | undefined
  client.getChannel = () => (last = getChannel())
  return () => last
}

/** Bytes that a server may send ahead of the reader. */
const WINDOW_BYTES = 4 * 1024 * 1024

/** With the 64 KiB of HTTP/2 the server waits while the last events are folded, and the reader then for the server. */
const widenWindow = (client: ClientInternals): void => {
  const { createChannel } = client
  client.createChannel = async () => {
    const channel = await createChannel()
    channel.internalChannel.options['grpc-node.flow_control_window'] = WINDOW_BYTES
    return channel
  }
}

/**
 * The client looks at every error in a promise that nobody awaits, and throws where a trailer it wants is missing: that
 * would end the process.
 */
const surviveErrors = (client: ClientInternals): void => {
  const { handleError } = client
  client.handleError = async (grpc, error) => {
    try {
      await handleError(grpc, error)
    } catch {
      await handleError(grpc, lostConnection())
    }
  }
}
