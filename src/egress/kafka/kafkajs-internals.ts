import { createRequire } from 'node:module'
import { setTimeout } from 'node:timers/promises'
import type { AuthenticationProviderArgs, Authenticator, Kafka } from 'kafkajs'
import {
  coordinatorRequest,
  FIND_COORDINATOR_API_KEY,
  FIND_COORDINATOR_VERSION,
  readCoordinatorResponse,
} from './protocol/find-coordinator-v1.js'
import { withoutAborted, type AbortedTransaction, type RawRecord } from './protocol/aborted-records.js'
import { METADATA_API_KEY, METADATA_VERSION, metadataRequest, readMetadataResponse } from './protocol/metadata-v10.js'
import { kafkaDefaults, metadataMaxAgeMs, timeouts, type KafkaAddress } from './options.js'
import type { PartitionReader } from './cluster.js'
import { encodeRecord } from './protocol/record-encoder.js'

/**
 * Everything that relies on the inside of kafkajs, and not on its documented interface: its cluster object, its record
 * encoder and the form of its errors. The version is pinned to 2.2.4, which is no longer developed; a test fails when
 * another version is installed, and another when a second file of src reaches into kafkajs.
 */
const require = createRequire(import.meta.url)
const RECORD_MODULE = 'kafkajs/src/protocol/recordBatch/record/v0'

/**
 * Makes kafkajs encode records with `encodeRecord`: its own encoder allocates 512 zeroed bytes for every header.
 * kafkajs loads the encoder from this module when it sends its first batch, so this must be called before; calling it
 * again changes nothing.
 */
export const useOwnRecordEncoder = (): void => {
  require(RECORD_MODULE)
  const loaded = require.cache[require.resolve(RECORD_MODULE)]
  if (loaded === undefined) throw new Error(`${RECORD_MODULE} is not where it was: kafkajs must be version 2.2.4`)
  loaded.exports = encodeRecord
}

/**
 * The name of the protocol error behind an error of kafkajs; `undefined` if there is none. kafkajs wraps errors in
 * errors, and has no names for codes that were introduced after its last release.
 */
export const protocolErrorName = (cause: unknown): string | undefined => {
  for (let error = cause, depth = 0; error instanceof Error && depth < 5; error = innerOf(error), depth++) {
    const code = /^Unknown error code (\d+)$/.exec(error.message)?.[1]
    if (code !== undefined && newerCodes[code] !== undefined) return newerCodes[code]
    if (error.name === 'KafkaJSSASLAuthenticationError') return 'SASL_AUTHENTICATION_FAILED'
    if (error.name === 'KafkaJSServerDoesNotSupportApiKey') return 'UNSUPPORTED_VERSION'
    const { type } = error as { type?: unknown }
    if (typeof type === 'string') return type
  }
  return undefined
}

/** What an error of kafkajs wraps. Creating topics fails with an error that holds one for each topic. */
const innerOf = (error: Error): unknown => error.cause ?? (error as { errors?: readonly unknown[] }).errors?.[0]

const newerCodes: Readonly<Record<string, string>> = { 87: 'INVALID_RECORD', 90: 'PRODUCER_FENCED' }

type Fetched = Readonly<{
  responses: readonly Readonly<{
    partitions: readonly Readonly<{
      lastStableOffset: string
      highWatermark: string
      abortedTransactions: readonly AbortedTransaction[] | null
      messages: readonly RawRecord[]
    }>[]
  }>[]
}>

type Broker = Readonly<{
  /** By API key. */
  versions: Readonly<Record<number, Readonly<{ minVersion: number; maxVersion: number }>>>
  metadata: (topics: readonly string[]) => Promise<Readonly<{ clusterId?: string }>>
  connectionPool: Readonly<{
    send: (exchange: {
      request: Readonly<{ apiKey: number; apiVersion: number; apiName: string; encode: () => Promise<object> }>
      response: Readonly<{ decode: (bytes: Buffer) => Promise<object>; parse: (decoded: object) => Promise<unknown> }>
    }) => Promise<unknown>
  }>
}>

type Cluster = Readonly<{
  brokerPool: Readonly<{ findConnectedBroker: () => Promise<Broker> }>
  connect: () => Promise<void>
  disconnect: () => Promise<void>
  addTargetTopic: (topic: string) => Promise<void>
  refreshMetadata: () => Promise<void>
  findTopicPartitionMetadata: (topic: string) => readonly Readonly<{ partitionId: number; leader: number }>[]
  findBroker: (by: { nodeId: number }) => Promise<Broker & { fetch: (request: object) => Promise<Fetched> }>
  fetchTopicsOffset: (
    topics: readonly Readonly<{
      topic: string
      partitions: readonly { partition: number }[]
      fromBeginning: boolean
    }>[],
  ) => Promise<readonly Readonly<{ partitions: readonly Readonly<{ offset: string }>[] }>[]>
}>

