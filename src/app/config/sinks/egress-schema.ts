import { z } from 'zod'
import { familyNames, type FamilyName } from '../../../domain/family.js'
import { badRowSettings, compatibilityLevels, deliverySettings, kafkaDefaults } from '../../../egress/kafka/options.js'
import { subjectStrategies } from '../../../egress/kafka/registry/subject-strategies.js'
import { isTopicName, TOPIC_NAME_RULE } from '../../../egress/topic-name.js'
import {
  defaultTopicNames,
  sharedTopics,
  topicContents,
  topicFaults,
  topicKeys,
  topicNames,
  topicsOfSeveralFamilies,
  type Markers,
  type TopicRoute,
  type Topics,
  defaultMarkersTopic,
  defaultNamesTopic,
  namesSettings,
} from '../../../egress/topics.js'
import { connectionFaults } from '../connections/kafka-connection-faults.js'
import { connectionKeys, registryConnectionKeys } from '../connections/kafka-connection-schema.js'
import { TOPIC_PREFIX, TOPIC_PREFIX_RULE } from '../connections/kafka-topic-prefix.js'
import { presetFaults } from '../connections/kafka-presets.js'
import type { SettingFault } from '../setting-fault.js'

export const topicName = z.string().refine(isTopicName, TOPIC_NAME_RULE)

const cleanup = z.enum(['delete', 'compact'])

/** A topic as a name, or with what it is for; or several. */
const routesSchema = z.preprocess(
  (value) =>
    (Array.isArray(value) ? value : [value]).map((each: unknown) => (typeof each === 'string' ? { name: each } : each)),
  z
    .array(
      z
        .strictObject({
          name: topicName,
          /** Key of its records: the queue or agent (`entity`), the row key without the interval (`series`), the row key. */
          key: z.enum(topicKeys).optional(),
          /** `latest`: the latest state, without replays and late intervals, with tombstones. */
          records: z.enum(topicContents).default('all'),
          /** By default `compact` for `records: latest`, else as `cleanup` beside `topics`. */
          cleanup: cleanup.optional(),
        })
        .transform(({ name, key, records, cleanup: policy }): TopicRoute => ({
          topic: name,
          key: key ?? (records === 'latest' ? 'series' : 'entity'),
          records,
          ...(policy === undefined ? {} : { cleanup: policy }),
        })),
    )
    .min(1),
)

/** The topics of each family. */
const topicSchemas = Object.fromEntries(
  familyNames.map((family) => [family, routesSchema.prefault(defaultTopicNames[family])]),
) as Readonly<Record<FamilyName, z.ZodPrefault<typeof routesSchema>>>

/** The topics of the settings of a Kafka destination. */
export const topicsIn = ({
  topics: { consolidated, ...ofFamilies },
}: Readonly<{ topics: Topics & Readonly<{ consolidated?: readonly TopicRoute[] | undefined }> }>): Topics =>
  consolidated === undefined ? ofFamilies : sharedTopics(consolidated)

/** Where the markers of a Kafka destination go. */
export const markersIn = ({
  markers: kind,
  markersTopic: name,
}: Readonly<{ markers: Markers['kind']; markersTopic: string }>): Markers =>
  kind === 'topic' ? { kind, name } : { kind }

/** The topic of names of a Kafka destination; `undefined`: they are not published. */
export const namesTopicIn = ({
  names,
  namesTopic,
}: Readonly<{ names: (typeof namesSettings)[number]; namesTopic: string }>): string | undefined =>
  names === 'topic' ? namesTopic : undefined

