import type { Logger } from 'pino'
import { rowCodec } from '../../../contract/row-codec.js'
import { principalOf } from '../../../egress/kafka/auth/principal.js'
import type { ConnectionCheck } from '../../../egress/kafka/check/check-connection.js'
import { transactionalIdOf } from '../../../egress/kafka/options.js'
import { nameSubject, subjectSchemas } from '../../../egress/kafka/registry/subjects.js'
import { wantedTopics } from '../../../egress/kafka/topic-admin.js'
import { namesTopicIn, topicsIn } from '../../config/sinks/egress-schema.js'
import type { KafkaSinkSettings } from '../../config/sinks/egress-sinks.js'
import { connectionOf } from '../../config/connections/kafka-connection.js'
import type { Config } from '../../config/schema.js'
import { kafkaIdentityOf } from '../../sinks/kafka-identity.js'
import { registryOf, topicsOptionsOf } from '../../sinks/open-kafka.js'

/** What `topics check` asks about a Kafka sink of the configuration. */
export const connectionCheckOf = (sink: KafkaSinkSettings, config: Config, logger: Logger): ConnectionCheck => {
  const { settings: kafka } = sink
  const { progressTopic, delivery, format, registry } = kafka
  const options = topicsOptionsOf(sink, config, logger)
  const namesTopic = namesTopicIn(kafka)
  return {
    address: options,
    principal: () => principalOf(connectionOf(kafka)),
    topics: wantedTopics(options),
    progressTopic,
    transactionalId: transactionalIdOf(kafkaIdentityOf(sink, { tenant: config.tenant, isReplay: false })),
    delivery,
    ...(format === 'avro' &&
      registry !== undefined && {
        schemas: {
          registry: registryOf(registry),
          wanted: [
            ...subjectSchemas(topicsIn(kafka), registry.subjects, (options.families ?? []).map(rowCodec)),
            ...(namesTopic === undefined ? [] : [nameSubject(namesTopic, registry.subjects)]),
          ],
        },
      }),
  }
}
