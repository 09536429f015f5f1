import type { OutgoingRecord } from '../cluster.js'
import { plainHeaders } from '../protocol/packed-headers.js'
import type { RefusedRecord } from './piecemeal.js'

/** What the operator is told of a row that went to the dead-letter topic, or that stopped the egress. */
export type BadRow = Readonly<{
  /** Topic that the row was for. */
  topic: string
  /** `ce_id` of the row: generation, row key and row revision. */
  id: string
  bytes: number
  /** Why, by its name in Kafka's protocol. */
  error: string
}>

/**
 * What a sink knows of rows that the broker refuses. `isSearching`: a send was refused for its records, and the row is
 * not found yet; batches are sent piecemeal until it is.
 */
export type BadRows = { isSearching: boolean; deadLettered: number }

export const badRowOf = ({ topic, message, error }: RefusedRecord): BadRow => ({
  topic,
  id: plainHeaders(message.headers)['ce_id'] ?? message.key,
  bytes: message.value?.length ?? 0,
  error: error.protocolError ?? error.message,
})

/** `<topic> refuses row <id> (<bytes> bytes): <error>` */
export const badRowText = ({ topic, id, bytes, error }: BadRow): string =>
  `${topic} refuses row ${id} (${bytes} bytes): ${error}`

/** Kafka's own exceptions for these answers, by which Connect's tools tell dead letters apart. */
const exceptions: Readonly<Record<string, string>> = {
  MESSAGE_TOO_LARGE: 'org.apache.kafka.common.errors.RecordTooLargeException',
  RECORD_LIST_TOO_LARGE: 'org.apache.kafka.common.errors.RecordBatchTooLargeException',
  INVALID_RECORD: 'org.apache.kafka.common.InvalidRecordException',
}

export type DeadLetterTarget = Readonly<{
  topic: string
  partitionOf: (topic: string, key: string) => number
  /** Name of the egress: its transactional id. */
  connector: string
}>

/**
 * A refused row as a record of the dead-letter topic: its key, value and headers as they were, and the headers with
 * which Kafka Connect describes an error. Three of these do not apply and are left out: the row never got an offset
 * (`.offset`), and an answer of a broker has no stack of ours (`.exception.stacktrace`) and no class that ran
 * (`.class.name`).
 */
export const deadLetterOf = (
  refused: RefusedRecord,
  { topic, partitionOf, connector }: DeadLetterTarget,
): OutgoingRecord => {
  const { message, error } = refused
  const protocolError = error.protocolError ?? ''
  return {
    key: message.key,
    value: message.value,
    partition: partitionOf(topic, message.key),
    headers: {
      ...plainHeaders(message.headers),
      '__connect.errors.topic': refused.topic,
      '__connect.errors.partition': String(message.partition),
      '__connect.errors.connector.name': connector,
      '__connect.errors.task.id': '0',
      '__connect.errors.stage': 'KAFKA_PRODUCE',
      '__connect.errors.exception.class.name': exceptions[protocolError] ?? 'org.apache.kafka.common.KafkaException',
      '__connect.errors.exception.message': badRowText(badRowOf(refused)),
    },
  }
}

/** The same without its value, for a dead-letter topic that refuses the value too. The row stays in the KPI log. */
export const withoutValue = (record: OutgoingRecord): OutgoingRecord => ({
  ...record,
  value: null,
  headers: { ...plainHeaders(record.headers), 'streamvane-value-left-out': String(record.value?.length ?? 0) },
})
