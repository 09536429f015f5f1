import type { Logger } from 'pino'
import type { FamilyName } from '../../domain/family.js'
import { kafkaAddress } from '../../egress/kafka/connection.js'
import {
  deadLetterTopicOf,
  type KafkaAddress,
  type KafkaLog,
  type KafkaSinkOptions,
  type RegistryOptions,
} from '../../egress/kafka/options.js'
import { namesSink, type NamesSink } from '../../egress/kafka/names-sink.js'
import { kafkaSink } from '../../egress/kafka/sink.js'
import type { TopicsOptions } from '../../egress/kafka/topic-admin.js'
import type { Sink } from '../../egress/sink.js'
import { markersIn, namesTopicIn, topicsIn, type KafkaSettings } from '../config/sinks/egress-schema.js'
import { connectionOf, registryConnectionOf } from '../config/connections/kafka-connection.js'
import { kafkaIdentityOf } from './kafka-identity.js'
import { passing, type SinkContext, type SinkOf } from './sink-kind.js'

/** A Kafka cluster as a sink. */
export const openKafka = (sink: SinkOf<KafkaSettings>, context: SinkContext): Sink =>
  kafkaSink(sinkOptions(sink, context))

/** The names beside its rows. */
export const openKafkaNames = (sink: SinkOf<KafkaSettings>, topic: string, context: SinkContext): NamesSink => {
  const { topics: _, markers: __, families: ___, ...options } = sinkOptions(sink, context)
  return namesSink({ ...options, topic })
}

const sinkOptions = (sink: SinkOf<KafkaSettings>, context: SinkContext): KafkaSinkOptions => {
  const { filter, settings } = sink
  const { families, takeOver, acceptProgress, logger } = context
  const { format, registry, compression, progressTopic, transactionTimeoutMs, delivery } = settings
  return {
    ...addressOf(settings, logger),
    ...kafkaIdentityOf(sink, context),
    ...{ topics: topicsIn(settings), markers: markersIn(settings), families: passing(families, filter) },
    values:
      format === 'avro' && registry !== undefined ? { format, registry: registryOf(registry) } : { format: 'json' },
    ...{ compression, progressTopic, transactionTimeoutMs, delivery },
    ...badRowOptions(settings, logger),
    ...{ takeOver, acceptProgress },
  }
}

const badRowOptions = (
  { onBadRow, deadLetterTopic }: Pick<KafkaSettings, 'onBadRow' | 'deadLetterTopic'>,
  logger: Logger,
): Pick<KafkaSinkOptions, 'onBadRow' | 'deadLetterTopic' | 'onDeadLetter'> => ({
  onBadRow,
  ...(deadLetterTopic === undefined ? {} : { deadLetterTopic }),
  onDeadLetter: (row) => logger.error(row, 'egress: a row that the broker refuses went to the dead-letter topic'),
})

/** The schema registry of a Kafka destination. */
export const registryOf = (registry: NonNullable<KafkaSettings['registry']>): RegistryOptions => {
  const { autoRegister, subjects, compatibility } = registry
  return {
    ...registryConnectionOf(registry),
    autoRegister,
    ...(subjects !== undefined && { subjects }),
    ...(compatibility !== undefined && { compatibility }),
  }
}

/** What `topics apply` works with. `families`: default those of the profile that the sink publishes. */
export const topicsOptionsOf = (
  { filter, settings }: Pick<SinkOf<KafkaSettings>, 'filter' | 'settings'>,
  { profile }: Readonly<{ profile: Readonly<{ families: readonly FamilyName[] }> }>,
  logger: Logger,
  families: readonly FamilyName[] = passing(profile.families, filter),
): TopicsOptions => {
  const { progressTopic, partitions, replicationFactor, cleanup, retentionMs, onBadRow, deadLetterTopic } = settings
  return {
    ...addressOf(settings, logger),
    topics: topicsIn(settings),
    markers: markersIn(settings),
    namesTopic: namesTopicIn(settings),
    families,
    progressTopic,
    partitions,
    replicationFactor,
    cleanup,
    retentionMs,
    deadLetterTopic: onBadRow === 'dead-letter' ? (deadLetterTopic ?? deadLetterTopicOf(progressTopic)) : undefined,
  }
}

/** The Kafka cluster of these settings. */
export const addressOf = (kafka: KafkaSettings, logger: Logger): KafkaAddress => {
  const log: KafkaLog = (message, details) => logger.debug({ kafka: details }, message)
  return kafkaAddress({ ...connectionOf(kafka), log })
}
