import { z } from 'zod'
import { familyNames, type FamilyName } from '../../domain/family.js'
import { compatibilityLevels, deliverySettings, kafkaDefaults } from '../../egress/kafka/options.js'
import { progressMismatchCodes } from '../../egress/progress-mismatch.js'
import { isTopicName, TOPIC_NAME_RULE } from '../../egress/topic-name.js'
import { defaultTopicNames } from '../../egress/topics.js'

const trimmed = (text: string): string => text.trim()

export const topicName = z.string().refine(isTopicName, TOPIC_NAME_RULE)

/** A topic for each family. */
const topicSchemas = Object.fromEntries(
  familyNames.map((family) => [family, topicName.default(defaultTopicNames[family])]),
) as Readonly<Record<FamilyName, z.ZodDefault<typeof topicName>>>

/** The settings of one Kafka destination. */
export const kafkaSchema = z.strictObject({
  brokers: z.array(z.string().min(1)).default([]),
  clientId: z.string().default(kafkaDefaults.clientId),
  ssl: z.boolean().default(false),
  sasl: z
    .strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
      username: z.string(),
      password: z.string(),
    })
    .optional(),
  format: z.enum(['avro', 'json']).default('avro'),
  registry: z
    .strictObject({
      url: z.string().refine((url) => URL.canParse(url) && /^https?:/.test(url), 'an address as https://host:port'),
      username: z.string().optional(),
      password: z.string().optional(),
      /** Level that subjects are set to; by default their level is left as it is. */
      compatibility: z.enum(compatibilityLevels).optional(),
    })
    .optional(),
  /** Name of this egress at the broker, the same after every restart; by default `streamvane.<tenant>.kafka`. */
  transactionalId: z.string().optional(),
  compression: z.enum(['none', 'gzip']).default(kafkaDefaults.compression),
  /** -1 stands for the broker's default. */
  replicationFactor: z.number().int().min(-1).default(kafkaDefaults.replicationFactor),
  progressTopic: topicName.default(kafkaDefaults.progressTopic),
  /** The broker aborts a transaction that was left open for this long. */
  transactionTimeoutMs: z.number().int().min(1_000).default(kafkaDefaults.transactionTimeoutMs),
  /** `at-least-once` and `detect` let rows come again after a failure, with the same identity (docs/adr/0020). */
  delivery: z.enum(deliverySettings).default(kafkaDefaults.delivery),
  topics: z
    .strictObject({
      ...topicSchemas,
      /** One topic for all families, instead of one for each. */
      consolidated: topicName.optional(),
    })
    .prefault({}),
  /** Settings of topics that `topics apply` creates. */
  partitions: z.number().int().min(1).default(kafkaDefaults.partitions),
  cleanup: z.enum(['delete', 'compact']).default(kafkaDefaults.cleanup),
  retentionMs: z.number().int().min(-1).default(kafkaDefaults.retentionMs),
})

/** The settings of one folder of files. */
export const filesSchema = z.strictObject({
  /** Default: `files` in the data folder. */
  dir: z.string().optional(),
  formats: z
    .array(z.enum(['avro', 'jsonl']))
    .min(1)
    .default(['avro', 'jsonl']),
  fileBytesMax: z
    .number()
    .int()
    .min(1024)
    .default(256 * 1024 * 1024),
})

export const egressSchema = z.strictObject({
  /**
   * `auto`: Kafka if `egress.kafka.brokers` names a broker, else files. Several at once are a list, or separated
   * by commas: each publishes all rows and has its own progress.
   */
  sink: z
    .preprocess(
      (value) => (typeof value === 'string' && value.includes(',') ? value.split(',').map(trimmed) : value),
      z.union([
        z.enum(['auto', 'kafka', 'files', 'none']),
        z
          .array(z.enum(['kafka', 'files']))
          .min(1)
          .refine((kinds) => new Set(kinds).size === kinds.length, 'each sink once'),
      ]),
    )
    .default('auto'),
  batchMax: z.number().int().min(1).max(10_000).default(2_000),
  /** Mismatches of the progress at the destination that the operator accepts. */
  acceptProgress: z.array(z.enum(progressMismatchCodes)).default([]),
  kafka: kafkaSchema.prefault({}),
  files: filesSchema.prefault({}),
})

export type EgressConfig = z.infer<typeof egressSchema>
export type KafkaSettings = z.infer<typeof kafkaSchema>

/** A fault of a setting: the keys that lead to it, and how to mend it. */
export type SettingFault = Readonly<{ path: readonly string[]; message: string }>

/** What the sinks in use lack. Paths begin below `egress`. */
export const egressFaults = (egress: EgressConfig): readonly SettingFault[] =>
  sinkKinds({ egress }).includes('kafka')
    ? kafkaFaults(egress.kafka).map(({ path, message }) => ({ path: ['kafka', ...path], message }))
    : []

/** What one Kafka destination lacks that is in use. Paths begin below its settings. */
const kafkaFaults = ({ brokers, format, registry }: KafkaSettings): readonly SettingFault[] => [
  ...(brokers.length > 0
    ? []
    : [
        {
          path: ['brokers'],
          message: 'sink is kafka but no broker is named (KAFKA_BROKERS or egress.kafka.brokers)',
        },
      ]),
  ...(format !== 'avro' || registry !== undefined
    ? []
    : [
        {
          path: ['registry'],
          message:
            'Avro needs a schema registry (SCHEMA_REGISTRY_URL or egress.kafka.registry.url); or set egress.kafka.format: json',
        },
      ]),
]

export type SinkKind = 'kafka' | 'files'

/** The sinks that are in use, with `auto` resolved; none: nothing is published. */
export const sinkKinds = ({ egress: { sink, kafka } }: Readonly<{ egress: EgressConfig }>): readonly SinkKind[] => {
  if (sink === 'none') return []
  if (sink === 'auto') return [kafka.brokers.length > 0 ? 'kafka' : 'files']
  return typeof sink === 'string' ? [sink] : sink
}
