import { ClusterError } from './cluster.js'
import { connectionFault } from '../../credentials/connection-faults.js'
import { protocolErrorName } from './kafkajs-internals.js'
import { UnreadableProgress } from './progress/progress.js'
import type { SinkFailure } from '../sink.js'

/**
 * What an error means to the sink. `EpochLost`: the broker says that another producer has our transactional id now, or
 * that it has given up our transaction.
 */
export type KafkaFailure = SinkFailure | Readonly<{ tag: 'EpochLost'; by: string }>

/**
 * Classifies errors of a cluster, and those of kafkajs where it is used without the port (topics, consumer groups): the
 * one place where they become ours.
 */
export const classifyKafkaError = (cause: unknown): KafkaFailure => {
  if (cause instanceof UnreadableProgress) return { tag: 'Refused', reason: cause.message }
  const fault = connectionFault(cause)
  if (fault?.refused === true) return { tag: 'Refused', reason: fault.words }
  if (fault !== undefined) return { tag: 'NotConnected', cause: new Error(fault.words, { cause }) }
  const type = cause instanceof ClusterError ? cause.protocolError : protocolErrorName(cause)
  const refusal = type === undefined ? undefined : refusals[type]
  if (refusal !== undefined) return { tag: 'Refused', reason: `${refusal} (Kafka: ${type}: ${messageOf(cause)})` }
  if (type !== undefined && EPOCH_LOST.has(type)) return { tag: 'EpochLost', by: type }
  return { tag: 'NotConnected', cause }
}

const EPOCH_LOST = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'])

/** Errors that trying again does not change, and how to mend each. */
const refusals: Readonly<Record<string, string>> = {
  MESSAGE_TOO_LARGE: "a record is larger than the topic takes: raise the topic's max.message.bytes",
  RECORD_LIST_TOO_LARGE: 'a batch of records is larger than the broker takes: raise its message.max.bytes',
  TOPIC_AUTHORIZATION_FAILED:
    'this user lacks rights on the topic: grant WRITE and DESCRIBE; READ on the progress topic; CREATE to create it',
  GROUP_AUTHORIZATION_FAILED: 'this user may not use the consumer group: grant READ on it',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    'this user may not use the transactional id: grant WRITE and DESCRIBE on it, or set egress.kafka.delivery: at-least-once',
  CLUSTER_AUTHORIZATION_FAILED: 'this user may not do that on the cluster: grant IDEMPOTENT_WRITE',
  SASL_AUTHENTICATION_FAILED: 'the broker does not accept these credentials',
  UNSUPPORTED_SASL_MECHANISM:
    'the broker does not offer this SASL mechanism at this port: change egress.kafka.sasl.mechanism, or use another port',
  ILLEGAL_SASL_STATE: 'the broker asks for no SASL at this port: remove egress.kafka.sasl, or use its SASL port',
  UNSUPPORTED_VERSION:
    'the broker does not support a request that the egress needs: it needs Kafka 0.11 or later, with transactions',
  INVALID_REPLICATION_FACTOR: 'the cluster has fewer brokers than egress.kafka.replicationFactor asks for: lower it',
  INVALID_PARTITIONS: 'the broker does not take this number of partitions: change egress.kafka.partitions',
  POLICY_VIOLATION: "the topic violates the cluster's policy for topics: change its settings in egress.kafka",
  INVALID_TOPIC_EXCEPTION: 'the broker does not take this topic name',
  INVALID_REQUIRED_ACKS: 'the broker does not take acks=all',
  INVALID_TRANSACTION_TIMEOUT:
    "egress.kafka.transactionTimeoutMs is above the broker's transaction.max.timeout.ms: lower it",
  UNSUPPORTED_COMPRESSION_TYPE: 'the broker does not take this compression',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'the topic has a message format without transactions',
  INVALID_RECORD: 'the broker refuses a record: on a compacted topic every record needs a key',
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
