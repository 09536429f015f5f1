import { createRequire } from 'node:module'
import { setTimeout } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import type { KafkaAddress } from './options.js'

/**
 * Reads one partition without a consumer group.
 *
 * The simple way is a consumer in a group of its own. A group costs seconds to join on a broker as shipped
 * (group.initial.rebalance.delay.ms is 3,000) and stays behind when the process is killed; the egress reads one record
 * each time it connects. So this takes the cluster object inside kafkajs (pinned, and no longer changing) and fetches.
 * Aborted records are filtered here: kafkajs' own filter takes one aborted transaction into account per record, and
 * lets records of a second through when reading begins in the midst of two.
 */
export type PartitionReader = Readonly<{
  /** Number of partitions of a topic; 0 if it does not exist. */
  partitions: (topic: string) => Promise<number>
  /** First offset held, and the offset that the next record will get. */
  bounds: (topic: string, partition: number) => Promise<Readonly<{ first: bigint; end: bigint }>>
  /** Committed records from `from` on, as many as one fetch brings. `next` is where to go on. */
  fetch: (
    topic: string,
    partition: number,
    from: bigint,
  ) => Promise<Readonly<{ records: readonly FetchedRecord[]; next: bigint }>>
  close: () => Promise<void>
}>

export type FetchedRecord = Readonly<{
  key: Buffer | null
  value: Buffer | null
  headers: Readonly<Record<string, unknown>>
  offset: bigint
}>

export type RawRecord = Readonly<{
  key: Buffer | null
  value: Buffer | null
  headers: Readonly<Record<string, unknown>>
  offset: string
  isControlRecord: boolean
  batchContext: Readonly<{ producerId: string; inTransaction: boolean }>
}>
export type AbortedTransaction = Readonly<{ producerId: string; firstOffset: string }>

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

type Cluster = Readonly<{
  connect: () => Promise<void>
  disconnect: () => Promise<void>
  addTargetTopic: (topic: string) => Promise<void>
  refreshMetadata: () => Promise<void>
  findTopicPartitionMetadata: (topic: string) => readonly Readonly<{ partitionId: number; leader: number }>[]
  findBroker: (by: { nodeId: number }) => Promise<{ fetch: (request: object) => Promise<Fetched> }>
  fetchTopicsOffset: (
    topics: readonly Readonly<{
      topic: string
      partitions: readonly { partition: number }[]
      fromBeginning: boolean
    }>[],
  ) => Promise<readonly Readonly<{ partitions: readonly Readonly<{ offset: string }>[] }>[]>
}>

const inKafkajs = createRequire(import.meta.url)
const READ_COMMITTED = 1
const READ_UNCOMMITTED = 0
const FETCH_WAIT_MS = 200
const ATTEMPTS_MAX = 7
const FIRST_PAUSE_MS = 10
const FETCH_BYTES_MAX = 1024 * 1024

export const partitionReader = async (
  kafka: Kafka,
  { brokers, clientId = 'streamvane', ssl, sasl, socketFactory }: KafkaAddress,
): Promise<PartitionReader> => {
  const ClusterOfKafkajs = inKafkajs('kafkajs/src/cluster') as new (options: object) => Cluster
  const defaultSockets = inKafkajs('kafkajs/src/network/socketFactory') as () => NonNullable<
    KafkaAddress['socketFactory']
  >
  const cluster = new ClusterOfKafkajs({
    logger: kafka.logger(),
    socketFactory: socketFactory ?? defaultSockets(),
    brokers: [...brokers],
    ssl,
    sasl,
    clientId,
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    enforceRequestTimeout: true,
    metadataMaxAge: 300_000,
    retry: { initialRetryTime: 20, maxRetryTime: 1_000, multiplier: 2, factor: 0.2, retries: 8 },
    allowAutoTopicCreation: false,
    maxInFlightRequests: 1,
    isolationLevel: READ_UNCOMMITTED, // what the bounds are by: the end, not what is stable so far
  })
  await cluster.connect()
  // A topic that was just created, or whose leader just moved, is known to some brokers before others.
  const patiently = async <A>(ask: () => Promise<A>): Promise<A> => {
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
    patiently(async () => {
      const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning }])
      const at = found?.partitions[0]?.offset
      if (at === undefined) throw new Error(`${topic} did not tell the bounds of partition ${partition}`)
      return BigInt(at)
    })
  return {
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
    fetch: (topic, partition, from) =>
      patiently(async () => {
        const leader = cluster
          .findTopicPartitionMetadata(topic)
          .find(({ partitionId }) => partitionId === partition)?.leader
        if (leader === undefined) throw new Error(`${topic} has no partition ${partition}`)
        const broker = await cluster.findBroker({ nodeId: leader })
        const { responses } = await broker.fetch({
          isolationLevel: READ_COMMITTED,
          maxWaitTime: FETCH_WAIT_MS,
          minBytes: 1,
          maxBytes: FETCH_BYTES_MAX,
          topics: [{ topic, partitions: [{ partition, fetchOffset: String(from), maxBytes: FETCH_BYTES_MAX }] }],
        })
        const answer = responses[0]?.partitions[0]
        if (answer === undefined) return { records: [], next: from }
        const records = withoutAborted(answer.messages, answer.abortedTransactions ?? []).filter(
          (record) => record.offset >= from,
        )
        const last = answer.messages.at(-1)
        // Nothing there although all is stable: the rest was compacted away.
        const next = last !== undefined ? BigInt(last.offset) + 1n : BigInt(answer.lastStableOffset)
        return { records, next: next > from ? next : from }
      }),
    close: () => cluster.disconnect(),
  }
}

/** The records of a fetch without control records and those of aborted transactions. */
export const withoutAborted = (
  messages: readonly RawRecord[],
  aborted: readonly AbortedTransaction[],
): readonly FetchedRecord[] => {
  const upcoming = [...aborted].sort((a, b) => (BigInt(a.firstOffset) < BigInt(b.firstOffset) ? -1 : 1))
  const aborting = new Set<string>()
  const records: FetchedRecord[] = []
  for (const { key, value, headers, offset, isControlRecord, batchContext } of messages) {
    const at = BigInt(offset)
    for (let next = upcoming[0]; next !== undefined && BigInt(next.firstOffset) <= at; next = upcoming[0]) {
      aborting.add(next.producerId)
      upcoming.shift()
    }
    if (isControlRecord) aborting.delete(batchContext.producerId)
    else if (!(batchContext.inTransaction && aborting.has(batchContext.producerId)))
      records.push({ key, value, headers, offset: at })
  }
  return records
}
