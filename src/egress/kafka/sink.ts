import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'
import kafkajs from 'kafkajs'
import type { Kafka, Producer, Transaction } from 'kafkajs'
import { familyNames } from '../../domain/family.js'
import { admission, type Admission } from './families.js'
import { kafkaClient, transactionalProducer } from './connection.js'
import { kafkaVerdict } from './failures.js'
import { defaultProgressTopic, transactionalIdOf, type KafkaSinkOptions } from './options.js'
import { partitionReader, type PartitionReader } from './kafkajs-internals.js'
import { encodeProgress, readProgress, type Owner, type ProgressRecord } from './progress.js'
import { cutIntoSends, partitioning, type TopicMessages } from './records.js'
import type { Progress, Sink, SinkBatch, SinkFailure } from '../sink.js'
import { defaultTopics } from '../topics.js'

type Connected = Readonly<{ producer: Producer; owner: Owner; admitted: Admission }>

/**
 * Rows on Kafka, exactly once: a batch and its progress record are one transaction under a stable transactional id.
 *
 * Disconnected → (connect: admit the families, fence, read progress, claim) → connected → (any failure, or close) →
 * disconnected. A failed producer is thrown away: kafkajs has moved its state before the broker answers, and an open
 * transaction is aborted by the next one's fencing.
 */
export const kafkaSink = (options: KafkaSinkOptions): Sink => {
  const {
    topics = defaultTopics,
    progressTopic = defaultProgressTopic,
    transactionTimeoutMs = 30_000,
    compression = 'none',
  } = options
  const transactionalId = transactionalIdOf(options)
  const kafka = kafkaClient(options)
  const schemaIds = new Map<string, number>()
  let state: Connected | undefined

  const disconnect = async (): Promise<void> => {
    const was = state
    state = undefined
    await was?.producer.disconnect().catch(() => {})
  }

  const progressMessage = (record: ProgressRecord, { partitionOf }: Admission): TopicMessages => ({
    topic: progressTopic,
    messages: [
      { key: transactionalId, value: encodeProgress(record), partition: partitionOf(progressTopic, transactionalId) },
    ],
  })

  const connect = async (signal: AbortSignal): Promise<E.Either<SinkFailure, Progress | undefined>> => {
    await disconnect()
    signal.throwIfAborted()
    const admitted = admission(options, topics, schemaIds)
    const reader = await partitionReader(kafka, options)
    const producer = transactionalProducer(kafka, transactionalId, transactionTimeoutMs)
    try {
      const known = await admitted.admit(options.families ?? familyNames, reader, [progressTopic])
      if (E.isLeft(known)) return known
      await producer.connect()
      // The first transaction of a producer asks for its epoch, which fences all others; only then is the progress
      // certain.
      const transaction = await producer.transaction()
      signal.throwIfAborted()
      const last = await readProgress(
        reader,
        { topic: progressTopic, partition: admitted.partitionOf(progressTopic, transactionalId), key: transactionalId },
        signal,
      )
      const owner = { id: randomUUID(), host: hostname(), pid: process.pid }
      await transaction.sendBatch({
        acks: -1,
        topicMessages: [progressMessage({ progress: last?.progress, owner }, admitted)],
      })
      await transaction.commit()
      state = { producer, owner, admitted }
      return E.right(last?.progress)
    } finally {
      if (state === undefined) await producer.disconnect().catch(() => {})
      await reader.close().catch(() => {})
    }
  }

  const write = async (
    { producer, owner, admitted }: Connected,
    { records, progress }: SinkBatch,
  ): Promise<E.Either<SinkFailure, void>> => {
    const strangers = admitted.strangers(records.map(({ header }) => header.family))
    if (strangers.length > 0) {
      const known = await withReader(kafka, options, (reader) => admitted.admit(strangers, reader))
      if (E.isLeft(known)) return known
    }
    const sends = cutIntoSends(records, topics, admitted.values, admitted.partitionOf)
    if (typeof sends === 'string')
      return E.left({
        tag: 'Refused',
        reason: `a row was written with schema ${sends}, which this version does not know: run the version that wrote it, or rebuild`,
      })
    if (progress !== undefined) {
      // In the first send, so that all partitions join the transaction in as few requests as can be.
      const message = progressMessage({ progress, owner }, admitted)
      if (sends[0] === undefined) sends.push([message])
      else sends[0].push(message)
    }
    if (sends.length === 0) return E.right(undefined)
    const transaction = await producer.transaction()
    try {
      for (const topicMessages of sends)
        await transaction.sendBatch({ acks: -1, compression: codecs[compression], topicMessages })
    } catch (cause) {
      await abortQuietly(transaction) // so that consumers need not wait for its expiry
      throw cause
    }
    await transaction.commit()
    return E.right(undefined)
  }

  /**
   * The epoch is gone: to another instance, or only because the broker gave up our transaction? The claim in the
   * progress topic tells.
   */
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
      attempt(async () =>
        state === undefined ? E.left({ tag: 'NotConnected', cause: new Error('not connected') }) : write(state, batch),
      ),
    close: disconnect,
  }
}

const codecs = { none: kafkajs.CompressionTypes.None, gzip: kafkajs.CompressionTypes.GZIP } as const

const OWNER_READ_LIMIT_MS = 20_000

const currentOwner = (
  kafka: Kafka,
  options: KafkaSinkOptions,
  topic: string,
  key: string,
): Promise<Owner | undefined> =>
  withReader(kafka, options, async (reader) => {
    const partition = partitioning(new Map([[topic, await reader.partitions(topic)]]))(topic, key)
    return (await readProgress(reader, { topic, partition, key }, AbortSignal.timeout(OWNER_READ_LIMIT_MS)))?.owner
  })

const withReader = async <A>(
  kafka: Kafka,
  options: KafkaSinkOptions,
  work: (reader: PartitionReader) => Promise<A>,
): Promise<A> => {
  const reader = await partitionReader(kafka, options)
  try {
    return await work(reader)
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
