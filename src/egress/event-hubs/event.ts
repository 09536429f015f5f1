import { createHash } from 'node:crypto'
import rhea, { type Message } from 'rhea'
import { recordHeaders } from '../kafka/records/headers.js'
import { recordIdentity } from '../record-identity.js'
import { recordJson } from '../record-values.js'
import { hasValue, type SinkRecord } from '../sink.js'
import { keyOf, type TopicKey } from '../topics.js'

/** An event as it is put into a batch: a message of AMQP 1.0. `identity` is for messages of ours. */
export type EncodedEvent = Readonly<{ partitionKey: string; identity: string; bytes: Buffer }>

const PARTITION_KEY = 'x-opt-partition-key'

/**
 * A record as an event: the JSON of the Kafka topics, and as application properties the headers of the Kafka records,
 * `ce_id` among them. It holds nothing of the moment, so what comes again is the same event. `undefined`: a tombstone,
 * which belongs to a latest state.
 */
export const encodedEvent = (record: SinkRecord, key: TopicKey): EncodedEvent | undefined => {
  if (!hasValue(record)) return undefined
  const identity = recordIdentity(record)
  const partitionKey = fitting(partitionKeyOf(record, key))
  const message: Message = {
    message_id: identity,
    content_type: JSON_TYPE,
    message_annotations: { [PARTITION_KEY]: partitionKey },
    application_properties: recordHeaders(record, JSON_TYPE, 'at-least-once'),
    body: rhea.message.data_section(Buffer.from(JSON.stringify(recordJson(record)))) as unknown,
  }
  return { partitionKey, identity, bytes: rhea.message.encode(message) }
}

const JSON_TYPE = 'application/json'

/** Markers have the key that they have on a Kafka topic. */
const partitionKeyOf = (record: SinkRecord, key: TopicKey): string => {
  switch (record.kind) {
    case 'row':
      return keyOf(record.header, key)
    case 'interval-complete':
      return `${record.marker.family}/${record.marker.granularity}`
    case 'generation-complete':
      return record.statement.family
    case 'left':
      return record.left.id
  }
}

const KEY_CHARACTERS_MAX = 128

/** Event Hubs takes 128 characters; a longer key is replaced by its digest. */
const fitting = (key: string): string =>
  key.length <= KEY_CHARACTERS_MAX ? key : `sha256:${createHash('sha256').update(key).digest('hex')}`

/** Message format of a batch of Event Hubs: the body has one data section for each event, itself an encoded message. */
export const BATCH_FORMAT = 0x80013700

/** Bytes that a batch has for each event beside it, and once. */
const SECTION_BYTES = 8
const ENVELOPE_BYTES = 512

/** Bytes that events take as a batch, rounded up. */
export const batchBytes = (events: readonly EncodedEvent[]): number =>
  events.reduce((sum, { bytes }) => sum + bytes.length + SECTION_BYTES, ENVELOPE_BYTES)

/** A batch of events of one partition key. */
export const encodedBatch = (partitionKey: string, events: readonly EncodedEvent[]): Buffer =>
  rhea.message.encode({
    message_annotations: { [PARTITION_KEY]: partitionKey },
    body: rhea.message.data_sections(events.map(({ bytes }) => bytes)) as unknown,
  })
