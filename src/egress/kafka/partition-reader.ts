import type { FetchedRecord } from './protocol/aborted-records.js'

/**
 * Reads one partition without a consumer group.
 *
 * The simple way is a consumer in a group of its own. Joining a group takes seconds on a broker with default settings
 * (group.initial.rebalance.delay.ms is 3,000), and the group stays behind when the process is killed; the egress reads
 * one record each time it connects. So this fetches through the cluster object inside kafkajs.
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
