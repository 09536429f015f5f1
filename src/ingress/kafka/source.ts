import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs'
import type { Logger } from 'pino'
import { backoffMs, pause, type Backoff } from '../../log/backoff.js'
import { reconnectingSource, type Link, type ReconnectingOptions } from '../reconnecting.js'
import { SourceRefused, type Batch, type Source } from '../source.js'
import { readEveryCompression } from './codecs.js'
import { groupLag } from './group-lag.js'

readEveryCompression()

export type KafkaSourceOptions = Readonly<{
  name: string
  /** Where its settings stand, for messages. */
  path: string
  /** Made anew for each connection: secrets are read again. */
  client: () => Kafka
  topics: readonly string[]
  /** The consumer group, which holds the progress of the source. */
  group: string
  /** Where a group begins that has no progress on a partition, or whose progress the topic does not hold any more. */
  from: 'earliest' | 'latest'
  /** The group gives the partitions of a member to others that is not heard of for this long. */
  sessionTimeoutMs: number
  /** Why an error of the client will never mend, in words; `undefined` if it may. */
  refusalOf: (cause: unknown) => string | undefined | Promise<string | undefined>
  logger: Logger
  /** Default: every ten seconds. */
  lagEveryMs?: number
}> &
  Pick<ReconnectingOptions, 'backoff' | 'now'>

/** Events that are delivered at once, at most. */
const BATCH_MAX = 10_000
const LAG_EVERY_MS = 10_000
/** Every field is given, because the defaults of kafkajs differ under NODE_ENV=test. Five tries last about three seconds. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 1_500, multiplier: 2, factor: 0.2, retries: 5 }
/** Between two attempts to store a batch that the log does not take. */
const STORE_AGAIN: Backoff = { firstMs: 200, maxMs: 10_000 }

/**
 * The records of Kafka topics as events: the value of each is one event. The source is a member of a consumer group.
 * Offsets are committed after the events are stored, so a process that dies reads records again, and they are stored
 * once. While the log takes nothing the source keeps its partitions and tries again.
 */
export const kafkaSource = (options: KafkaSourceOptions): Source =>
  reconnectingSource({ ...options, connect: (link) => connect(options, link) })

const connect = async (options: KafkaSourceOptions, link: Link): Promise<void> => {
  const { client, topics, group, from, sessionTimeoutMs, refusalOf } = options
  const kafka = client()
  const admin = kafka.admin()
  const consumer = kafka.consumer({
    groupId: group,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: 2 * sessionTimeoutMs,
    heartbeatInterval: heartbeatMs(options),
    // kafkajs sends heartbeats between two fetches, and an idle fetch takes this long.
    maxWaitTimeInMs: Math.min(1_000, heartbeatMs(options)),
    allowAutoTopicCreation: false,
    // Whoever calls `connect` connects again, with pauses of its own, and tells the operator.
    retry: { ...RETRY, restartOnFailure: () => Promise.resolve(false) },
  })
  try {
    const crashed = crashOf(consumer)
    await admin.connect()
    await refuseMissing(admin, options)
    consumer.on(consumer.events.GROUP_JOIN, link.connected)
    await consumer.connect()
    await consumer.subscribe({ topics: [...topics], fromBeginning: from === 'earliest' })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 4,
      eachBatch: (payload) => storeBatch(options, link, payload),
    })
    await Promise.race([crashed, watchLag(options, link, admin)])
  } catch (cause) {
    const refusal = cause instanceof SourceRefused ? undefined : await refusalOf(cause)
    throw refusal === undefined ? cause : new SourceRefused(refusal, { cause })
  } finally {
    // Waits for the batches that were begun.
    await consumer.disconnect().catch(() => undefined)
    await admin.disconnect().catch(() => undefined)
  }
}

const heartbeatMs = ({ sessionTimeoutMs }: KafkaSourceOptions): number =>
  Math.max(100, Math.floor(sessionTimeoutMs / 6))

