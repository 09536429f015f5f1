import * as E from 'fp-ts/lib/Either.js'
import kafkajs from 'kafkajs'
import type { FamilyName } from '../../../domain/family.js'
import { recordHeaders } from './headers.js'
import { readerOfSchema } from '../../../contract/row-codec.js'
import { rowJson } from '../../../contract/row-json.js'
import type { OutgoingRecord, TopicRecords } from '../cluster.js'
import { schemaIdKey, type SchemaIds } from '../registry/subjects.js'
import type { Delivery, SinkRecord } from '../../sink.js'
import { keyOf, type TopicRoute, type Topics } from '../../topics.js'
import { frame } from './wire-format.js'

/** Makes the value of a record on a topic; `undefined` if its schema is unknown. */
export type ValueOf = Readonly<{
  contentType: string
  value: (record: SinkRecord, topic: string) => Buffer | undefined
}>

export const avroValues = (ids: SchemaIds, subjectOf: (topic: string, family: FamilyName) => string): ValueOf => ({
  contentType: 'application/avro',
  value: ({ header, schema, avro }, topic) => {
    const id = ids.get(schemaIdKey(subjectOf(topic, header.family), schema))
    return id === undefined ? undefined : frame(id, avro)
  },
})

/** Needs no registry, but the schema of the record must be known to render it. */
export const jsonValues: ValueOf = {
  contentType: 'application/json',
  value: ({ schema, avro }) => {
    const codec = readerOfSchema(schema)
    return E.isRight(codec) ? Buffer.from(JSON.stringify(rowJson(codec.right.decode(avro)))) : undefined
  },
}

/**
 * kafkajs groups the messages of a send by partition in quadratic time: 20,000 messages to one partition block the
 * process for three seconds. And the messages of a send to one partition are one record batch, whose size the broker
 * limits (1 MiB by default). So a send takes few messages per partition.
 */
const MESSAGES_PER_PARTITION_MAX = 500
const BYTES_PER_PARTITION_MAX = 512 * 1024
const HEADERS_BYTES = 600

/**
 * Cuts records into sends and keeps their order. `partitionOf` gives the partition of a key. Returns the fingerprint of
 * the schema instead if a record has one that is unknown.
 */
export const cutIntoSends = (
  records: readonly SinkRecord[],
  topics: Topics,
  values: ValueOf,
  partitionOf: (topic: string, key: string) => number,
  delivery: Delivery = 'exactly-once',
): TopicRecords[][] | string => {
  const sends: TopicRecords[][] = []
  let topicMessages = new Map<string, OutgoingRecord[]>()
  let loads = new Map<string, { messages: number; bytes: number }>()
  const add = (topic: string, message: OutgoingRecord): void => {
    const place = `${message.partition} ${topic}`
    const bytes = (message.value?.length ?? 0) + HEADERS_BYTES
    const load = loads.get(place)
    if (
      load !== undefined &&
      (load.messages >= MESSAGES_PER_PARTITION_MAX || load.bytes + bytes > BYTES_PER_PARTITION_MAX)
    ) {
      sends.push(asSend(topicMessages))
      topicMessages = new Map()
      loads = new Map()
    }
    const current = loads.get(place)
    if (current === undefined) loads.set(place, { messages: 1, bytes })
    else {
      current.messages += 1
      current.bytes += bytes
    }
    const messages = topicMessages.get(topic)
    if (messages === undefined) topicMessages.set(topic, [message])
    else messages.push(message)
  }
  for (const record of records) {
    const headers = recordHeaders(record, values.contentType, delivery)
    for (const route of topics[record.header.family]) {
      if (!goesTo(record, route)) continue
      const { topic } = route
      const value = values.value(record, topic)
      if (value === undefined) return record.schema
      const key = keyOf(record.header, route.key)
      add(topic, { key, value, partition: partitionOf(topic, key), headers })
    }
  }
  if (topicMessages.size > 0) sends.push(asSend(topicMessages))
  return sends
}

/** Does a topic get this record? Latest state is not what a replay says: newer records may be there already. */
const goesTo = ({ replay, newest }: SinkRecord, { records, key }: TopicRoute): boolean => {
  if (records === 'all') return true
  if (replay) return false
  return key === 'row' || newest?.[key] === true
}

const asSend = (topicMessages: ReadonlyMap<string, OutgoingRecord[]>): TopicRecords[] =>
  [...topicMessages].map(([topic, messages]) => ({ topic, messages }))

const KEYS_KEPT_MAX = 50_000

/**
 * The partition of a key: the one that Java's producers choose (murmur2 over the key), from the number of partitions
 * that the topic had when the sink connected. Results are kept, because kafkajs hashes with big integers.
 */
export const partitioning = (
  partitionCounts: ReadonlyMap<string, number>,
): ((topic: string, key: string) => number) => {
  const partitioner = kafkajs.Partitioners.DefaultPartitioner()
  const known = new Map<string, Map<string, number>>()
  return (topic, key) => {
    let ofTopic = known.get(topic)
    if (ofTopic === undefined || ofTopic.size >= KEYS_KEPT_MAX) known.set(topic, (ofTopic = new Map<string, number>()))
    let partition = ofTopic.get(key)
    if (partition === undefined) {
      const count = partitionCounts.get(topic) ?? 1
      const partitionMetadata = Array.from({ length: count }, (_, id) => ({
        partitionErrorCode: 0,
        partitionId: id,
        leader: 0,
        replicas: [],
        isr: [],
      }))
      ofTopic.set(key, (partition = partitioner({ topic, partitionMetadata, message: { key, value: null } })))
    }
    return partition
  }
}
