import { z } from 'zod'
import { queueTypes } from '../../../rabbitmq/declare.js'
import { rabbitmqConnectionKeys, shortText } from '../connections/rabbitmq-connection-schema.js'

/** The settings of a RabbitMQ sink. */
export const rabbitmqSinkSchema = z.strictObject({
  ...rabbitmqConnectionKeys,
  /** A durable topic exchange. */
  exchange: shortText.default('streamvane'),
  /** Whether the sink declares the exchange; otherwise it has to be there. */
  declareExchange: z.boolean().default(false),
  /** Queues that the sink declares and binds to the exchange; by default consumers do that themselves. */
  queues: z
    .array(
      z.strictObject({
        name: shortText,
        type: z.enum(queueTypes).default('quorum'),
        /** Patterns of routing keys (docs/sinks/rabbitmq.md). */
        bindings: z.array(shortText).min(1).default(['#']),
        /** Further arguments of the queue, as `x-max-age` of a stream. */
        arguments: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
      }),
    )
    .default([]),
  /** Whether a message that no queue is bound for stops the sink. `false`: the broker drops it. */
  mandatory: z.boolean().default(true),
  /** Whether statements that an interval or a generation is complete are published. */
  markers: z.boolean().default(false),
  /** The broker confirms a message at least this often, else the sink connects again. */
  confirmTimeoutMs: z.number().int().min(1_000).default(60_000),
})
