import type { KafkaSourceSettings } from '../config/sources/kafka-schema.js'

/** The consumer group of a Kafka source. It belongs to one tenant: its members share out the records. */
export const consumerGroupOf = (
  tenant: string,
  name: string,
  { group = `streamvane.${tenant}.${name}` }: Pick<KafkaSourceSettings, 'group'>,
): string => group
