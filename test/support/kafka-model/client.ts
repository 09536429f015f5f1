import {
  ClusterError,
  type Cluster,
  type FetchedRecord,
  type PartitionReader,
  type BaseOffset,
  type TopicRecords,
  type TransactionalProducer,
  type TransactionOptions,
} from '../../../src/egress/kafka/cluster.js'
import { withoutAborted, type RawRecord } from '../../../src/egress/kafka/protocol/aborted-records.js'
import { ProtocolError, type ModelBroker, type Produced, type TopicPartition } from './broker.js'
import { plainHeaders } from '../../../src/egress/kafka/protocol/packed-headers.js'
import type { Entry, NewRecord, ProducerEpoch } from './partition.js'

/**
 * What lies between a client and the broker. `call` resolves with the answer of a request, or rejects: with a
 * `ProtocolError` where the broker answers one, with a `ConnectionLost` where no answer comes. Requests of one
 * connection reach the broker in their order.
 */
export type Network = Readonly<{ connect: () => Connection; pause: (ms: number) => Promise<void> }>
export type Connection = Readonly<{ call: <A>(name: RequestName, request: () => A) => Promise<A> }>
export type RequestName =
  'Metadata' | 'ListOffsets' | 'Fetch' | 'InitProducerId' | 'AddPartitionsToTxn' | 'Produce' | 'EndTxn'

export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

/** Every request is answered at once, every marker is written at once, and time passes only while a client waits. */
export const calmNetwork = (broker: ModelBroker): Network => ({
  connect: () => ({
    call: async (_, request) => {
      try {
        return request()
      } finally {
        broker.writeAllMarkers()
      }
    },
  }),
  pause: async (ms) => broker.advance(ms),
})

/**
 * The port on the model broker, with a client that behaves as kafkajs does where it matters: it tries again what may be
 * tried again, with the same sequence numbers, and never the end of a transaction.
 */
export const modelCluster = (broker: ModelBroker, network: Network = calmNetwork(broker)): Cluster => ({
  reader: async () => modelReader(broker, network),
  transactionalProducer: async (options) => {
    const producer = new ModelProducer(broker, network, options)
    await producer.init()
    return producer.port()
  },
  plainProducer: async (options) => {
    const producer = new ModelProducer(broker, network, options)
    await producer.init()
    return producer.port()
  },
})

const ATTEMPTS_MAX = 5
const FIRST_PAUSE_MS = 8
/** How long a broker holds a fetch that finds nothing (fetch.max.wait.ms). */
const FETCH_WAIT_MS = 200
const RECORDS_PER_FETCH = 20

const modelReader = (broker: ModelBroker, network: Network): PartitionReader => {
  const connection = network.connect()
  const ask = <A>(name: RequestName, request: () => A): Promise<A> =>
    retried(network, isRetriable, () => connection.call(name, request))
  return {
    identify: (topics) => ask('Metadata', () => broker.identify(topics)),
    noTransactions: async () => undefined,
    partitions: (topic) => ask('Metadata', () => broker.partitionsOf(topic)),
    bounds: (topic, partition) =>
      ask('ListOffsets', () => {
        const { first, end } = broker.partition(topic, partition)
        return { first: BigInt(first), end: BigInt(end) }
      }),
    fetch: async (topic, partition, from, isolation = 'committed') => {
      const fetched = await ask('Fetch', () => {
        const log = broker.partition(topic, partition)
        return { ...log.fetch(Number(from), isolation, RECORDS_PER_FETCH), stable: BigInt(log.lastStable) }
      })
      const { entries, aborted, stable } = fetched
      const records: readonly FetchedRecord[] = withoutAborted(
        entries.map(rawOf),
        aborted.map(({ producerId, firstOffset }) => ({
          producerId: String(producerId),
          firstOffset: String(firstOffset),
        })),
      )
      const last = entries.at(-1)
      const next = last === undefined ? stable : BigInt(last.offset) + 1n
      if (next <= from) await network.pause(FETCH_WAIT_MS)
      return { records, next: next > from ? next : from, stable }
    },
    close: async () => {},
  }
}

const rawOf = ({ key, value, headers, offset, producerId, isTransactional, marker }: Entry): RawRecord => ({
  key: key === null ? null : Buffer.from(key),
  value,
  headers,
  offset: String(offset),
  isControlRecord: marker !== undefined,
  batchContext: { producerId: String(producerId ?? -1), inTransaction: isTransactional },
})

type ProducerOptions = Partial<TransactionOptions>

/**
 * An idempotent producer; with a transactional id it has transactions. It keeps the sequence numbers, and which
 * partitions the transaction has.
 */
