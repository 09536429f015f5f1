import { kafkaSink } from '../../src/egress/kafka/sink.js'
import { applyTopics } from '../../src/egress/kafka/topic-admin.js'
import { topicNames } from '../../src/egress/topics.js'
import { sinkContract } from '../contracts/sink.contract.js'
import { namedTopics } from '../egress/named-topics.js'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { describeKafka, describeRegistry, freshName } from '../support/kafka.js'

describeKafka('the Kafka sink without transactions', ({ brokers }) => {
  // The weaker promise: what the suite asks of a sink whose process lives and whose writes succeed holds all the same.
  // What a crash or a failed write may do, and may not do, is asked in kafka-at-least-once.test.ts.
  sinkContract('Kafka, at least once', async () => {
    const named = namedTopics(freshName('contract'))
    await applyTopics({ brokers, ...named, partitions: 3, replicationFactor: 1 })
    return {
      sink: () =>
        kafkaSink({ brokers, tenant: 'acme', ...named, values: { format: 'json' }, delivery: 'at-least-once' }),
      delivered: () => consumeAll(brokers, topicNames(named.topics, named.families)),
      end: async () => {},
    }
  })
})

describeRegistry('the Kafka sink on a real broker', ({ brokers, registryUrl }) => {
  for (const format of ['avro', 'json'] as const)
    sinkContract(`Kafka, ${format}`, async () => {
      const named = namedTopics(freshName('contract'))
      await applyTopics({ brokers, ...named, partitions: 3, replicationFactor: 1 })
      const values = format === 'avro' ? { format, registry: { url: registryUrl, autoRegister: true } } : { format }
      return {
        sink: () => kafkaSink({ brokers, tenant: 'acme', ...named, values }),
        delivered: () => consumeAll(brokers, topicNames(named.topics, named.families)),
        end: async () => {},
      }
    })
})
