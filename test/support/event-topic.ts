import { onTestFinished } from 'vitest'
import { kafkaClient } from '../../src/egress/kafka/connection.js'
import { classifyKafkaError } from '../../src/egress/kafka/failures.js'
import { kafkaSource, type KafkaSourceOptions } from '../../src/ingress/kafka/source.js'
import type { Source } from '../../src/ingress/source.js'
import { freshName } from './kafka.js'
import { silent } from './pipeline.js'

export type EventTopic = Readonly<{
  topic: string
  group: string
  /** Writes values, to one partition or spread over all. */
  produce: (values: readonly (Buffer | string | null)[], partition?: number) => Promise<void>
  /** How many records the group has acknowledged. */
  committed: () => Promise<number>
  /** A member of the group. */
  source: (options?: Partial<KafkaSourceOptions>) => Source
}>

/** A topic of its own for raw events on a real broker, and a consumer group that reads it. */
export const eventTopic = async (
  brokers: readonly string[],
  partitions = 1,
  settings: Readonly<Record<string, string>> = {},
): Promise<EventTopic> => {
  const [topic, group] = [freshName('raw-events'), freshName('raw-readers')]
  const kafka = kafkaClient({ brokers })
  const [admin, producer] = [kafka.admin(), kafka.producer()]
  await Promise.all([admin.connect(), producer.connect()])
  onTestFinished(async () => void (await Promise.all([admin.disconnect(), producer.disconnect()])))
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions, configEntries }], waitForLeaders: true })
  return {
    topic,
    group,
    produce: async (values, partition) => {
      const messages = values.map((value, index) => ({ value, partition: partition ?? index % partitions }))
      // A request larger than the broker takes is refused as a whole.
      for (let at = 0; at < messages.length; at += 200)
        await producer.send({ topic, messages: messages.slice(at, at + 200) })
    },
    committed: async () => {
      const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
      return (offsets?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0)
    },
    source: (options = {}) =>
      kafkaSource({
        ...{
          name: 'topic',
          path: 'sources.0',
          topics: [topic],
          group,
          from: 'earliest',
          sessionTimeoutMs: 6_000,
          logger: silent,
        },
        client: () => kafkaClient({ brokers }),
        refusalOf: (cause) => {
          const failure = classifyKafkaError(cause)
          return failure.tag === 'Refused' ? failure.reason : undefined
        },
        backoff: { firstMs: 50, maxMs: 500 },
        lagEveryMs: 200,
        ...options,
      }),
  }
}
