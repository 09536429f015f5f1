import type { Logger } from 'pino'
import { familyNames } from '../../../../domain/family.js'
import { kafkajsCluster } from '../../../../egress/kafka/kafkajs-cluster.js'
import type { EventLog } from '../../../../log/event-log.js'
import { markersIn, topicsIn } from '../../../config/sinks/egress-schema.js'
import type { KafkaSinkSettings, SinkSettings } from '../../../config/sinks/egress-sinks.js'
import type { Config } from '../../../config/schema.js'
import { addressOf } from '../../../sinks/open-kafka.js'
import { passing } from '../../../sinks/sink-kind.js'
import { sinkOf } from '../../../pipeline/egress/sinks.js'
import type { Logs } from '../../../pipeline/logs/logs.js'
import type { Generations } from '../../../pipeline/generations.js'
import type { Compared } from '../findings.js'
import type { Demanded } from './topic-options.js'
import { publishedThrough, verifyTopic, type TopicVerification } from './verify-topic.js'

export type VerifySinkOptions = Readonly<{
  sink: KafkaSinkSettings
  config: Config
  logs: Logs
  generations: Generations
  /** The generation that is verified. */
  generation: string
  kpi: EventLog
  compared: Compared
  signal: AbortSignal
  logger: Logger
  onProgress?: (records: number, differences: number) => void
}>

/** Verifies the topics of a Kafka sink of the configuration (`verifyTopic`). Throws `VerifyRefused`. */
export const verifySink = async (options: VerifySinkOptions): Promise<TopicVerification> => {
  const { sink, config, logs, generations, generation, logger, signal } = options
  const { settings: kafka, filter } = sink
  const opened = await sinkOf(sink, config, logs, logger)
  const progress = await publishedThrough(opened, generation, signal).finally(() => opened.close())
  const topics = topicsIn(kafka)
  const compacted = familyNames.flatMap((family) =>
    topics[family].flatMap(({ topic, records, cleanup }) =>
      (cleanup ?? (records === 'latest' ? 'compact' : kafka.cleanup)) === 'compact' ? [topic] : [],
    ),
  )
  const reader = await kafkajsCluster(addressOf(kafka, logger)).reader()
  try {
    return await verifyTopic({
      ...{ tenant: config.tenant, generation, promotions: generations.promotions, kpi: options.kpi },
      ...{ publishedThrough: progress.revision, reader, topics, markers: markersIn(kafka), filter },
      // A user with the rights of `topics acls` may read no others.
      families: passing(config.profile.families, filter),
      ...{ format: kafka.format, demanded: demandedOf(sink, generations), compacted: new Set(compacted) },
      ...{ compared: options.compared, data: config.data, signal },
      ...(options.onProgress !== undefined && { onProgress: options.onProgress }),
    })
  } finally {
    await reader.close()
  }
}

/** What must be at the destination of what the generation holds. */
export const demandedOf = ({ cadence }: Pick<SinkSettings, 'cadence'>, { promoted }: Generations): Demanded =>
  promoted.at(-1)?.publish === 'differences' ? 'none' : cadence.kind === 'every' ? 'latest' : 'each'