class ModelProducer {
  private readonly broker: ModelBroker
  private readonly network: Network
  private readonly options: ProducerOptions
  private readonly connection: Connection
  private producer: ProducerEpoch | undefined
  private readonly sequences = new Map<string, number>()
  private readonly added = new Set<string>()

  constructor(broker: ModelBroker, network: Network, options: ProducerOptions) {
    this.broker = broker
    this.network = network
    this.options = options
    this.connection = network.connect()
  }

  async init(): Promise<void> {
    const { transactionalId, timeoutMs } = this.options
    const ask = () =>
      this.connection.call('InitProducerId', () => this.broker.initProducerId(transactionalId, timeoutMs ?? 0))
    // A lost answer is not asked for again, as with kafkajs.
    this.producer = await retried(this.network, (cause) => protocolErrorOf(cause) === 'CONCURRENT_TRANSACTIONS', ask)
  }

  port(): TransactionalProducer {
    return {
      begin: async () => this.added.clear(),
      send: (records) => retried(this.network, isRetriable, () => this.send(records)),
      commit: () => this.end('commit'),
      abort: () => this.end('abort'),
      disconnect: async () => {},
    }
  }

  private get identity(): ProducerEpoch {
    if (this.producer === undefined) throw new Error('the producer has no epoch')
    return this.producer
  }

  private async send(records: readonly TopicRecords[]): Promise<readonly BaseOffset[]> {
    const { transactionalId } = this.options
    const batches = batchesOf(records)
    const missing = batches.filter(({ topic, partition }) => !this.added.has(placeOf(topic, partition)))
    if (transactionalId !== undefined && missing.length > 0) {
      const partitions: readonly TopicPartition[] = missing.map(({ topic, partition }) => ({ topic, partition }))
      await this.connection.call('AddPartitionsToTxn', () =>
        this.broker.addPartitionsToTransaction(transactionalId, this.identity, partitions),
      )
      for (const { topic, partition } of missing) this.added.add(placeOf(topic, partition))
    }
    const produced = batches.map((batch): Produced => ({
      ...batch,
      firstSequence: this.sequences.get(placeOf(batch.topic, batch.partition)) ?? 0,
    }))
    const answers = await this.connection.call('Produce', () =>
      this.broker.produce(transactionalId, this.identity, produced),
    )
    for (const { topic, partition, firstSequence, records: sent } of produced)
      this.sequences.set(placeOf(topic, partition), firstSequence + sent.length)
    return answers
  }

  private async end(ending: 'commit' | 'abort'): Promise<void> {
    const { transactionalId } = this.options
    if (transactionalId === undefined || this.added.size === 0) return // nothing was sent: no broker knows of the transaction
    await retried(
      this.network,
      () => false,
      () => this.connection.call('EndTxn', () => this.broker.endTransaction(transactionalId, this.identity, ending)),
    )
  }
}

const placeOf = (topic: string, partition: number): string => `${partition} ${topic}`

/** A send has one batch for each partition. */
const batchesOf = (
  topics: readonly TopicRecords[],
): readonly Readonly<{ topic: string; partition: number; records: readonly NewRecord[] }>[] => {
  const batches = new Map<string, { topic: string; partition: number; records: NewRecord[] }>()
  for (const { topic, messages } of topics)
    for (const { key, value, partition, headers: given } of messages) {
      const headers = plainHeaders(given)
      const place = placeOf(topic, partition)
      const batch = batches.get(place)
      if (batch === undefined) batches.set(place, { topic, partition, records: [{ key, value, headers }] })
      else batch.records.push({ key, value, headers })
    }
  return [...batches.values()]
}

const protocolErrorOf = (cause: unknown): string | undefined =>
  cause instanceof ProtocolError ? cause.name : undefined

const RETRIABLE = new Set(['CONCURRENT_TRANSACTIONS', 'UNKNOWN_TOPIC_OR_PARTITION', 'NOT_LEADER_OR_FOLLOWER'])

const isRetriable = (cause: unknown): boolean =>
  cause instanceof ConnectionLost || RETRIABLE.has(protocolErrorOf(cause) ?? '')

/** Rejects with the `ClusterError` that the port promises. */
const retried = async <A>(
  network: Network,
  mayRetry: (cause: unknown) => boolean,
  attempt: () => Promise<A>,
): Promise<A> => {
  for (let attempts = 1; ; attempts++)
    try {
      return await attempt()
    } catch (cause) {
      if (!(cause instanceof ProtocolError || cause instanceof ConnectionLost)) throw cause
      if (attempts === ATTEMPTS_MAX || !mayRetry(cause))
        throw new ClusterError(cause.message, protocolErrorOf(cause), { cause })
      await network.pause(FIRST_PAUSE_MS * 2 ** attempts)
    }
}
