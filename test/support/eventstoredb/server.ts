/**
 * Test support: a server that speaks EventStoreDB's protocol and has faults on command. Behind it is a store in memory,
 * or a real server (`EVENTSTOREDB_URL`), to which calls and answers pass unchanged.
 */
import features from '@eventstore/db-client/generated/serverfeatures_pb.js'
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import type { TombstoneReq } from '@eventstore/db-client/generated/streams_pb.js'
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import type { Metadata } from '@grpc/grpc-js'
import { appendService } from './appends.js'
import type { Data } from './data.js'
import { noFaults } from './faults.js'
import type { Address, Faults } from './faults.js'
import { memoryData } from './memory.js'
import { gossipMessage, nameOf } from './messages.js'
import { readService } from './reads.js'
import { ACCESS_DENIED, refused, unauthenticated, UNAVAILABLE } from './refusals.js'
import type { Refusal } from './refusals.js'
import { rightsBy } from './rights.js'

export type ServerSetting = Readonly<{
  /** A store in memory of its own unless it is given. */
  data?: Data
  /** See `AppendSizes`: the defaults are those of a server of 24.10.4 or later that nobody has configured. */
  appendBytesMax?: number
  eventBytesMax?: number
  countsDataAlone?: boolean
  tls?: Readonly<{ certificate: Buffer; key: Buffer; clientCa?: Buffer }>
  /** Passwords by name, checked on every call. */
  users?: Readonly<Record<string, string>>
  /** Groups by name of a user. If they are given, rights are checked, see `rights.ts`. */
  groups?: Readonly<Record<string, readonly string[]>>
}>

export type EventStoreDbServer = Readonly<{
  at: Address
  connectionString: string
  data: Data
  faults: Faults
  /** How often each method was called. */
  calls: Readonly<Record<Method, number>>
  /** Resolves once no call is open. */
  idle: () => Promise<void>
  /** Breaks every open call. */
  drop: () => void
  /** Away: connections refused, until `back`. */
  away: () => void
  back: () => Promise<void>
  stop: () => void
}>

type Method = 'features' | 'gossip' | 'batch' | 'read' | 'subscribe' | 'tombstone'
type Call = {
  metadata: Metadata
  on: (event: string, hear: () => void) => unknown
  emit: (event: 'error', refusal: Refusal) => unknown
}
type Answer = (error: object | null, value?: unknown) => void

/** The default `MaxAppendSize`. */
const APPEND_BYTES_MAX = 1024 * 1024
const MESSAGE_BYTES_MAX = 32 * 1024 * 1024

export const startEventStoreDbServer = async (setting: ServerSetting = {}): Promise<EventStoreDbServer> => {
  const {
    data = memoryData(),
    appendBytesMax = APPEND_BYTES_MAX,
    eventBytesMax = Infinity,
    countsDataAlone = false,
    tls,
    users,
    groups,
  } = setting
  const calls: Record<Method, number> = {
    features: 0,
    gossip: 0,
    batch: 0,
    read: 0,
    subscribe: 0,
    tombstone: 0,
  }
  const open = new Set<Call>()
  const faults = noFaults()

  let waiting: (() => void)[] = []
  const gone = (call: Call): void => {
    open.delete(call)
    if (open.size > 0) return
    for (const each of waiting) each()
    waiting = []
  }
  const close = (call: Call, refusal: Refusal): void => {
    gone(call)
    call.emit('error', refusal)
  }
  /** Counts the call, and keeps it if the caller is allowed. */
  const admits = (method: Method, call: Call): boolean => {
    calls[method] += 1
    const refusal = unauthenticated(users, call.metadata)
    if (refusal !== undefined) return (call.emit('error', refusal), false)
    open.add(call)
    for (const end of ['close', 'error', 'cancelled']) call.on(end, () => gone(call))
    return true
  }
  const unary =
    (method: Method, act: (answer: Answer) => void) =>
    (call: Readonly<{ metadata: Metadata }>, answer: Answer): void => {
      calls[method] += 1
      const refusal = unauthenticated(users, call.metadata)
      if (refusal === undefined) act(answer)
      else answer(refusal)
    }

  const may = groups === undefined ? undefined : rightsBy(groups, data)
  const backend = data.backend(faults)
  const batch = appendService(backend, faults, { appendBytesMax, eventBytesMax, countsDataAlone }, may)
  const read = readService(backend, faults, open, close, may)
  const services = {
    read: (call: Parameters<typeof read>[0]) => {
      if (admits(call.request.getOptions()!.hasSubscription() ? 'subscribe' : 'read', call)) void read(call)
    },
    tombstone: (call: Readonly<{ metadata: Metadata; request: TombstoneReq }>, answer: Answer) => {
      const stream = nameOf(call.request.getOptions()?.getStreamIdentifier())
      unary('tombstone', (reply) => {
        const deleting = async (): Promise<void> => {
          if (may !== undefined && !(await may(call.metadata, 'delete', stream))) throw refused(ACCESS_DENIED)
          await backend.tombstone(stream)
        }
        deleting().then(() => reply(null, new streams.TombstoneResp()), reply)
      })(call, answer)
    },
    batchAppend: (call: Parameters<typeof batch>[0]) => {
      if (admits('batch', call)) batch(call)
    },
  }
  const supported = unary('features', (answer) => {
    const method = new features.SupportedMethod()
      .setServiceName('event_store.client.streams.streams')
      .setMethodName('batchappend')
    answer(null, new features.SupportedMethods().setEventStoreServerVersion('23.10.6').setMethodsList([method]))
  })

  const listen = async (at: number): Promise<Readonly<{ server: Server; port: number }>> => {
    const server = new Server({ 'grpc.max_receive_message_length': MESSAGE_BYTES_MAX })
    server.addService(streamsGrpc.StreamsService, services)
    // The official client asks for it; the adapter does not.
    server.addService(featuresGrpc.ServerFeaturesService, { getSupportedMethods: supported })
    // Open to everyone: the client sends no credentials when it discovers.
    const members = (_call: unknown, answer: Answer): void => {
      calls.gossip += 1
      answer(null, gossipMessage(self, faults.gossips ?? faults.leader ?? self))
    }
    server.addService(gossipGrpc.GossipService, { read: members })
    const credentials =
      tls === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(
            tls.clientCa ?? null,
            [{ cert_chain: tls.certificate, private_key: tls.key }],
            tls.clientCa !== undefined,
          )
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync(`127.0.0.1:${at}`, credentials, (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    )
    return { server, port }
  }

  let self: Address = { address: '127.0.0.1', port: 0 }
  let running = await listen(0)
  self = { ...self, port: running.port }
  const away = (): void => {
    open.clear()
    running.server.forceShutdown()
  }
  return {
    at: self,
    // The certificate is for a name.
    connectionString: tls === undefined ? `esdb://127.0.0.1:${self.port}?tls=false` : `esdb://localhost:${self.port}`,
    data,
    faults,
    calls,
    idle: () => (open.size === 0 ? Promise.resolve() : new Promise((resolve) => void waiting.push(resolve))),
    drop: () => {
      for (const call of [...open]) close(call, UNAVAILABLE)
    },
    away,
    back: async () => {
      running = await listen(self.port)
    },
    stop: away,
  }
}
