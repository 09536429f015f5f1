import kafkajs from 'kafkajs'
import { families, familyNames, type FamilyName } from '../../../domain/family.js'
import { headerPacking } from './headers.js'
import { publicationBytes } from '../../../contract/schema/published-schema.js'
import { unreachable } from '../../../domain/unreachable.js'
import type { OutgoingRecord, TopicRecords } from '../cluster.js'
import { schemaIdKey, statementSubject, type SchemaIds } from '../registry/subjects.js'
import { recordJson, storedDatumOf, storedSchemaOf } from '../../record-values.js'
import {
  hasValue,
  type Delivery,
  type LeftRecord,
  type RowRecord,
  type SinkRecord,
  type ValuedRecord,
} from '../../sink.js'
import { keyOf, markerTopicsOf, type Markers, type TopicRoute, type Topics } from '../../topics.js'
import { frame } from './wire-format.js'

/** Makes the value of a record on a topic; `undefined` if its schema is unknown. */
export type ValueOf = Readonly<{
  contentType: string
  value: (record: ValuedRecord, topic: string) => Buffer | undefined
}>

/** `ids` of published schemas, by subject and stored schema; `subjectOf` is that of rows. */
export const avroValues = (ids: SchemaIds, subjectOf: (topic: string, family: FamilyName) => string): ValueOf => ({
  contentType: 'application/avro',
  value: (record, topic) => {
    const subject =
      record.kind === 'row' ? subjectOf(topic, record.header.family) : statementSubject(topic, record.kind)
    const id = ids.get(schemaIdKey(subject, storedSchemaOf(record)))
    return id === undefined ? undefined : frame(id, storedDatumOf(record), publicationBytes(record))
  },
})

/** Needs no registry, but the schema of the record must be known to render it. */
export const jsonValues: ValueOf = {
  contentType: 'application/json',
  value: (record) => {
    const json = recordJson(record)
    return json === undefined ? undefined : Buffer.from(JSON.stringify(json))
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

/** Where records go. */
export type Routes = Readonly<{
  topics: Topics
  markers: Markers
  /** The partition of a key. */
  partitionOf: (topic: string, key: string) => number
}>

type Place = Readonly<{ topic: string; key: string; isTombstone?: boolean }>

/** Topics of a record, and its key on each. Markers of an interval have one key, so they are in one partition. */
export const placesOf = (
  record: SinkRecord,
  { topics, markers }: Pick<Routes, 'topics' | 'markers'>,
): readonly Place[] => {
  switch (record.kind) {
    case 'row':
      return topics[record.header.family]
        .filter((route) => goesTo(record, route))
        .map((route) => ({
          topic: route.topic,
          key: keyOf(record.header, route.key),
          isTombstone: isTombstone(record, route),
        }))
    case 'interval-complete': {
      const { family, granularity } = record.marker
      return markerTopicsOf(markers, topics, family).map((topic) => ({ topic, key: `${family}/${granularity}` }))
    }
    case 'generation-complete': {
      const { family } = record.statement
      return markerTopicsOf(markers, topics, family).map((topic) => ({ topic, key: family }))
    }
    case 'left':
      return tombstonesOf(record, topics)
    default:
      return unreachable(record)
  }
}

/** Takes records one by one, and has them cut into sends in the end. */
export type SendCutter = Readonly<{
  /** The fingerprint of its schema if that is unknown; the records cannot be sent then. */
  add: (record: SinkRecord) => string | undefined
  /** The sends so far. Their order is that of the records. */
  sends: () => TopicRecords[][]
}>

export const sendCutter = (routes: Routes, values: ValueOf, delivery: Delivery = 'exactly-once'): SendCutter => {
  const sends: TopicRecords[][] = []
  const headersOf = headerPacking(values.contentType, delivery)
  let topicMessages = new Map<string, OutgoingRecord[]>()
  let loads = new Map<string, { messages: number; bytes: number }>()
  const put = (topic: string, message: OutgoingRecord): void => {
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
  return {
    add: (record) => {
      const headers = headersOf(record)
      for (const { topic, key, isTombstone = false } of placesOf(record, routes)) {
        const value = hasValue(record) && !isTombstone ? values.value(record, topic) : null
        if (value === undefined) return storedSchemaOf(record as ValuedRecord)
        put(topic, { key, value, partition: routes.partitionOf(topic, key), headers })
      }
      return undefined
    },
    sends: () => (topicMessages.size > 0 ? [...sends, asSend(topicMessages)] : sends),
  }
}

/**
 * Cuts records into sends and keeps their order. Returns the fingerprint of the schema instead if a record has one that
 * is unknown.
 */
export const cutIntoSends = (
  records: readonly SinkRecord[],
  ...how: Parameters<typeof sendCutter>
): TopicRecords[][] | string => {
  const cutter = sendCutter(...how)
  for (const record of records) {
    const unknown = cutter.add(record)
    if (unknown !== undefined) return unknown
  }
  return cutter.sends()
}

/** The keys of what has left, on the topics of latest state of those families that had rows of it. */
const tombstonesOf = ({ left, series }: LeftRecord, topics: Topics): readonly Place[] =>
  familyNames.flatMap((family) => {
    const gone = series.filter((key) => key.startsWith(`${family}/`))
    if (gone.length === 0) return []
    return topics[family].flatMap(({ topic, key, records }) => {
      if (records !== 'latest' || key === 'row') return []
      if (key === 'series') return gone.map((each) => ({ topic, key: each }))
      return families[family].key === left.dimension ? [{ topic, key: left.id }] : []
    })
  })

/** A withdrawn row is no row in a latest state; a time series says that it is withdrawn. */
const isTombstone = ({ withdrawn }: RowRecord, { records }: TopicRoute): boolean =>
  withdrawn === true && records === 'latest'

/** Does a topic get this record? Latest state is not what a replay says: newer records may be there already. */
const goesTo = ({ replay, newest }: RowRecord, { records, key }: TopicRoute): boolean => {
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
