import type { KafkaConfig } from 'kafkajs'
import type { FamilyName } from '../../domain/family.js'
import type { Topics } from '../topics.js'

export type KafkaLogLevel = 'debug' | 'info' | 'warn' | 'error'
export type KafkaLog = (level: KafkaLogLevel, message: string, details: Readonly<Record<string, unknown>>) => void

/** How to reach a cluster. */
export type KafkaAddress = Readonly<{
  brokers: readonly string[]
  clientId?: string
  ssl?: KafkaConfig['ssl']
  sasl?: KafkaConfig['sasl']
  /** What kafkajs has to say. Default: nothing. */
  log?: KafkaLog
  /** How sockets are made; a test cuts them here. */
  socketFactory?: KafkaConfig['socketFactory']
}>

export type RegistryOptions = Readonly<{
  /** Base address of a Confluent-compatible schema registry. */
  url: string
  auth?: Readonly<{ username: string; password: string }>
  /** Level that new subjects get and existing ones are expected to have. Default BACKWARD. */
  compatibility?:
    'BACKWARD' | 'BACKWARD_TRANSITIVE' | 'FORWARD' | 'FORWARD_TRANSITIVE' | 'FULL' | 'FULL_TRANSITIVE' | 'NONE'
}>

export type KafkaCompression = 'none' | 'gzip'

export type KafkaSinkOptions = KafkaAddress &
  Readonly<{
    tenant: string
    /** Name of this egress among those of the tenant. Default `kafka`. */
    name?: string
    topics?: Topics
    /**
     * Families whose topics must be there on connecting; those of others are looked for when their first row comes.
     * Default all.
     */
    families?: readonly FamilyName[]
    /** Avro needs the registry. */
    values: Readonly<{ format: 'avro'; registry: RegistryOptions }> | Readonly<{ format: 'json' }>
    /**
     * What fencing goes by, and the key of the progress record: stable across restarts, different for each egress.
     * Default `streamvane.<tenant>.<name>`.
     */
    transactionalId?: string
    /** Compacted. Default `streamvane.progress`. */
    progressTopic?: string
    /** Default none. */
    compression?: KafkaCompression
    /**
     * After this the broker aborts a transaction that its producer has left open; until then a crashed egress holds
     * back read_committed consumers, unless it is restarted before. Default 30,000.
     */
    transactionTimeoutMs?: number
  }>

export const defaultProgressTopic = 'streamvane.progress'
export const transactionalIdOf = ({ tenant, name = 'kafka', transactionalId }: KafkaSinkOptions): string =>
  transactionalId ?? `streamvane.${tenant}.${name}`
