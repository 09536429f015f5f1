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
import { connectionOf, registryConnectionOf } from '../../config/kafka-connection.js'
import type { RowFilter, Sink } from '../../../egress/sink.js'
import { lazySink } from '../../../egress/lazy-sink.js'
import { placeOf, type DatabaseOptions, type SqlSinkOptions } from '../../../egress/sql/options.js'
import { unreachable } from '../../../domain/unreachable.js'
import { markersIn, topicsIn, type FilesSettings, type KafkaSettings } from '../../config/egress-schema.js'
import {
  sinkSettings,
  type KafkaSinkSettings,
  type REPLAY,
  type SinkSettings,
  type StoreSinkSettings,
} from '../../config/egress-sinks.js'
import type { Config } from '../../config/schema.js'
import type { Cadence } from './periods.js'

/** A sink with what it publishes (default everything) and when (default as rows come). */
export type EgressSink = Readonly<{ sink: Sink; filter?: RowFilter; cadence?: Cadence }>

/** The sinks in use. */
export const sinksOf = (config: Config, logger: Logger): readonly EgressSink[] =>
  sinkSettings(config.egress).map((settings) => ({
    sink: sinkOf(settings, config, logger),
    filter: settings.filter,
    cadence: settings.cadence,
  }))

/** The running sink with these settings, or the one of a replay, which does not fence it out. */
export const sinkOf = (settings: SinkSettings, config: Config, logger: Logger, replay?: typeof REPLAY): Sink => {
  switch (settings.use) {
    case 'kafka':
      return kafkaSink(kafkaSinkOptions(settings, config, logger, replay))
    case 'files':
      return filesSink({
        name: settings.name,
        // A folder has one writer: a replay beside a running egress needs another.
        folder: join(filesFolderOf(settings, config), ...(replay === undefined ? [] : [replay])),
        tenant: config.tenant,
        topics: topicsIn(config.egress.kafka),
        formats: settings.files.formats,
        fileBytesMax: settings.files.fileBytesMax,
      })
    case 'postgresql':
    case 'pglite': {
      const options = sqlSinkOptions(settings, config, replay)
      return lazySink(options.name, async () => (await import('../../../egress/sql/sink.js')).sqlSink(options))
    }
    default:
      return unreachable(settings)
  }
}

/** What the sink of a SQL store is made with; `store migrate` uses it as well. */
export const sqlSinkOptions = (settings: StoreSinkSettings, config: Config, replay?: typeof REPLAY): SqlSinkOptions => {
  const { name, store } = settings
  return {
    name: replay === undefined ? name : `${name}.${replay}`,
    tenant: config.tenant,
    database: databaseOf(settings, config),
    schema: store.schema,
    migrate: store.migrate,
  }
}

/** The database of a SQL store, for messages. */
export const storePlace = (settings: StoreSinkSettings, config: Config): string => placeOf(databaseOf(settings, config))

const databaseOf = (settings: StoreSinkSettings, config: Config): DatabaseOptions => {
  if (settings.use === 'pglite')
    return { kind: 'pglite', folder: settings.store.dir ?? join(config.data, `sql-${settings.name}`) }
  const { host, port, database, username: user, password, ssl, ...timeouts } = settings.store
  const { connectTimeoutMs, statementTimeoutMs } = timeouts
  const tls = ssl === false ? undefined : ssl === true ? {} : ssl
  return { kind: 'postgresql', host, port, database, user, password, tls, connectTimeoutMs, statementTimeoutMs }
}

const kafkaSinkOptions = (
  { name, filter, kafka }: KafkaSinkSettings,
  config: Config,
  logger: Logger,
  replay: typeof REPLAY | undefined,
): KafkaSinkOptions => {
  const { format, registry, compression, progressTopic, transactionTimeoutMs, delivery, transactionalId: id } = kafka
  return {
    ...addressOf(kafka, logger),
    tenant: config.tenant,
    topics: topicsIn(kafka),
    markers: markersIn(kafka),
    families: familiesOf(config, filter),
    values:
      format === 'avro' && registry !== undefined ? { format, registry: registryOf(registry) } : { format: 'json' },
    compression,
    progressTopic,
    transactionTimeoutMs,
    delivery,
    ...badRowOptions(kafka, logger),
    takeOver: config.egress.takeOver,
    acceptProgress: config.egress.acceptProgress,
    name: replay === undefined ? name : name === 'kafka' ? replay : `${name}.${replay}`,
    ...(id === undefined ? {} : { transactionalId: replay === undefined ? id : `${id}.${replay}` }),
  }
}

/** Where a sink of files writes: `files` in the data folder, `files-<name>` if it has another name. */
export const filesFolderOf = (
  { name, files }: Readonly<{ name: string; files: FilesSettings }>,
  { data }: Config,
): string => files.dir ?? join(data, name === 'files' ? name : `files-${name}`)

/** The families of the profile that a filter lets pass. */
const familiesOf = ({ profile }: Config, { families }: RowFilter): readonly FamilyName[] =>
  profile.families.filter((family) => families?.includes(family) ?? true)

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
  { filter, kafka }: KafkaSinkSettings,
  config: Config,
  logger: Logger,
  families: readonly FamilyName[] = familiesOf(config, filter),
): TopicsOptions => {
  const { progressTopic, partitions, replicationFactor, cleanup, retentionMs, onBadRow, deadLetterTopic } = kafka
  return {
    ...addressOf(kafka, logger),
    topics: topicsIn(kafka),
    markers: markersIn(kafka),
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