const crashOf = (consumer: Consumer): Promise<never> => {
  const crashed = new Promise<never>((_, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
  })
  crashed.catch(() => undefined) // it may come while the consumer disconnects, when nobody waits for it
  return crashed
}

const refuseMissing = async (admin: Admin, { topics, path }: KafkaSourceOptions): Promise<void> => {
  const there = new Set(await admin.listTopics())
  const missing = topics.filter((topic) => !there.has(topic))
  if (missing.length > 0)
    throw new SourceRefused(
      `the cluster has no topic ${missing.join(', ')}, or this user may not see it: create it, grant READ and DESCRIBE, or change ${path}.topics`,
    )
}

/** Tells the lag of the group until the source is closed. */
const watchLag = async (options: KafkaSourceOptions, link: Link, admin: Admin): Promise<void> => {
  const { logger, name, lagEveryMs = LAG_EVERY_MS } = options
  while (!link.signal.aborted) {
    try {
      const { events, lost } = await groupLag(admin, options)
      link.waiting({ events })
      for (const place of lost)
        logger.error(
          { source: name, ...place },
          'ingress: retention has deleted records of a topic before they were read; send them again, or import them',
        )
    } catch (cause) {
      link.waiting(undefined)
      logger.debug({ err: cause, source: name }, 'ingress: the lag of a source is not known')
    }
    await pause(lagEveryMs, link.signal)
  }
}

/** Stores the records of a batch of one partition, and commits the offset behind them. */
const storeBatch = async (options: KafkaSourceOptions, link: Link, payload: EachBatchPayload): Promise<void> => {
  const { topic, partition, messages } = payload.batch
  const isOurs = (): boolean => payload.isRunning() && !payload.isStale() && !link.signal.aborted
  const heartbeat = (): Promise<void> => payload.heartbeat()
  for (const part of batchesOf(`kafka:${topic}/${partition}`, messages)) {
    if (!isOurs()) return
    const isStored = await alive(options, heartbeat, () => storePatiently(link, part, isOurs, heartbeat))
    if (!isStored) return
  }
  const lastOffset = payload.batch.lastOffset()
  payload.resolveOffset(lastOffset)
  // Unlike `consumer.commitOffsets` this commits while the consumer is stopping as well.
  const offset = String(BigInt(lastOffset) + 1n)
  await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] })
}

/**
 * Delivers until the log takes the batch. False if it did not while the partition was ours. A heartbeat that the group
 * refuses is thrown: kafkajs joins again then.
 */
const storePatiently = async (
  { deliver, signal }: Link,
  batch: Batch,
  isOurs: () => boolean,
  heartbeat: () => Promise<void>,
): Promise<boolean> => {
  for (let attempt = 0; ; attempt++) {
    try {
      await deliver(batch)
      return true
    } catch {
      await pause(backoffMs(STORE_AGAIN, attempt), signal)
      if (!isOurs()) return false
      await heartbeat()
    }
  }
}

/** Sends heartbeats while `work` takes longer than one may stay away. */
const alive = async <A>(
  options: KafkaSourceOptions,
  heartbeat: () => Promise<void>,
  work: () => Promise<A>,
): Promise<A> => {
  const beat = setInterval(() => void heartbeat().catch(() => undefined), heartbeatMs(options))
  try {
    return await work()
  } finally {
    clearInterval(beat)
  }
}

/** A record without a value holds no event; what has come before and after it keeps its order. */
function* batchesOf(origin: string, messages: readonly Readonly<{ value: Buffer | null }>[]): Generator<Batch> {
  let raws: Buffer[] = []
  for (const { value } of messages) {
    if (value !== null) raws.push(value)
    if (raws.length === BATCH_MAX || (value === null && raws.length > 0)) {
      yield { raws, origin }
      raws = []
    }
    if (value === null) yield { raws: [NOTHING], origin, unusable: tombstone }
  }
  if (raws.length > 0) yield { raws, origin }
}

const NOTHING = Buffer.alloc(0)
const tombstone = {
  reason: 'not-an-envelope',
  detail: 'a Kafka record without a value holds no event: write events to a topic of their own',
} as const
