import { z } from 'zod'
import { isTopicName, TOPIC_NAME_RULE } from '../../../egress/topic-name.js'
import { kafkaDefaults } from '../../../egress/kafka/options.js'
import { connectionKeys } from '../connections/kafka-connection-schema.js'

/** The settings of topics that events are read from. */
export const kafkaSourceSchema = z.strictObject({
  ...connectionKeys,
  clientId: z.string().default(kafkaDefaults.clientId),
  /** The value of each record is an event, or several as the HTTP ingress takes them in one wrapping. */
  topics: z.array(z.string().refine(isTopicName, TOPIC_NAME_RULE)).min(1),
  /** The consumer group; default `streamvane.<tenant>.<name of the source>`. It belongs to this installation alone. */
  group: z.string().min(1).max(249).optional(),
  /** Where to begin on a partition that the group has not read from yet. */
  from: z.enum(['earliest', 'latest']).default('earliest'),
  sessionTimeoutMs: z.number().int().min(6_000).max(300_000).default(30_000),
})

export type KafkaSourceSettings = z.infer<typeof kafkaSourceSchema>
