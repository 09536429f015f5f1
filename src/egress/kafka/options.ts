import type { KafkaConfig } from 'kafkajs'
import type { FamilyName } from '../../domain/family.js'
import type { TlsSettings } from '../../credentials/tls.js'
import type { BadRow } from './dead-letter/dead-letter.js'
import type { SignsOfLife } from './progress/other-owner.js'
import type { ProgressMismatchCode } from '../progress-mismatch.js'
import type { SubjectStrategy } from './registry/subject-strategies.js'
import type { Secret } from '../../credentials/secret.js'
import type { Markers, Topics } from '../topics.js'

/** What the configuration and the functions of this folder use where nothing is said. */
export const kafkaDefaults = {
  clientId: 'streamvane',
  /** Compacted; holds the progress records. */
  progressTopic: 'streamvane.progress',
  compression: 'none',
  transactionTimeoutMs: 30_000,
  delivery: 'exactly-once',
  onBadRow: 'stop',
  takeOver: 'when-silent',
  /** Of a row topic. */
  partitions: 6,
  /** As the broker is set. */
  replicationFactor: -1,
  cleanup: 'delete',
  retentionMs: 90 * 86_400_000,
} as const

/** Of every connection, in the form in which kafkajs takes them. */
export const timeouts = { connectionTimeout: 5_000, requestTimeout: 30_000, enforceRequestTimeout: true } as const
export const metadataMaxAgeMs = 300_000

/**
 * Takes a log line of kafkajs. They are for debugging alone: kafkajs logs at error level what it tries again, and what
 * it does not overcome comes back as the failure of a call.
 */
export type KafkaLog = (message: string, details: Readonly<Record<string, unknown>>) => void

/** How to reach a cluster. `kafkaAddress` makes one of settings for TLS and SASL. */
export type KafkaAddress = Readonly<{
  brokers: readonly string[]
  clientId?: string
  sasl?: KafkaConfig['sasl']
  /** Takes the log lines of kafkajs. Default: they are dropped. */
  log?: KafkaLog
  /** How sockets are made, with TLS or without. Default: plain ones, as kafkajs makes them. */
  socketFactory?: KafkaConfig['socketFactory']
  /** How often kafkajs repeats what failed, in growing pauses. Default 10, which is about five seconds. */
  retries?: number
}>

/** How a Confluent-compatible schema registry is reached. */
export type RegistryConnection = Readonly<{
  /** Its base address. Credentials in it count where there is no `auth`. */
  url: string
  auth?: Readonly<{ username: string; password: Secret }> | Readonly<{ token: Secret }>
  /** Default: as the address says, with the authorities of Node.js. */
  tls?: TlsSettings
}>

export type RegistryOptions = RegistryConnection &
  Readonly<{
    /** Does the egress register schemas that the registry does not hold? Default: it refuses and says how to do it. */
    autoRegister?: boolean
    /** How subjects are named. Default: by topic; where families share a topic, by topic and record. */
    subjects?: SubjectStrategy
    /**
     * Level that subjects are set to when a schema is registered. A level that the registry holds a subject to by default and that is stricter stays.
     * Default: levels are left as they are.
     */
    compatibility?: CompatibilityLevel
  }>

export const compatibilityLevels = [
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
  'NONE',
] as const
export type CompatibilityLevel = (typeof compatibilityLevels)[number]

/**
 * `exactly-once`: rows and progress in one transaction; a broker without transactions is refused. `at-least-once`:
 * without transactions, so after a failure rows may come again with the same identity. `detect`: exactly-once where the
 * broker and the rights of the user allow it, else at-least-once.
 */
export const deliverySettings = ['exactly-once', 'at-least-once', 'detect'] as const
export type DeliverySetting = (typeof deliverySettings)[number]

export const takeOverSettings = ['when-silent', 'always'] as const
export type TakeOverSetting = (typeof takeOverSettings)[number]

/** What becomes of a row that the broker refuses however often it is sent. */
export const badRowSettings = ['stop', 'dead-letter'] as const
export type BadRowSetting = (typeof badRowSettings)[number]

/** `streamvane.progress` → `streamvane.dead-letter`: one for each progress topic. */
export const deadLetterTopicOf = (progressTopic: string): string =>
  `${progressTopic.replace(/[._-]progress$/, '')}.dead-letter`

export type KafkaCompression = 'none' | 'gzip'

export type KafkaSinkOptions = KafkaAddress &
  Readonly<{
    tenant: string
    /** Name of this egress among those of the tenant. Default `kafka`. */
    name?: string
    topics?: Topics
    /** Default: they are not published. */
    markers?: Markers
    /** Topics besides those of rows and markers that are published to; they must exist. Default none. */
    otherTopics?: readonly string[]
    /**
     * Families whose topics must exist when the sink connects. Topics of other families are looked for when their first
     * row comes. Default all.
     */
    families?: readonly FamilyName[]
    /** Avro needs the registry. */
    values: Readonly<{ format: 'avro'; registry: RegistryOptions }> | Readonly<{ format: 'json' }>
    /**
     * Kafka fences by this id, and it is the key of the progress record: stable across restarts, different for each
     * egress.
     * Default `streamvane.<tenant>.<name>`.
     */
    transactionalId?: string
    /** Default: that of `kafkaDefaults`. */
    progressTopic?: string
    /** What an operator has decided to accept of a progress that does not match. Default nothing. */
    acceptProgress?: readonly ProgressMismatchCode[]
    /**
     * Mismatches after which everything is published again, without being asked: only for a topic that keeps a latest
     * state, where that repeats nothing. Default none.
     */
    startsOverOn?: readonly ProgressMismatchCode[]
    /** Default: that of `kafkaDefaults`. */
    compression?: KafkaCompression
    /**
     * Whether an owner of the progress that gives signs of life is taken over from (it is fenced then) or not (this
     * instance is refused then). Default: that of `kafkaDefaults`.
     */
    takeOver?: TakeOverSetting
    /** Default: the clock and the processes of this machine. */
    signs?: SignsOfLife
    /** Default: that of `kafkaDefaults`. */
    delivery?: DeliverySetting
    /** Default: that of `kafkaDefaults`. */
    onBadRow?: BadRowSetting
    /** Default: see `deadLetterTopicOf`. */
    deadLetterTopic?: string
    /** Called for each row that went to the dead-letter topic, once that is committed. */
    onDeadLetter?: (row: BadRow) => void
    /**
     * The broker aborts a transaction that its producer has left open for this long. Until then a crashed egress holds
     * back read_committed consumers, unless it is started again before. Default: that of `kafkaDefaults`.
     */
    transactionTimeoutMs?: number
  }>

export const transactionalIdOf = ({
  tenant,
  name = 'kafka',
  transactionalId,
}: Pick<KafkaSinkOptions, 'tenant' | 'name' | 'transactionalId'>): string =>
  transactionalId ?? `streamvane.${tenant}.${name}`

/** Under which names are published beside the rows of this transactional id. */
export const namesTransactionalIdOf = (transactionalId: string): string => `${transactionalId}.names`
