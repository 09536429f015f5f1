import type { KafkaSinkOptions } from '../../egress/kafka/options.js'
import type { KafkaSettings } from '../config/sinks/egress-schema.js'
import { nameAt, REPLAY, type SinkContext, type SinkOf } from './sink-kind.js'

/** As whom a Kafka sink publishes, or a replay to it, whose transactional id fences nobody else. */
export const kafkaIdentityOf = (
  sink: Pick<SinkOf<KafkaSettings>, 'name' | 'settings'>,
  { tenant, isReplay }: Pick<SinkContext, 'tenant' | 'isReplay'>,
): Pick<KafkaSinkOptions, 'tenant' | 'name' | 'transactionalId'> => {
  const { transactionalId } = sink.settings
  const id = transactionalId === undefined || !isReplay ? transactionalId : `${transactionalId}.${REPLAY}`
  return {
    tenant,
    name: isReplay && sink.name === 'kafka' ? REPLAY : nameAt(sink, { isReplay }),
    ...(id !== undefined && { transactionalId: id }),
  }
}
