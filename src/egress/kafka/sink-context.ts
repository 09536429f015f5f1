import type { Kafka, Producer } from 'kafkajs'
import { kafkaClient } from './connection.js'
import type { FamilyReadiness } from './family-readiness.js'
import { partitionReader, type PartitionReader } from './kafkajs-internals.js'
import { kafkaDefaults, transactionalIdOf, type KafkaSinkOptions } from './options.js'
import { encodeProgress, type Owner, type ProgressRecord } from './progress.js'
import type { TopicMessages } from './records.js'
import { defaultTopics, type Topics } from '../topics.js'

/** What stays the same over all connections of one sink. */
export type SinkContext = Readonly<{
  options: KafkaSinkOptions
  kafka: Kafka
  topics: Topics
  progressTopic: string
  transactionalId: string
  /** Ids that the registry gave, by fingerprint of the schema. */
  schemaIds: Map<string, number>
}>

/** One connection: a producer whose epoch is the latest, as whom it has claimed the progress, and what it may send. */
export type Connected = Readonly<{ producer: Producer; owner: Owner; readiness: FamilyReadiness }>

export const sinkContext = (options: KafkaSinkOptions): SinkContext => ({
  options,
  kafka: kafkaClient(options),
  topics: options.topics ?? defaultTopics,
  progressTopic: options.progressTopic ?? kafkaDefaults.progressTopic,
  transactionalId: transactionalIdOf(options),
  schemaIds: new Map(),
})

/** The progress record as a message, in the partition that its key belongs to. */
export const progressMessage = (
  { progressTopic, transactionalId }: SinkContext,
  record: ProgressRecord,
  partitionOf: FamilyReadiness['partitionOf'],
): TopicMessages => {
  const partition = partitionOf(progressTopic, transactionalId)
  return { topic: progressTopic, messages: [{ key: transactionalId, value: encodeProgress(record), partition }] }
}

/** Runs `work` with a reader of the cluster, and closes it. */
export const withReader = async <A>(
  { kafka, options }: SinkContext,
  work: (reader: PartitionReader) => Promise<A>,
): Promise<A> => {
  const reader = await partitionReader(kafka, options)
  try {
    return await work(reader)
  } finally {
    await reader.close().catch(() => {})
  }
}
