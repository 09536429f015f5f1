import { kafkaSink } from '../../src/egress/kafka/sink.js'
import { applyTopics } from '../../src/egress/kafka/topic-admin.js'
import { topicNames } from '../../src/egress/topics.js'
import { sinkContract } from '../contracts/sink.contract.js'
import { namedTopics } from '../egress/named-topics.js'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { describeRegistry, freshName } from '../support/kafka.js'

describeRegistry('the Kafka sink on a real broker', ({ brokers, registryUrl }) => {
  for (const format of ['avro', 'json'] as const)
    sinkContract(`Kafka, ${format}`, async () => {
      const named = namedTopics(freshName('contract'))
      await applyTopics({ brokers, ...named, partitions: 3, replicationFactor: 1 })
      const values = format === 'avro' ? { format, registry: { url: registryUrl } } : { format }
      return {
        sink: () => kafkaSink({ brokers, tenant: 'acme', ...named, values }),
        delivered: () => consumeAll(brokers, topicNames(named.topics, named.families)),
        end: async () => {},
      }
    })
})
