import { kafkaAddress, kafkaClient } from '../../egress/kafka/connection.js'
import { classifyKafkaError } from '../../egress/kafka/failures.js'
import { isGroupForbidden } from '../../egress/kafka/group-rights.js'
import { protocolErrorName } from '../../egress/kafka/kafkajs-internals.js'
import type { KafkaLog } from '../../egress/kafka/options.js'
import { kafkaSource } from '../../ingress/kafka/source.js'
import type { Source } from '../../ingress/source.js'
import { connectionOf } from '../config/connections/kafka-connection.js'
import type { KafkaSourceSettings } from '../config/sources/kafka-schema.js'
import { consumerGroupOf } from './consumer-group.js'
import type { SourceContext, SourceOf } from './source-kind.js'

/** Topics of a Kafka cluster as a source. */
export const openKafka = (
  { name, path, settings }: SourceOf<KafkaSourceSettings>,
  { tenant, logger, now }: SourceContext,
): Source => {
  const { topics, from, sessionTimeoutMs } = settings
  const group = consumerGroupOf(tenant, name, settings)
  const log: KafkaLog = (message, details) => logger.debug({ kafka: details, source: name }, message)
  // One address for all connections: what was authenticated once is remembered.
  const address = kafkaAddress({ ...connectionOf(settings), log })
  return kafkaSource({
    ...{ name, path, topics, group, from, sessionTimeoutMs, logger, now },
    client: () => kafkaClient(address),
    refusalOf: async (cause) =>
      (await isGroupForbidden(cause, address, group)) ? groupForbidden(path, group) : refusalOf(cause, path, group),
  })
}

const groupForbidden = (path: string, group: string): string =>
  `this user may not use the consumer group ${group}: grant READ on it, or change ${path}.group`

/** Why an error will never mend. What the sink calls `egress.kafka` are here the settings of the source. */
const refusalOf = (cause: unknown, path: string, group: string): string | undefined => {
  if (cause instanceof Error && cause.name === 'KafkaJSNotImplemented')
    return `${cause.message}: records of a topic of ${path}.topics are compressed in a way that this Node.js does not read: run Node.js 22.15 or later, or set compression.type=lz4 on the topic, which makes the broker compress new records anew`
  switch (protocolErrorName(cause)) {
    case 'GROUP_AUTHORIZATION_FAILED':
      return groupForbidden(path, group)
    case 'TOPIC_AUTHORIZATION_FAILED':
      return `this user lacks rights on a topic of ${path}.topics: grant READ and DESCRIBE`
    default: {
      const failure = classifyKafkaError(cause)
      return failure.tag === 'Refused' ? failure.reason.replaceAll('egress.kafka', path) : undefined
    }
  }
}
