import type { Cluster } from '../../../src/egress/kafka/cluster.js'
import type { KafkaSinkOptions } from '../../../src/egress/kafka/options.js'
import { kafkaSink } from '../../../src/egress/kafka/sink.js'
import type { Sink } from '../../../src/egress/sink.js'
import { topicNames, topicOf } from '../../../src/egress/topics.js'
import type { Delivered } from '../../contracts/sink.contract.js'
import { namedTopics } from '../../egress/named-topics.js'
import type { ModelBroker } from './broker.js'
import { modelCluster } from './client.js'
import { committedEntries } from './observer.js'

export const modelTopics = namedTopics('model')
export const rowTopics = topicNames(modelTopics.topics, modelTopics.families)
export const queueTopic = topicOf(modelTopics.topics, 'queue')

export const createTopics = (broker: ModelBroker, partitions = 3): void => {
  for (const topic of rowTopics) broker.createTopic(topic, partitions)
  broker.createTopic(modelTopics.progressTopic, 1)
}

/** The Kafka sink, as it is, on the model broker. */
export const modelSink = (
  broker: ModelBroker,
  more: Partial<KafkaSinkOptions> = {},
  cluster: Cluster = modelCluster(broker),
): Sink => kafkaSink({ brokers: [], tenant: 'acme', ...modelTopics, values: { format: 'json' }, ...more }, cluster)

/** What a read_committed consumer of the row topics gets. */
export const deliveredBy = (broker: ModelBroker, topics: readonly string[] = rowTopics): readonly Delivered[] =>
  topics.flatMap((topic) =>
    Array.from({ length: broker.partitionsOf(topic) }, (_, partition) =>
      committedEntries(broker.partition(topic, partition)).map(({ headers }) => ({
        topic,
        key: headers['ce_subject'] ?? '',
        revision: Number(headers['streamvane-row-revision']),
        replay: headers['streamvane-replay'] === 'true',
      })),
    ).flat(),
  )
