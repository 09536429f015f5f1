import { deadLetterTopicOf, namesTransactionalIdOf, transactionalIdOf } from '../../egress/kafka/options.js'
import { ownMarkerTopics, topicNames, type Topics } from '../../egress/topics.js'
import { familyNames, type FamilyName } from '../../domain/family.js'
import { membershipNamesOf } from '../pipeline/shards/membership-names.js'
import type { Config } from '../config/schema.js'
import { markersIn, namesTopicIn, topicsIn } from '../config/sinks/egress-schema.js'
import { kafkaSinks, type KafkaSinkSettings } from '../config/sinks/egress-sinks.js'
import type { KafkaSourceSettings } from '../config/sources/kafka-schema.js'
import { sourceSettings } from '../config/sources/sources-schema.js'
import { kafkaIdentityOf } from '../sinks/kafka-identity.js'
import { passing } from '../sinks/sink-kind.js'
import { consumerGroupOf } from '../sources/consumer-group.js'
import { CLUSTER, right, rights, type Role } from './acl.js'

/** Since this version a right to write any topic includes being an idempotent producer. */
const IDEMPOTENCE_IMPLIED_SINCE = [2, 8] as const

export type RolesOptions = Readonly<{
  /** Version of the brokers as `[major, minor]`. Default: of today. */
  brokerVersion?: readonly [major: number, minor: number]
}>

/**
 * The rights that each part of an installation needs on its Kafka clusters, and no more: a role with all of its rights
 * runs whole, and without any one of them it fails. Writing and reading include describing. The one list of them, from
 * which the command, the documents and the tests take what they say.
 */
export const kafkaRoles = (config: Config, options: RolesOptions = {}): readonly Role[] => [
  ...sourceRoles(config),
  ...kafkaSinks(config.egress).flatMap((sink) => [
    egressRole(sink, config, options),
    replayRole(sink, config),
    applyRole(sink, config),
    verifyRole(sink, config),
    consumerRole(sink, config),
  ]),
  ...(config.egress.kafka.brokers.length === 0 ? [] : [shardsRole(config)]),
]

/** Where the groups of a tenant's consumers belong. No tenant's name holds a dot, so none of these begins another. */
export const consumerGroupPrefix = (tenant: string): string => `consumers.${tenant}.`

const sourceRoles = ({ sources, tenant }: Config): readonly Role[] =>
  sourceSettings(sources)
    .filter(({ use }) => use === 'kafka')
    .map(({ name, settings }) => {
      const { brokers, topics, ...rest } = settings as KafkaSourceSettings
      return {
        ...{ name: `source ${name}`, used: 'stage ingress', brokers },
        acls: [
          ...rights('Read', 'topic', topics, 'events are read'),
          right('Read', 'group', consumerGroupOf(tenant, name, rest), 'members join, and commit what is stored'),
        ],
      }
    })

const egressRole = (sink: KafkaSinkSettings, config: Config, { brokerVersion }: RolesOptions): Role => {
  const { settings } = sink
  const { progressTopic, delivery } = settings
  const { row, markers, names, deadLetter } = topicsOfSink(sink, config)
  const id = idOf(sink, config, false)
  return {
    ...{ name: `egress ${sink.name}`, used: 'stages egress and names, topics check', brokers: settings.brokers },
    acls: [
      ...rights('Write', 'topic', row, 'rows are published'),
      ...rights('Write', 'topic', markers, 'markers of complete intervals are published'),
      ...rights('Write', 'topic', names, 'names are published'),
      ...rights('Write', 'topic', deadLetter, 'rows that the broker refuses go there'),
      right('Write', 'topic', progressTopic, 'progress is written with the rows'),
      right('Read', 'topic', progressTopic, 'a start goes on from there'),
      ...(delivery === 'at-least-once'
        ? []
        : [
            right('Write', 'transactional-id', id, 'rows and progress are one transaction'),
            ...rights(
              'Write',
              'transactional-id',
              names.map(() => namesTransactionalIdOf(id)),
              'names and progress are one transaction',
            ),
          ]),
      ...(delivery !== 'exactly-once' && isBefore(brokerVersion, IDEMPOTENCE_IMPLIED_SINCE)
        ? [right('IdempotentWrite', 'cluster', CLUSTER, 'the broker drops repeats of a request (before Kafka 2.8)')]
        : []),
    ],
  }
}

const isBefore = (
  [major, minor]: readonly [number, number] = IDEMPOTENCE_IMPLIED_SINCE,
  [sinceMajor, sinceMinor]: readonly [number, number],
): boolean => major < sinceMajor || (major === sinceMajor && minor < sinceMinor)

