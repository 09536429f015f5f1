import kafkajs from 'kafkajs'
import type { Kafka, Message, Producer, RecordMetadata, TopicMessages, Transaction } from 'kafkajs'
import {
  ClusterError,
  type BaseOffset,
  type Cluster,
  type OutgoingRecord,
  type PartitionReader,
  type PlainProducer,
  type TopicRecords,
  type TransactionalProducer,
} from './cluster.js'
import { kafkaClient, plainProducer, transactionalProducer } from './connection.js'
import { partitionReader, protocolErrorName } from './kafkajs-internals.js'
import type { KafkaAddress } from './options.js'

/**
 * kafkajs can forget a call for ever: where a broker ends a connection that is being closed, the requests on it are
 * neither answered nor rejected. So each call has a limit, beyond several attempts that time out (30 s each).
 */
const LIMITS = { answerMs: 120_000, closeMs: 10_000 }

/** A Kafka cluster reached with kafkajs. It does nothing until a reader or a producer is asked for. */
export const kafkajsCluster = (address: KafkaAddress, { answerMs, closeMs } = LIMITS): Cluster => {
  const kafka = kafkaClient(address)
  const translated = translatedWithin(answerMs)
  const closed = translatedWithin(closeMs)
  return {
    reader: async () => {
      const reader = await translated(() => partitionReader(kafka, address))
      return {
        identify: (topics) => translated(() => reader.identify(topics)),
        noTransactions: (transactionalId) => translated(() => reader.noTransactions(transactionalId)),
        partitions: (topic) => translated(() => reader.partitions(topic)),
        bounds: (topic, partition) => translated(() => reader.bounds(topic, partition)),
        fetch: (...args) => translated(() => reader.fetch(...args)),
        close: () => closed(() => reader.close()),
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
        await closed(() => producer.disconnect()).catch(() => {})
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
          const topicMessages = messagesOf(records)
          return baseOffsets(
            await translated(() => current().sendBatch({ acks: -1, compression: codec, topicMessages })),
          )
        },
        commit: () => translated(() => current().commit()),
        abort: () => closed(() => current().abort()),
        disconnect: () => closed(() => producer.disconnect()),
      } satisfies TransactionalProducer
    },
    plainProducer: async ({ compression }) => {
      const producer = await connectedPlain(kafka, { translated, closed })
      const codec = codecs[compression]
      return {
        send: async (records) => {
          const topicMessages = messagesOf(records)
          return baseOffsets(
            await translated(() => producer.sendBatch({ acks: -1, compression: codec, topicMessages })),
          )
        },
        disconnect: () => closed(() => producer.disconnect()),
      } satisfies PlainProducer
    },
  }
}

/**
 * Records in the form that kafkajs takes. It spreads each into a new object and adds the two deltas; where they are there
 * already V8 copies the object as a whole, which is a hundred times as fast. Headers go through it as they are: it
 * leaves them to the record encoder, which is ours (`kafkaClient`).
 */
const messagesOf = (records: readonly TopicRecords[]): TopicMessages[] =>
  records.map(({ topic, messages }) => ({ topic, messages: messages.map(withDeltas) as Message[] }))

const withDeltas = ({ key, value, partition, headers }: OutgoingRecord) => ({
  key,
  value,
  partition,
  headers,
  offsetDelta: 0,
  timestampDelta: 0,
})

/** A broker answers -1 where it has the records of the request already. */
const baseOffsets = (answers: readonly RecordMetadata[]): readonly BaseOffset[] =>
  answers.map(({ topicName: topic, partition, baseOffset }) => {
    const offset = Number(baseOffset ?? -1)
    return { topic, partition, ...(offset >= 0 && { offset }) }
  })

/** What brokers answer that do not give this user a producer id, or give none to anybody. */
const NO_PRODUCER_ID = new Set(['CLUSTER_AUTHORIZATION_FAILED', 'UNSUPPORTED_VERSION'])

/** Idempotent if the broker lets it be. kafkajs asks for the producer id when it connects. */
const connectedPlain = async (
  kafka: Kafka,
  { translated, closed }: Readonly<{ translated: Translated; closed: Translated }>,
): Promise<Producer> => {
  const connected = async (idempotent: boolean): Promise<Producer> => {
    const producer = plainProducer(kafka, idempotent)
    try {
      await translated(() => producer.connect())
      return producer
    } catch (cause) {
      await closed(() => producer.disconnect()).catch(() => {})
      throw cause
    }
  }
  try {
    return await connected(true)
  } catch (cause) {
    if (!(cause instanceof ClusterError) || !NO_PRODUCER_ID.has(cause.protocolError ?? '')) throw cause
    return connected(false)
  }
}

const codecs = { none: kafkajs.CompressionTypes.None, gzip: kafkajs.CompressionTypes.GZIP } as const

type Translated = <A>(call: () => Promise<A>) => Promise<A>

/** Calls kafkajs. Rejects with a `ClusterError`, also where there is no answer within the limit. */
const translatedWithin =
  (limitMs: number): Translated =>
  async (call) => {
    let limit: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const message = `the client of Kafka gave no answer within ${limitMs / 1_000} s`
      limit = setTimeout(() => reject(new ClusterError(message, undefined)), limitMs)
    })
    try {
      return await Promise.race([call(), late])
    } catch (cause) {
      if (cause instanceof ClusterError) throw cause
      const message = cause instanceof Error ? cause.message : String(cause)
      throw new ClusterError(message, protocolErrorName(cause), { cause })
    } finally {
      clearTimeout(limit)
    }
  }
