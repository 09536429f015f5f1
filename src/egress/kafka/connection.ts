import kafkajs from 'kafkajs'
import type { Kafka, LogEntry, Producer, RetryOptions } from 'kafkajs'
import type { KafkaAddress, KafkaLogLevel } from './options.js'
import { useQuickRecords } from './record-encoder.js'

useQuickRecords()

/**
 * Every field is given: kafkajs merges what is missing from defaults that differ under NODE_ENV=test. Back-to-back
 * transactions meet CONCURRENT_TRANSACTIONS and wait `initialRetryTime`, so it is short; ten tries with doubling waits
 * last about five seconds.
 */
const RETRY: RetryOptions = { initialRetryTime: 8, maxRetryTime: 1_500, multiplier: 2, factor: 0.2, retries: 10 }

const CONNECTION_TIMEOUT_MS = 5_000
const REQUEST_TIMEOUT_MS = 30_000
const METADATA_MAX_AGE_MS = 300_000

/** A kafkajs client. It does nothing until a producer or admin connects. */
export const kafkaClient = ({ brokers, clientId = 'streamvane', ssl, sasl, log, socketFactory }: KafkaAddress): Kafka =>
  new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    retry: RETRY,
    logLevel: log === undefined ? kafkajs.logLevel.NOTHING : kafkajs.logLevel.INFO,
    logCreator: () => (entry) => log?.(levelOf(entry), entry.log.message, entry.log),
    ...(ssl !== undefined && { ssl }),
    ...(sasl !== undefined && { sasl }),
    ...(socketFactory !== undefined && { socketFactory }),
  })

/** A producer for transactions alone. One request in flight, or sequence numbers could arrive out of order. */
export const transactionalProducer = (kafka: Kafka, transactionalId: string, transactionTimeoutMs: number): Producer =>
  kafka.producer({
    transactionalId,
    transactionTimeout: transactionTimeoutMs,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    retry: RETRY,
  })

const levelOf = ({ level }: LogEntry): KafkaLogLevel =>
  level <= kafkajs.logLevel.ERROR
    ? 'error'
    : level === kafkajs.logLevel.WARN
      ? 'warn'
      : level === kafkajs.logLevel.INFO
        ? 'info'
        : 'debug'