/** A replay looks at the progress of the running egress, which it neither writes nor fences. */
const replayRole = (sink: KafkaSinkSettings, config: Config): Role => {
  const { progressTopic, delivery, brokers } = sink.settings
  const { row, markers, deadLetter, replayed } = topicsOfSink(sink, config)
  return {
    ...{ name: `replay ${sink.name}`, used: 'streamvane replay', brokers },
    acls: [
      ...rights('Write', 'topic', replayed, 'rows are published again'),
      ...rights(
        'Describe',
        'topic',
        [...row.filter((topic) => !replayed.includes(topic)), ...markers],
        'it is looked for, and gets nothing',
      ),
      ...rights('Write', 'topic', deadLetter, 'rows that the broker refuses go there'),
      right('Write', 'topic', progressTopic, 'the replay claims its name'),
      right('Read', 'topic', progressTopic, 'what was published is replayed'),
      ...(delivery === 'at-least-once'
        ? []
        : [
            right('Write', 'transactional-id', idOf(sink, config, true), 'a name of its own, so that it fences nobody'),
            right('Describe', 'transactional-id', idOf(sink, config, false), 'the progress of the egress is looked at'),
          ]),
    ],
  }
}

const applyRole = (sink: KafkaSinkSettings, config: Config): Role => {
  const topics = allTopics(sink, config)
  return {
    ...{ name: `apply ${sink.name}`, used: 'streamvane topics apply', brokers: sink.settings.brokers },
    acls: [
      ...rights('Create', 'topic', topics, 'it is created where it is missing'),
      ...rights('Describe', 'topic', topics, 'its partitions are compared'),
      ...rights('DescribeConfigs', 'topic', topics, 'its settings are compared'),
    ],
  }
}

const verifyRole = (sink: KafkaSinkSettings, config: Config): Role => {
  const { progressTopic, delivery, brokers } = sink.settings
  const { row, markers, deadLetter } = topicsOfSink(sink, config)
  return {
    ...{ name: `verify ${sink.name}`, used: 'streamvane verify --topic', brokers },
    acls: [
      ...rights('Read', 'topic', [...row, ...markers], 'records are compared'),
      ...rights('Describe', 'topic', deadLetter, 'it is looked for'),
      right('Read', 'topic', progressTopic, 'what was published is verified'),
      ...(delivery === 'at-least-once'
        ? []
        : [
            right('Describe', 'transactional-id', idOf(sink, config, false), 'the progress of the egress is looked at'),
          ]),
    ],
  }
}

const consumerRole = (sink: KafkaSinkSettings, config: Config): Role => {
  const { row, markers, names } = topicsOfSink(sink, config)
  return {
    ...{ name: `consumer ${sink.name}`, used: 'who reads rows', brokers: sink.settings.brokers },
    acls: [
      ...rights('Read', 'topic', [...row, ...markers, ...names], 'records are read'),
      {
        ...{ operation: 'Read', resource: 'group', name: consumerGroupPrefix(config.tenant), pattern: 'prefixed' },
        why: 'consumers share partitions, and commit what they have read',
      },
    ],
  }
}

/** Several processes of stage points divide the buckets on the cluster of `egress.kafka`. */
const shardsRole = (config: Config): Role => {
  const { controlTopic, group } = membershipNamesOf(config)
  return {
    ...{ name: 'shards', used: 'stage points', brokers: config.egress.kafka.brokers },
    acls: [
      right('Create', 'topic', controlTopic, 'the first process creates it'),
      right('Describe', 'topic', controlTopic, 'its partitions stand for buckets; it holds no records'),
      right('Read', 'group', group, 'members join, and divide the buckets'),
    ],
  }
}

/** The transactional id of a sink, or of a replay to it. */
const idOf = (sink: KafkaSinkSettings, { tenant }: Config, isReplay: boolean): string =>
  transactionalIdOf(kafkaIdentityOf(sink, { tenant, isReplay }))

type SinkTopics = Readonly<{
  row: readonly string[]
  /** Those of the rows that take replays. */
  replayed: readonly string[]
  markers: readonly string[]
  names: readonly string[]
  deadLetter: readonly string[]
}>

const topicsOfSink = ({ settings, filter }: KafkaSinkSettings, { profile }: Config): SinkTopics => {
  const topics = topicsIn(settings)
  const families = passing(profile.families, filter)
  const names = namesTopicIn(settings)
  const { onBadRow, deadLetterTopic, progressTopic } = settings
  return {
    row: topicNames(topics, families),
    replayed: topicNames(timeSeriesOf(topics), families),
    markers: ownMarkerTopics(markersIn(settings)),
    names: names === undefined ? [] : [names],
    deadLetter: onBadRow === 'dead-letter' ? [deadLetterTopic ?? deadLetterTopicOf(progressTopic)] : [],
  }
}

const timeSeriesOf = (topics: Topics): Topics =>
  Object.fromEntries(
    familyNames.map((family: FamilyName) => [family, topics[family].filter(({ records }) => records === 'all')]),
  ) as unknown as Topics

const allTopics = (sink: KafkaSinkSettings, config: Config): readonly string[] => {
  const { row, markers, names, deadLetter } = topicsOfSink(sink, config)
  return [...row, ...markers, ...names, sink.settings.progressTopic, ...deadLetter]
}
