import { FlexibleReader, INT32_BYTES, NO_TAGS, unsigned, UUID_BYTES } from './flexible.js'

/**
 * Kafka's Metadata request, version 10: the first that tells the ids of topics. kafkajs speaks up to version 6, so the
 * bytes are written and read here. A topic gets a new random id whenever it is created, so the id tells a topic that
 * was deleted and created again from the one that was there before. Brokers have it since Kafka 2.8.
 */
export const METADATA_API_KEY = 3
export const METADATA_VERSION = 10

/** `topics` has no entry for a topic that does not exist. */
export type ClusterMetadata = Readonly<{
  clusterId: string | undefined
  brokers: number
  topics: ReadonlyMap<string, TopicMetadata>
}>

export type TopicMetadata = Readonly<{
  /** Code of the protocol; 0 for none. */
  error: number
  id: string
  partitions: number
  /** Bits of the operations that this user may do, by Kafka's code of the operation; negative: not asked for. */
  operations: number
}>

/** What follows the client id of the request's header. `withOperations`: ask what this user may do on each topic. */
export const metadataRequest = (topics: readonly string[], withOperations = false): Buffer => {
  const parts: Buffer[] = [NO_TAGS, unsigned(topics.length + 1)]
  for (const topic of topics) {
    const name = Buffer.from(topic)
    parts.push(Buffer.alloc(UUID_BYTES), unsigned(name.length + 1), name, NO_TAGS)
  }
  const [createTopics, clusterOperations, topicOperations] = [0, 0, withOperations ? 1 : 0]
  parts.push(Buffer.from([createTopics, clusterOperations, topicOperations]), NO_TAGS)
  return Buffer.concat(parts)
}

/** Reads what follows the correlation id of the response. Throws a RangeError if the bytes end early. */
export const readMetadataResponse = (bytes: Buffer): ClusterMetadata => {
  const from = new FlexibleReader(bytes)
  from.tags()
  from.skip(INT32_BYTES) // throttle time
  let brokers = 0
  from.array(() => {
    brokers += 1
    from.skip(INT32_BYTES) // node id
    from.text() // host
    from.skip(INT32_BYTES) // port
    from.text() // rack
    from.tags()
  })
  const clusterId = from.text()
  from.skip(INT32_BYTES) // controller id
  const topics = new Map<string, TopicMetadata>()
  from.array(() => {
    const error = from.int16()
    const name = from.text() ?? ''
    const id = from.uuid()
    from.skip(1) // internal
    let partitions = 0
    from.array(() => {
      partitions += 1
      from.skip(2 + INT32_BYTES + INT32_BYTES + INT32_BYTES) // error, index, leader, leader epoch
      for (let list = 0; list < 3; list++) from.array(() => from.skip(INT32_BYTES)) // replicas, in sync, offline
      from.tags()
    })
    const operations = from.int32()
    from.tags()
    if (error !== UNKNOWN_TOPIC) topics.set(name, { error, id, partitions, operations })
  })
  return { clusterId, brokers, topics }
}

const UNKNOWN_TOPIC = 3
