import kafkajs from 'kafkajs'
import type { Transaction } from 'kafkajs'
import { ClusterError, type Cluster, type PartitionReader, type TransactionalProducer } from './cluster.js'
import { kafkaClient, transactionalProducer } from './connection.js'
import { partitionReader, protocolErrorName } from './kafkajs-internals.js'
import type { KafkaAddress } from './options.js'

/** A Kafka cluster reached with kafkajs. It does nothing until a reader or a producer is asked for. */
export const kafkajsCluster = (address: KafkaAddress): Cluster => {
  const kafka = kafkaClient(address)
  return {
    reader: async () => {
      const reader = await translated(() => partitionReader(kafka, address))
      return {
        identify: (topics) => translated(() => reader.identify(topics)),
        noTransactions: (transactionalId) => translated(() => reader.noTransactions(transactionalId)),
        partitions: (topic) => translated(() => reader.partitions(topic)),
        bounds: (topic, partition) => translated(() => reader.bounds(topic, partition)),
        fetch: (...args) => translated(() => reader.fetch(...args)),
        close: () => translated(() => reader.close()),
      } satisfies PartitionReader
    },
    transactionalProducer: async ({ transactionalId, timeoutMs, compression }) => {
      const producer = transactionalProducer(kafka, transactionalId, timeoutMs)
      const codec = codecs[compression]
      // kafkajs asks for the epoch when the first transaction begins.
      let begun: Transaction | undefined
      try {
        await translated(() => producer.connect())
        begun = await translated(() => producer.transaction())
      } catch (cause) {
        await producer.disconnect().catch(() => {})
        throw cause
      }
      let transaction: Transaction | undefined
      const current = (): Transaction => {
        if (transaction === undefined) throw new ClusterError('no transaction has begun', undefined)
        return transaction
      }
      return {
        begin: async () => {
          transaction = begun ?? (await translated(() => producer.transaction()))
          begun = undefined
        },
        send: async (records) => {
          const topicMessages = records.map(({ topic, messages }) => ({ topic, messages }))
          await translated(() => current().sendBatch({ acks: -1, compression: codec, topicMessages }))
        },
        commit: () => translated(() => current().commit()),
        abort: () => translated(() => current().abort()),
        disconnect: () => translated(() => producer.disconnect()),
      } satisfies TransactionalProducer
    },
  }
}

const codecs = { none: kafkajs.CompressionTypes.None, gzip: kafkajs.CompressionTypes.GZIP } as const

const translated = async <A>(call: () => Promise<A>): Promise<A> => {
  try {
    return await call()
  } catch (cause) {
    if (cause instanceof ClusterError) throw cause
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ClusterError(message, protocolErrorName(cause), { cause })
  }
}
