import { setTimeout } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import type { Admin } from 'kafkajs'
import { familyNames, type FamilyName } from '../../domain/family.js'
import { kafkaClient } from './connection.js'
import { classifyKafkaError } from './failures.js'
import { protocolErrorName } from './kafkajs-internals.js'
import { kafkaDefaults, type KafkaAddress } from './options.js'
import { failureText } from '../sink.js'
import { defaultTopics, ownMarkerTopics, type Cleanup, type Markers, type Topics } from '../topics.js'

/** What is not given is taken from `kafkaDefaults`. */
export type TopicsOptions = KafkaAddress &
  Readonly<{
    topics?: Topics
    /** Default: they are not published. */
    markers?: Markers
    /** The topic of names. Absent: they are not published. */
    namesTopic?: string | undefined
    /** Families that have rows. Default all. */
    families?: readonly FamilyName[]
    progressTopic?: string
    /** Absent: none is needed. */
    deadLetterTopic?: string | undefined
    /** Of each row topic. A topic that exists is never changed. */
    partitions?: number
    /** -1: what the broker is set to. */
    replicationFactor?: number
    /**
     * Of topics that do not say it themselves. `delete`: a time series of row revisions, kept for `retentionMs`.
     * `compact`: the last record of each key.
     */
    cleanup?: Cleanup
    retentionMs?: number
  }>

export type WantedTopic = Readonly<{
  topic: string
  partitions: number
  replicationFactor: number
  config: Readonly<Record<string, string>>
}>

export type TopicStep =
  | Readonly<{ kind: 'create'; wanted: WantedTopic }>
  | Readonly<{ kind: 'as wanted'; topic: string }>
  /** It exists and differs. It is left as it is; the sentences say what differs and why it matters. */
  | Readonly<{ kind: 'differs'; topic: string; differences: readonly string[] }>

/** The topics that the egress needs: those of the rows, and the compacted one of the progress records. */
export const wantedTopics = (options: TopicsOptions): readonly WantedTopic[] => {
  const {
    topics = defaultTopics,
    markers = { kind: 'off' },
    progressTopic = kafkaDefaults.progressTopic,
    partitions = kafkaDefaults.partitions,
    replicationFactor = kafkaDefaults.replicationFactor,
    cleanup = kafkaDefaults.cleanup,
    retentionMs = kafkaDefaults.retentionMs,
    deadLetterTopic,
  } = options
  const configs = {
    delete: { 'cleanup.policy': 'delete', 'retention.ms': String(retentionMs) },
    compact: { 'cleanup.policy': 'compact' },
  }
  const policies = new Map<string, Cleanup>()
  for (const family of options.families ?? familyNames)
    for (const route of topics[family])
      policies.set(route.topic, route.cleanup ?? (route.records === 'latest' ? 'compact' : cleanup))
  return [
    ...[...policies].map(([topic, policy]) => ({ topic, partitions, replicationFactor, config: configs[policy] })),
    // Markers of one family and length of interval have one key, so more partitions would mostly be empty.
    ...ownMarkerTopics(markers).map((topic) => ({ topic, partitions: 1, replicationFactor, config: configs.delete })),
    ...(options.namesTopic === undefined
      ? []
      : [{ topic: options.namesTopic, partitions: 1, replicationFactor, config: configs.compact }]),
    // Small segments, so that compaction keeps up with a record per batch.
    {
      topic: progressTopic,
      partitions: 1,
      replicationFactor,
      config: { 'cleanup.policy': 'compact', 'segment.bytes': String(16 * 1024 * 1024) },
    },
    ...(deadLetterTopic === undefined
      ? []
      : [{ topic: deadLetterTopic, partitions: 1, replicationFactor, config: configs.delete }]),
  ]
}

/**
 * Compares what is there with what is wanted; changes nothing (the dry run). Throws `TopicsFailed` and `TopicsRefused`.
 */