/** The settings of one Kafka destination. */
export const kafkaSchema = z.strictObject({
  ...connectionKeys,
  clientId: z.string().default(kafkaDefaults.clientId),
  format: z.enum(['avro', 'json']).default('avro'),
  registry: z
    .strictObject({
      ...registryConnectionKeys,
      /** Whether the egress registers schemas that are not there; otherwise `streamvane schemas register` does. */
      autoRegister: z.boolean().default(false),
      /** How subjects are named; by default by topic, and by topic and record where families share a topic. */
      subjects: z.enum(subjectStrategies).optional(),
      /** Level that subjects are set to when a schema is registered; by default their level is left as it is. */
      compatibility: z.enum(compatibilityLevels).optional(),
    })
    .optional(),
  /** Name of this egress at the broker, the same after every restart; by default `streamvane.<tenant>.kafka`. */
  transactionalId: z.string().optional(),
  compression: z.enum(['none', 'gzip']).default(kafkaDefaults.compression),
  /** -1 stands for the broker's default. */
  replicationFactor: z.number().int().min(-1).default(kafkaDefaults.replicationFactor),
  /** Before the usual name of every topic that is not named, as `acme.`: tenants of one cluster need one each. */
  topicPrefix: z.string().regex(TOPIC_PREFIX, TOPIC_PREFIX_RULE).optional(),
  progressTopic: topicName.default(kafkaDefaults.progressTopic),
  /** Where markers of complete intervals go: a topic of their own, the topics of the rows, nowhere. */
  markers: z.enum(['topic', 'inline', 'off']).default('off'),
  markersTopic: topicName.default(defaultMarkersTopic),
  /** Where names of queues, agents and so on go: a compacted topic of their own, nowhere. */
  names: z.enum(namesSettings).default('off'),
  namesTopic: topicName.default(defaultNamesTopic),
  /** The broker aborts a transaction that was left open for this long. */
  transactionTimeoutMs: z.number().int().min(1_000).default(kafkaDefaults.transactionTimeoutMs),
  /** `at-least-once` and `detect` let rows come again after a failure, with the same identity (docs/adr/0020). */
  delivery: z.enum(deliverySettings).default(kafkaDefaults.delivery),
  /** What becomes of a row that the broker refuses for ever, for example because it is too large. */
  onBadRow: z.enum(badRowSettings).default(kafkaDefaults.onBadRow),
  /** By default named after the progress topic: `streamvane.progress` gives `streamvane.dead-letter`. */
  deadLetterTopic: topicName.optional(),
  topics: z
    .strictObject({
      ...topicSchemas,
      /** The same topic, or topics, for all families, instead of those of each. */
      consolidated: routesSchema.optional(),
    })
    .prefault({})
    .superRefine((topics, context) => {
      for (const message of topicFaults(topicsIn({ topics }))) context.addIssue({ code: 'custom', message })
    }),
  /** Settings of topics that `topics apply` creates. */
  partitions: z.number().int().min(1).default(kafkaDefaults.partitions),
  cleanup: cleanup.default(kafkaDefaults.cleanup),
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

export type KafkaSettings = z.infer<typeof kafkaSchema>
export type FilesSettings = z.infer<typeof filesSchema>

/** What one Kafka destination lacks that is in use. Paths begin below its settings. */
export const kafkaFaults = (settings: KafkaSettings): readonly SettingFault[] => [
  ...destinationFaults(settings),
  ...connectionFaults(settings),
  ...presetFaults(settings),
]

const destinationFaults = ({ brokers, format, registry, topics, ...rest }: KafkaSettings): readonly SettingFault[] => [
  ...(namesTopicIn(rest) === undefined || !otherTopicsOf({ topics, ...rest }).includes(rest.namesTopic)
    ? []
    : [
        {
          path: ['namesTopic'],
          message: `${rest.namesTopic} is also a topic of rows, markers or progress: names need a topic of their own`,
        },
      ]),
  ...(registry?.subjects !== 'TopicNameStrategy' || topicsOfSeveralFamilies(topicsIn({ topics })).size === 0
    ? []
    : [
        {
          path: ['registry', 'subjects'],
          message:
            'families share a topic, and one subject cannot hold the schemas of several: TopicRecordNameStrategy, or a topic for each family',
        },
      ]),
  ...(brokers.length > 0
    ? []
    : [
        {
          path: ['brokers'],
          message: 'a sink is kafka but no broker is named (KAFKA_BROKERS or egress.kafka.brokers)',
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

const otherTopicsOf = ({
  topics,
  markers,
  markersTopic,
  progressTopic,
}: Pick<KafkaSettings, 'topics' | 'markers' | 'markersTopic' | 'progressTopic'>): readonly string[] => [
  ...topicNames(topicsIn({ topics })),
  ...(markers === 'topic' ? [markersTopic] : []),
  progressTopic,
]
