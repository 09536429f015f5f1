import kafkajs from 'kafkajs'
import type { Kafka, Producer, RetryOptions } from 'kafkajs'
import { kafkaDefaults, metadataMaxAgeMs, timeouts, type KafkaAddress } from './options.js'
import { useOwnRecordEncoder } from './kafkajs-internals.js'

useOwnRecordEncoder()

/**
 * Every field is given, because the defaults of kafkajs differ under NODE_ENV=test. Back-to-back transactions meet
 * CONCURRENT_TRANSACTIONS and wait `initialRetryTime`, so it is short. Ten tries with doubling waits last about five
 * seconds.
 */
const RETRY: RetryOptions = { initialRetryTime: 8, maxRetryTime: 1_500, multiplier: 2, factor: 0.2, retries: 10 }

/** A kafkajs client. It does nothing until a producer or admin connects. */
export const kafkaClient = ({
  brokers,
  clientId = kafkaDefaults.clientId,
  ssl,
  sasl,
  log,
  socketFactory,
}: KafkaAddress): Kafka =>
  new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    ...timeouts,
    retry: RETRY,
    logLevel: log === undefined ? kafkajs.logLevel.NOTHING : kafkajs.logLevel.INFO,
    logCreator:
      () =>
      ({ log: { message, timestamp: _, ...details } }) =>
        log?.(message, details),
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
    metadataMaxAge: metadataMaxAgeMs,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    retry: RETRY,
  })

/** A producer without transactions, with repeats dropped by the broker or not. One request in flight, as above. */
export const plainProducer = (kafka: Kafka, idempotent: boolean): Producer =>
  kafka.producer({
    idempotent,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    metadataMaxAge: metadataMaxAgeMs,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    retry: RETRY,
  })
