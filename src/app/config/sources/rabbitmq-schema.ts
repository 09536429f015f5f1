import { z } from 'zod'
import { rabbitmqDefaults } from '../../../rabbitmq/options.js'
import { rabbitmqConnectionKeys, shortText } from '../connections/rabbitmq-connection-schema.js'

/** The settings of a RabbitMQ source. */
export const rabbitmqSourceSchema = z.strictObject({
  ...rabbitmqConnectionKeys,
  /** A quorum or classic queue; a stream is refused, because it does not keep what was acknowledged. */
  queue: shortText,
  /** Declares the queue, and binds it; otherwise it has to be there. */
  declare: z
    .strictObject({
      type: z.enum(['quorum', 'classic']).default('quorum'),
      bindings: z
        .array(z.strictObject({ exchange: shortText, patterns: z.array(shortText).min(1).default(['#']) }))
        .default([]),
    })
    .optional(),
  /** Messages that are held without acknowledgement; as many are in memory. */
  prefetch: z.number().int().min(1).max(65_535).default(rabbitmqDefaults.prefetch),
  /**
   * A message that a quorum queue gave out this often before, and that was never acknowledged, is stored as a dead
   * letter. Below the delivery limit of the queue (20 by default in RabbitMQ 4), which would drop it.
   */
  deliveriesMax: z.number().int().min(1).default(15),
})
