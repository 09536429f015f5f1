import kafkajs from 'kafkajs'
import type { Kafka, Producer, RetryOptions } from 'kafkajs'
import { kafkaSasl, type SaslSettings } from './auth/sasl.js'
import type { TlsSettings } from '../../credentials/tls.js'
import { kafkaSockets } from './auth/sockets.js'
import { kafkaDefaults, metadataMaxAgeMs, timeouts, type KafkaAddress } from './options.js'
import { useOwnRecordEncoder } from './kafkajs-internals.js'

useOwnRecordEncoder()

/**
 * Every field is given, because the defaults of kafkajs differ under NODE_ENV=test. Ten tries with doubling waits last
 * about five seconds.
 */
const RETRY: RetryOptions = { initialRetryTime: 8, maxRetryTime: 1_500, multiplier: 2, factor: 0.2, retries: 10 }
/**
 * A transaction right behind another meets CONCURRENT_TRANSACTIONS while the broker still writes the markers of that
 * one, a few milliseconds, and waits `initialRetryTime`. Twelve tries last as long as the ten of others.
 */
const TRANSACTIONAL_RETRY: RetryOptions = { ...RETRY, initialRetryTime: 2, retries: 12 }

/** How to reach a cluster and prove who we are. Without `tls` connections are plain. */
export type ConnectionSettings = Omit<KafkaAddress, 'sasl' | 'socketFactory'> &
  Readonly<{ tls?: TlsSettings | undefined; sasl?: SaslSettings | undefined }>

/**
 * The settings in the form that kafkajs takes. Secrets and certificates stay where they are, and are read for each
 * connection and each authentication. Make it once for a sink: what it was authenticated as is remembered.
 */
export const kafkaAddress = ({ tls, sasl, ...address }: ConnectionSettings): KafkaAddress => ({
  ...address,
  socketFactory: kafkaSockets(tls),
  ...(sasl !== undefined && { sasl: kafkaSasl(sasl) }),
})

/** A kafkajs client. It does nothing until a producer or admin connects. */
export const kafkaClient = ({
  brokers,
  clientId = kafkaDefaults.clientId,
  sasl,
  log,
  socketFactory,
  retries = RETRY.retries,
}: KafkaAddress): Kafka =>
  new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    ...timeouts,
    retry: { ...RETRY, ...(retries !== undefined && { retries }) },
    logLevel: log === undefined ? kafkajs.logLevel.NOTHING : kafkajs.logLevel.INFO,
    logCreator:
      () =>
      ({ log: { message, timestamp: _, ...details } }) =>
        log?.(message, details),
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
    retry: TRANSACTIONAL_RETRY,
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
