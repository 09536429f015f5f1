import { lazySource } from '../../ingress/lazy-source.js'
import { connectionFaults } from '../config/connections/kafka-connection-faults.js'
import { presetFaults } from '../config/connections/kafka-presets.js'
import type { SettingFault } from '../config/setting-fault.js'
import { kafkaSourceSchema, type KafkaSourceSettings } from '../config/sources/kafka-schema.js'
import { sourceKind } from './source-kind.js'

export const kafkaKind = sourceKind({
  use: 'kafka',
  schema: kafkaSourceSchema,
  faults: (settings) => faultsOf(settings),
  place: ({ settings: { topics, brokers } }) => `${topics.join(', ')} on ${brokers.join(', ')}`,
  open: (source, context) =>
    lazySource(source.name, async () => (await import('./open-kafka.js')).openKafka(source, context)),
})

const faultsOf = (settings: KafkaSourceSettings): readonly SettingFault[] => [
  ...(settings.brokers.length > 0 ? [] : [{ path: ['brokers'], message: 'no broker is named' }]),
  ...connectionFaults(settings),
  // What presets say of topics that we create does not concern those that we read.
  ...presetFaults({ ...settings, replicationFactor: -1, topics: { consolidated: settings.topics } }),
]
