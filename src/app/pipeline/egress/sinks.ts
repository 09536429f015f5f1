import { join } from 'node:path'
import type { Logger } from 'pino'
import type { FamilyName } from '../../../domain/family.js'
import { filesSink } from '../../../egress/files/sink.js'
import { kafkaAddress } from '../../../egress/kafka/connection.js'
import {
  deadLetterTopicOf,
  type KafkaAddress,
  type KafkaLog,
  type KafkaSinkOptions,
  type RegistryOptions,
} from '../../../egress/kafka/options.js'
import { kafkaSink } from '../../../egress/kafka/sink.js'
import type { TopicsOptions } from '../../../egress/kafka/topic-admin.js'
import type { Sink } from '../../../egress/sink.js'
import { sinkKinds, topicsIn, type KafkaSettings, type SinkKind } from '../../config/egress-schema.js'
import { connectionOf, registryConnectionOf } from '../../config/kafka-connection.js'
import type { Config } from '../../config/schema.js'

/** Where the files sink writes. */
export const filesFolderOf = (config: Config): string => config.egress.files.dir ?? join(config.data, 'files')

/**
 * The sinks that the configuration names. `name` tells egresses of one tenant apart: a replay has one of its own, so
 * that it does not fence out the running egress.
 */
export const sinksOf = (config: Config, logger: Logger, name?: string): readonly Sink[] =>
  sinkKinds(config).map((kind) => sinkOf(kind, config, logger, name))

const sinkOf = (kind: SinkKind, config: Config, logger: Logger, name: string | undefined): Sink => {
  const topics = topicsIn(config.egress.kafka)
  switch (kind) {
    case 'files':
      // A folder has one writer: a replay beside a running egress needs another.
      return filesSink({
        folder: name === undefined ? filesFolderOf(config) : join(filesFolderOf(config), name),
        tenant: config.tenant,
        topics,
        formats: config.egress.files.formats,
        fileBytesMax: config.egress.files.fileBytesMax,
      })
    case 'kafka': {
      const { format, registry, compression, progressTopic, transactionTimeoutMs, delivery } = config.egress.kafka
      const id = config.egress.kafka.transactionalId
      return kafkaSink({
        ...addressOf(config, logger),
        tenant: config.tenant,
        topics,
        families: config.profile.families,
        values:
          format === 'avro' && registry !== undefined ? { format, registry: registryOf(registry) } : { format: 'json' },
        compression,
        progressTopic,
        transactionTimeoutMs,
        delivery,
        ...badRowOptions(config.egress.kafka, logger),
        takeOver: config.egress.takeOver,
        acceptProgress: config.egress.acceptProgress,
        ...(name === undefined ? {} : { name }),
        ...(id === undefined ? {} : { transactionalId: name === undefined ? id : `${id}.${name}` }),
      })
    }
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

/** What `topics apply` works with. `families` are those that rows are computed of. */
export const topicsOptionsOf = (
  config: Config,
  logger: Logger,
  families: readonly FamilyName[] = config.profile.families,
): TopicsOptions => {
  const { progressTopic, partitions, replicationFactor, cleanup, retentionMs } = config.egress.kafka
  const { onBadRow, deadLetterTopic } = config.egress.kafka
  const topics = topicsIn(config.egress.kafka)
  return {
    ...addressOf(config, logger),
    topics,
    families,
    progressTopic,
    partitions,
    replicationFactor,
    cleanup,
    retentionMs,
    deadLetterTopic: onBadRow === 'dead-letter' ? (deadLetterTopic ?? deadLetterTopicOf(progressTopic)) : undefined,
  }
}

/** The Kafka cluster of the configuration. */
export const addressOf = ({ egress: { kafka } }: Config, logger: Logger): KafkaAddress => {
  const log: KafkaLog = (message, details) => logger.debug({ kafka: details }, message)
  return kafkaAddress({ ...connectionOf(kafka), log })
}