const READ_COMMITTED = 1
const READ_UNCOMMITTED = 0
const FETCH_WAIT_MS = 200
const ATTEMPTS_MAX = 7
const FIRST_PAUSE_MS = 10
const FETCH_BYTES_MAX = 1024 * 1024

const connectedCluster = async (
  kafka: Kafka,
  { brokers, clientId = kafkaDefaults.clientId, sasl, socketFactory, retries = 8 }: KafkaAddress,
): Promise<Cluster> => {
  const ClusterOfKafkajs = require('kafkajs/src/cluster') as new (options: object) => Cluster
  const defaultSockets = require('kafkajs/src/network/socketFactory') as () => NonNullable<
    KafkaAddress['socketFactory']
  >
  const cluster = new ClusterOfKafkajs({
    logger: kafka.logger(),
    socketFactory: socketFactory ?? defaultSockets(),
    brokers: [...brokers],
    sasl,
    clientId,
    ...timeouts,
    metadataMaxAge: metadataMaxAgeMs,
    retry: { initialRetryTime: 20, maxRetryTime: 1_000, multiplier: 2, factor: 0.2, retries },
    allowAutoTopicCreation: false,
    maxInFlightRequests: 1,
    isolationLevel: READ_UNCOMMITTED, // the bounds are those of the log, not of its stable part
  })
  await cluster.connect()
  return cluster
}

