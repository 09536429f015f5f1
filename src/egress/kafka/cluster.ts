import type { RecordHeaders } from './protocol/packed-headers.js'

/**
 * What the sink asks of a Kafka cluster, in Kafka's terms. kafkajs implements it (`kafkajs-cluster.ts`), and so does the
 * model broker of the tests.
 *
 * Every call rejects with a `ClusterError`. After a call of a producer has rejected, its outcome is unknown unless the
 * protocol error says otherwise: the request or the answer may be lost.
 */
export type Cluster = Readonly<{
  /** Connects a reader. */
  reader: () => Promise<PartitionReader>
  /**
   * Connects a producer and asks for its epoch (InitProducerId). Once this has resolved, every earlier producer of the
   * transactional id is fenced, and the transaction that it left open is aborted.
   */
  transactionalProducer: (options: TransactionOptions) => Promise<TransactionalProducer>
  /** Connects a producer without transactions. It fences nobody, and nobody fences it. */
  plainProducer: (options: Pick<TransactionOptions, 'compression'>) => Promise<PlainProducer>
}>

export type TransactionOptions = Readonly<{
  transactionalId: string
  /** The coordinator aborts a transaction that stays open for longer (transaction.timeout.ms). */
  timeoutMs: number
  compression: 'none' | 'gzip'
}>

/**
 * `begin`, then `send` as often as needed, then `commit` or `abort`; then `begin` again. The calls are made one after
 * the other. A producer that has rejected one of them is only aborted and disconnected: whoever goes on connects a new
 * one. One exception: a send to a single partition that is rejected with MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE or
 * INVALID_RECORD has appended nothing, and the transaction goes on.
 */
export type TransactionalProducer = Readonly<{
  /** Asks the cluster nothing. */
  begin: () => Promise<void>
  /**
   * Adds the partitions to the transaction and appends the records, acknowledged by all in-sync replicas. Resolves with
   * the offset that the first record got on each partition; the others follow it without gaps.
   */
  send: (records: readonly TopicRecords[]) => Promise<readonly BaseOffset[]>
  commit: () => Promise<void>
  abort: () => Promise<void>
  disconnect: () => Promise<void>
}>

/**
 * A producer without transactions: what a send appends is visible at once, and stays where the send is rejected.
 * Repeats of a request are dropped by the broker where it lets this user produce idempotently, and append the records
 * twice where it does not.
 */
export type PlainProducer = Pick<TransactionalProducer, 'send' | 'disconnect'>

/** `offset` is absent where the broker did not tell it: it had the records already, from a request whose answer was lost. */
export type BaseOffset = Readonly<{ topic: string; partition: number; offset?: number }>

/** Records of one topic in the order in which they are appended to their partitions. A topic stands in a send once. */
export type TopicRecords = { topic: string; messages: OutgoingRecord[] }

export type OutgoingRecord = {
  key: string
  /** `null`: a tombstone. */
  value: Buffer | null
  partition: number
  headers?: RecordHeaders
}

/**
 * Reads one partition without a consumer group.
 *
 * The simple way is a consumer in a group of its own. Joining a group takes seconds on a broker with default settings
 * (group.initial.rebalance.delay.ms is 3,000), and the group stays behind when the process is killed; the egress reads
 * one record each time it connects.
 */
export type PartitionReader = Readonly<{
  /**
   * Ids of the cluster and of those topics that exist. Brokers before Kafka 2.8 do not tell ids of topics; `topics` is
   * then `undefined`.
   */
  identify: (topics: readonly string[]) => Promise<Identities>
  /** Why the broker cannot run transactions of this id; `undefined` if it can, or cannot tell yet. */
  noTransactions: (transactionalId: string) => Promise<string | undefined>
  /** Number of partitions of a topic; 0 if it does not exist. */
  partitions: (topic: string) => Promise<number>
  /** First offset held, and the offset that the next record will get. */
  bounds: (topic: string, partition: number) => Promise<Readonly<{ first: bigint; end: bigint }>>
  /**
   * Records from `from` on, as many as one fetch brings; by default committed ones. `next` is where to go on: it is
   * `from` if there are none yet. `stable` is the first offset of the oldest open transaction, or the end.
   */
  fetch: (
    topic: string,
    partition: number,
    from: bigint,
    isolation?: 'committed' | 'uncommitted',
  ) => Promise<Readonly<{ records: readonly FetchedRecord[]; next: bigint; stable: bigint }>>
  close: () => Promise<void>
}>

export type Identities = Readonly<{
  clusterId: string | undefined
  topics: ReadonlyMap<string, string> | undefined
}>

export type FetchedRecord = Readonly<{
  key: Buffer | null
  value: Buffer | null
  headers: Readonly<Record<string, unknown>>
  offset: bigint
}>

/**
 * A call of the cluster that failed. `protocolError` is the name of the error in Kafka's protocol, for example
 * INVALID_PRODUCER_EPOCH; `undefined` where no broker answered.
 */
export class ClusterError extends Error {
  override readonly name = 'ClusterError'
  readonly protocolError: string | undefined

  constructor(message: string, protocolError: string | undefined, options?: ErrorOptions) {
    super(message, options)
    this.protocolError = protocolError
  }
}
