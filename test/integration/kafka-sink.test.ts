import { kafkaSink } from '../../src/egress/kafka-sink.js'
import { applyTopics } from '../../src/egress/kafka-topics.js'
import { familyNames, type FamilyName } from '../../src/domain/family.js'
import { topicNames, type Topics } from '../../src/egress/topics.js'
import { sinkContract } from '../contracts/sink.contract.js'
import { consumeAll } from '../egress/topic-reader.js'
import { describeRegistry, freshName } from '../support/kafka.js'

describeRegistry('the Kafka sink on a real broker', ({ brokers, registryUrl }) => {
  for (const format of ['avro', 'json'] as const)
    sinkContract(`Kafka, ${format}`, async () => {
      const topics: Topics = {
        kind: 'per-family',
        names: Object.fromEntries(familyNames.map((family) => [family, freshName(family)])) as Record<FamilyName, string>,
      }
      const progressTopic = freshName('progress')
      await applyTopics({ brokers, topics, progressTopic, partitions: 3, replicationFactor: 1 })
      const values = format === 'avro' ? { format, registry: { url: registryUrl } } : { format }
      return {
        sink: () => kafkaSink({ brokers, tenant: 'acme', topics, progressTopic, values }),
        delivered: () => consumeAll(brokers, topicNames(topics)),
        end: async () => {},
      }
    })
})
