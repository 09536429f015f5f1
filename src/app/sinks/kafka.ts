import { kafkaFaults, kafkaSchema, namesTopicIn } from '../config/sinks/egress-schema.js'
import { sinkKind } from './sink-kind.js'

export const kafkaKind = sinkKind({
  use: 'kafka',
  schema: kafkaSchema,
  faults: kafkaFaults,
  sharedWith: ({ transactionalId: id }, other, name) =>
    id !== undefined && id === other.transactionalId
      ? { path: ['transactionalId'], message: `it is that of ${name}: each sink needs one of its own` }
      : undefined,
  destination: 'broker',
  place: ({ settings }) => settings.brokers.join(', '),
  openNames: async (sink, context) => {
    const topic = namesTopicIn(sink.settings)
    return topic === undefined ? undefined : (await import('./open-kafka.js')).openKafkaNames(sink, topic, context)
  },
  open: async (sink, context) => (await import('./open-kafka.js')).openKafka(sink, context),
})