export const planTopics = (options: TopicsOptions): Promise<readonly TopicStep[]> =>
  withAdmin(options, async (admin) => {
    const existing = new Set(await admin.listTopics())
    const steps: TopicStep[] = []
    for (const wanted of wantedTopics(options))
      steps.push(existing.has(wanted.topic) ? await compareTopic(admin, wanted) : { kind: 'create', wanted })
    return steps
  })

/**
 * Creates what is missing. Never deletes, shrinks or reconfigures: the operator decides about differences.
 * Returns the plan that was carried out.
 */
export const applyTopics = async (options: TopicsOptions): Promise<readonly TopicStep[]> => {
  const steps = await planTopics(options)
  const missing = steps.flatMap((step) => (step.kind === 'create' ? [step.wanted] : []))
  if (missing.length === 0) return steps
  await withAdmin(options, (admin) => createTopics(admin, missing))
  return steps
}

const LOOK_EVERY_MS = 100
const LOOKS_MAX = 300

/**
 * Creates topics, and waits until the brokers know them and their leaders, half a minute at most. kafkajs can wait too,
 * but gives up where a broker does not know yet what the controller has made.
 */
export const createTopics = async (admin: Admin, wanted: readonly WantedTopic[]): Promise<void> => {
  await admin.createTopics({
    waitForLeaders: false,
    timeout: 30_000,
    topics: wanted.map(({ topic, partitions, replicationFactor, config }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor,
      configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
    })),
  })
  const topics = wanted.map(({ topic }) => topic)
  for (let look = 1; ; look++)
    try {
      await admin.fetchTopicMetadata({ topics })
      return
    } catch (cause) {
      if (!NOT_YET.has(protocolErrorName(cause) ?? '') || look >= LOOKS_MAX) throw cause
      await setTimeout(LOOK_EVERY_MS)
    }
}

const NOT_YET = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'])

/** Kafka does not answer, or not as expected; trying again may help. */
export class TopicsFailed extends Error {
  override readonly name = 'TopicsFailed'
}

/** Kafka refuses what is asked; the message says how to mend it. */
export class TopicsRefused extends Error {
  override readonly name = 'TopicsRefused'
}

/** Compares a topic that exists with what is wanted. */
export const compareTopic = async (admin: Admin, wanted: WantedTopic): Promise<TopicStep> => {
  const { topic } = wanted
  const metadata = await admin.fetchTopicMetadata({ topics: [topic] })
  const partitions = metadata.topics[0]?.partitions ?? []
  const replicas = Math.min(...partitions.map((partition) => partition.replicas.length))
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: Object.keys(wanted.config) }],
  })
  const actual = new Map(resources[0]?.configEntries.map((entry) => [entry.configName, entry.configValue]))
  const differences: string[] = []
  if (partitions.length < wanted.partitions)
    differences.push(
      `it has ${partitions.length} partitions instead of ${wanted.partitions} (adding some moves keys to other partitions: consumers must have caught up first)`,
    )
  if (wanted.replicationFactor > 0 && replicas < wanted.replicationFactor)
    differences.push(`it has ${replicas} replicas instead of ${wanted.replicationFactor}`)
  for (const [name, value] of Object.entries(wanted.config)) {
    const found = actual.get(name)
    if (found !== value) differences.push(`${name} is ${found ?? 'unknown'} instead of ${value}`)
  }
  return differences.length === 0 ? { kind: 'as wanted', topic } : { kind: 'differs', topic, differences }
}

/** Runs `work` with a connection for administration. Throws `TopicsFailed` and `TopicsRefused`. */
export const withAdmin = async <A>(address: KafkaAddress, work: (admin: Admin) => Promise<A>): Promise<A> => {
  const admin = kafkaClient(address).admin()
  try {
    await admin.connect()
    return await work(admin)
  } catch (cause) {
    const failure = classifyKafkaError(cause)
    if (failure.tag === 'Refused') throw new TopicsRefused(failure.reason, { cause })
    const reason = failure.tag === 'NotConnected' ? failureText(failure) : failure.by
    throw new TopicsFailed(`Kafka at ${address.brokers.join(', ')}: ${reason}`, { cause })
  } finally {
    await admin.disconnect().catch(() => {})
  }
}