/** See `PartitionReader`. */
export const partitionReader = async (kafka: Kafka, address: KafkaAddress): Promise<PartitionReader> => {
  const cluster = await connectedCluster(kafka, address)
  // Some brokers learn of a new topic, or of a new leader, before others.
  const retrying = async <A>(ask: () => Promise<A>): Promise<A> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask()
      } catch (cause) {
        if ((cause as { retriable?: boolean }).retriable !== true || attempt >= ATTEMPTS_MAX) throw cause
        await setTimeout(FIRST_PAUSE_MS * 2 ** attempt)
        await cluster.refreshMetadata()
      }
    }
  }
  const offset = (topic: string, partition: number, fromBeginning: boolean): Promise<bigint> =>
    retrying(async () => {
      const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning }])
      const at = found?.partitions[0]?.offset
      if (at === undefined) throw new Error(`${topic} did not tell the bounds of partition ${partition}`)
      return BigInt(at)
    })
  return {
    identify: (topics) =>
      retrying(async () => {
        const broker = await cluster.brokerPool.findConnectedBroker()
        const { minVersion = 0, maxVersion = 0 } = broker.versions[METADATA_API_KEY] ?? {}
        if (minVersion > METADATA_VERSION || maxVersion < METADATA_VERSION)
          return { clusterId: (await broker.metadata(topics)).clusterId, topics: undefined }
        const metadata = readMetadataResponse(
          await send(broker, {
            apiKey: METADATA_API_KEY,
            apiVersion: METADATA_VERSION,
            apiName: 'Metadata',
            body: metadataRequest(topics),
          }),
        )
        const ids = [...metadata.topics].map(([name, { id }]) => [name, id] as const)
        return { clusterId: metadata.clusterId, topics: new Map(ids) }
      }),
    noTransactions: (transactionalId) =>
      retrying(async () => {
        const broker = await cluster.brokerPool.findConnectedBroker()
        const missing = TRANSACTION_APIS.filter(([key]) => broker.versions[key] === undefined).map(([, name]) => name)
        if (missing.length > 0) return `it does not offer ${missing.join(', ')}`
        const { error, text } = readCoordinatorResponse(
          await send(broker, {
            apiKey: FIND_COORDINATOR_API_KEY,
            apiVersion: FIND_COORDINATOR_VERSION,
            apiName: 'FindCoordinator',
            body: coordinatorRequest(transactionalId),
          }),
        )
        if (error === TRANSACTIONAL_ID_FORBIDDEN)
          return 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED: grant this user WRITE and DESCRIBE on the transactional id'
        return REFUSES_TRANSACTIONS.has(error) ? (text ?? `error ${error}`) : undefined
      }),
    partitions: async (topic) => {
      try {
        await cluster.addTargetTopic(topic)
      } catch (cause) {
        if ((cause as { type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION') return 0
        throw cause
      }
      return cluster.findTopicPartitionMetadata(topic).length
    },
    bounds: async (topic, partition) => ({
      first: await offset(topic, partition, true),
      end: await offset(topic, partition, false),
    }),
    fetch: (topic, partition, from, isolation = 'committed') =>
      retrying(async () => {
        const leader = cluster
          .findTopicPartitionMetadata(topic)
          .find(({ partitionId }) => partitionId === partition)?.leader
        if (leader === undefined) throw new Error(`${topic} has no partition ${partition}`)
        const broker = await cluster.findBroker({ nodeId: leader })
        const { responses } = await broker.fetch({
          isolationLevel: isolation === 'committed' ? READ_COMMITTED : READ_UNCOMMITTED,
          maxWaitTime: FETCH_WAIT_MS,
          minBytes: 1,
          maxBytes: FETCH_BYTES_MAX,
          topics: [{ topic, partitions: [{ partition, fetchOffset: String(from), maxBytes: FETCH_BYTES_MAX }] }],
        })
        const answer = responses[0]?.partitions[0]
        if (answer === undefined) return { records: [], next: from, stable: from }
        const records = withoutAborted(answer.messages, answer.abortedTransactions ?? []).filter(
          (record) => record.offset >= from,
        )
        const last = answer.messages.at(-1)
        // No messages below the last stable offset: compaction has removed the rest.
        const stable = BigInt(answer.lastStableOffset)
        const next = last !== undefined ? BigInt(last.offset) + 1n : stable
        return { records, next: next > from ? next : from, stable }
      }),
    close: () => cluster.disconnect(),
  }
}

/** What transactions need, by API key. */
const TRANSACTION_APIS = [
  [FIND_COORDINATOR_API_KEY, 'FindCoordinator'],
  [22, 'InitProducerId'],
  [24, 'AddPartitionsToTxn'],
  [26, 'EndTxn'],
] as const

/** UNSUPPORTED_VERSION and INVALID_REQUEST: what brokers answer that have coordinators of consumer groups only. */
const REFUSES_TRANSACTIONS = new Set([35, 42])
const TRANSACTIONAL_ID_FORBIDDEN = 53

/** A request of the protocol in our own bytes: what follows the client id of its header. */
export type RawRequest = Readonly<{ apiKey: number; apiVersion: number; apiName: string; body: Buffer }>

/** Requests that kafkajs does not know. */
export type RawRequests = Readonly<{
  /** The versions that the broker offers of each API, by its key. */
  versions: () => Promise<Broker['versions']>
  /** Resolves with what follows the correlation id. Without `nodeId` any broker is asked. */
  send: (request: RawRequest, nodeId?: number) => Promise<Buffer>
  close: () => Promise<void>
}>

export const rawRequests = async (kafka: Kafka, address: KafkaAddress): Promise<RawRequests> => {
  const cluster = await connectedCluster(kafka, address)
  await cluster.refreshMetadata()
  return {
    versions: async () => (await cluster.brokerPool.findConnectedBroker()).versions,
    send: async (request, nodeId) =>
      send(
        nodeId === undefined ? await cluster.brokerPool.findConnectedBroker() : await cluster.findBroker({ nodeId }),
        request,
      ),
    close: () => cluster.disconnect(),
  }
}

/** Sends a request that kafkajs does not know to a broker; resolves with what follows the correlation id. */
const send = async ({ connectionPool }: Broker, { body, ...request }: RawRequest): Promise<Buffer> => {
  const Encoder = require('kafkajs/src/protocol/encoder') as new () => { writeBuffer: (bytes: Buffer) => object }
  const answer = await connectionPool.send({
    request: { ...request, encode: async () => new Encoder().writeBuffer(body) },
    // kafkajs reads the throttle time from what `decode` gives.
    response: { decode: async (bytes) => ({ bytes, clientSideThrottleTime: 0 }), parse: async (decoded) => decoded },
  })
  return (answer as { bytes: Buffer }).bytes
}

/** kafkajs's own exchange of SASL SCRAM, with these credentials. */
export const kafkajsScram = (
  mechanism: 'scram-sha-256' | 'scram-sha-512',
  credentials: Readonly<{ username: string; password: string }>,
  args: AuthenticationProviderArgs,
): Authenticator => {
  const file = mechanism === 'scram-sha-256' ? 'scram256' : 'scram512'
  const provider = require(`kafkajs/src/broker/saslAuthenticator/${file}`) as (
    sasl: object,
  ) => (args: AuthenticationProviderArgs) => Authenticator
  return provider(credentials)(args)
}
