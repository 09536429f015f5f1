import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'
import kafkajs from 'kafkajs'
import type { Kafka, Producer, Transaction } from 'kafkajs'
import { kafkaClient, transactionalProducer } from './kafka-connection.js'
import { kafkaVerdict } from './kafka-failures.js'
import { defaultProgressTopic, transactionalIdOf, type KafkaSinkOptions } from './kafka-options.js'
import { partitionReader } from './kafka-partition.js'
import { encodeProgress, readProgress, type Owner, type ProgressRecord } from './kafka-progress.js'
import { avroValues, cutIntoSends, jsonValues, partitioning, type TopicMessages, type ValueOf } from './kafka-records.js'
import { registerSchemas, type SchemaIds } from './schema-registration.js'
import type { Progress, Sink, SinkBatch, SinkFailure } from './sink.js'
import { defaultTopics, topicNames } from './topics.js'

type Connected = Readonly<{ producer: Producer; owner: Owner; values: ValueOf; partitionOf: (topic: string, key: string) => number }>

/**
 * Rows on Kafka, exactly once: a batch and its progress record are one transaction under a stable transactional id.
 *
 * Disconnected → (connect: register schemas, fence, read progress, claim) → connected → (any failure, or close) → disconnected. A failed producer is thrown away:
 * kafkajs has moved its state before the broker answers, and an open transaction is aborted by the next one's fencing.
 */
export const kafkaSink = (options: KafkaSinkOptions): Sink => {
  const { topics = defaultTopics, progressTopic = defaultProgressTopic, transactionTimeoutMs = 30_000, compression = 'none' } = options
  const transactionalId = transactionalIdOf(options)
  const kafka = kafkaClient(options)
  let schemaIds: SchemaIds | undefined
  let state: Connected | undefined

  const disconnect = async (): Promise<void> => {
    const was = state
    state = undefined
    await was?.producer.disconnect().catch(() => {})
  }

  const valuesFor = async (): Promise<E.Either<SinkFailure, ValueOf>> => {
    if (options.values.format === 'json') return E.right(jsonValues)
    if (schemaIds === undefined) {
      const registered = await registerSchemas(options.values.registry, topics)
      if (E.isLeft(registered)) return registered
      schemaIds = registered.right
    }
    return E.right(avroValues(schemaIds))
  }

  const progressMessage = (record: ProgressRecord, partitionOf: Connected['partitionOf']): TopicMessages => ({
    topic: progressTopic,
    messages: [{ key: transactionalId, value: encodeProgress(record), partition: partitionOf(progressTopic, transactionalId) }],
  })

  const connect = async (signal: AbortSignal): Promise<E.Either<SinkFailure, Progress | undefined>> => {
    await disconnect()
    signal.throwIfAborted()
    const values = await valuesFor()
    if (E.isLeft(values)) return values
    const reader = await partitionReader(kafka, options)
    const producer = transactionalProducer(kafka, transactionalId, transactionTimeoutMs)
    try {
      const counts = new Map<string, number>()
      for (const topic of [...topicNames(topics), progressTopic]) counts.set(topic, await reader.partitions(topic))
      const missing = [...counts].filter(([, count]) => count === 0).map(([topic]) => topic)
      if (missing.length > 0)
        return E.left({
          tag: 'Refused',
          reason: `these topics do not exist: ${missing.join(', ')}. Create them with \`streamvane topics apply\``,
        })
      const partitionOf = partitioning(counts)
      await producer.connect()
      // The first transaction of a producer asks for its epoch, which fences all others; only then is the progress certain.
      const transaction = await producer.transaction()
      signal.throwIfAborted()
      const last = await readProgress(
        reader,
        { topic: progressTopic, partition: partitionOf(progressTopic, transactionalId), key: transactionalId },
        signal,
      )
      const owner = { id: randomUUID(), host: hostname(), pid: process.pid }
      await transaction.sendBatch({ acks: -1, topicMessages: [progressMessage({ progress: last?.progress, owner }, partitionOf)] })
      await transaction.commit()
      state = { producer, owner, values: values.right, partitionOf }
      return E.right(last?.progress)
    } finally {
      if (state === undefined) await producer.disconnect().catch(() => {})
      await reader.close().catch(() => {})
    }
  }

  const write = async (
    { producer, owner, values, partitionOf }: Connected,
    { records, progress }: SinkBatch,
  ): Promise<E.Either<SinkFailure, void>> => {
    const sends = cutIntoSends(records, topics, values, partitionOf)
    if (typeof sends === 'string')
      return E.left({
        tag: 'Refused',
        reason: `a row was written with schema ${sends}, which this version does not know: run the version that wrote it, or rebuild`,
      })
    if (progress !== undefined) {
      // In the first send, so that all partitions join the transaction in as few requests as can be.
      const message = progressMessage({ progress, owner }, partitionOf)
      if (sends[0] === undefined) sends.push([message])
      else sends[0].push(message)
    }
    if (sends.length === 0) return E.right(undefined)
    const transaction = await producer.transaction()
    try {
      for (const topicMessages of sends) await transaction.sendBatch({ acks: -1, compression: codecs[compression], topicMessages })
    } catch (cause) {
      await abortQuietly(transaction) // so that consumers need not wait for its expiry
      throw cause
    }
    await transaction.commit()
    return E.right(undefined)
  }

  /** The epoch is gone: to another instance, or only because the broker gave up our transaction? The claim in the progress topic tells. */
  const afterEpochLost = async (owner: Owner | undefined, by: string, cause: unknown): Promise<SinkFailure> => {
    if (owner === undefined) return { tag: 'NotConnected', cause }
    const now = await currentOwner(kafka, options, progressTopic, transactionalId).catch(() => undefined)
    if (now === undefined || now.id === owner.id) return { tag: 'NotConnected', cause }
    return { tag: 'Fenced', by: `process ${now.pid} on ${now.host}, which has taken over ${transactionalId} (${by})` }
  }

  const attempt =
    <A>(work: () => Promise<E.Either<SinkFailure, A>>) =>
    async (): Promise<E.Either<SinkFailure, A>> => {
      try {
        return await work()
      } catch (cause) {
        const owner = state?.owner
        await disconnect()
        const verdict = kafkaVerdict(cause)
        return E.left(verdict.tag === 'EpochLost' ? await afterEpochLost(owner, verdict.by, cause) : verdict)
      }
    }

  return {
    name: options.name ?? 'kafka',
    connect: (signal) => attempt(() => connect(signal)),
    write: (batch) =>
      attempt(async () => (state === undefined ? E.left({ tag: 'NotConnected', cause: new Error('not connected') }) : write(state, batch))),
    close: disconnect,
  }
}

const codecs = { none: kafkajs.CompressionTypes.None, gzip: kafkajs.CompressionTypes.GZIP } as const

const OWNER_READ_LIMIT_MS = 20_000

const currentOwner = async (kafka: Kafka, options: KafkaSinkOptions, topic: string, key: string): Promise<Owner | undefined> => {
  const reader = await partitionReader(kafka, options)
  try {
    const partition = partitioning(new Map([[topic, await reader.partitions(topic)]]))(topic, key)
    return (await readProgress(reader, { topic, partition, key }, AbortSignal.timeout(OWNER_READ_LIMIT_MS)))?.owner
  } finally {
    await reader.close().catch(() => {})
  }
}

const abortQuietly = async (transaction: Transaction): Promise<void> => {
  try {
    await transaction.abort()
  } catch {
    // It is open or aborted by somebody else; the next fencing ends it either way.
  }
}
