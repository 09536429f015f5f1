import type { Channel, Options } from 'amqplib'

/** How a queue keeps its messages. `stream`: a log that many consumers read, each from where it likes. */
export const queueTypes = ['quorum', 'classic', 'stream'] as const
export type QueueType = (typeof queueTypes)[number]

/** A queue that is declared, durable. */
export type DeclaredQueue = Readonly<{
  name: string
  type: QueueType
  /** Further arguments, as `x-max-age` of a stream or `x-delivery-limit` of a quorum queue. */
  arguments?: Readonly<Record<string, string | number | boolean>> | undefined
}>

/** A queue gets what is published to `exchange` with a routing key that one of `patterns` matches. */
export type Binding = Readonly<{ exchange: string; patterns: readonly string[] }>

/** Declares a queue and its bindings. What is there already with the same settings is left as it is. */
export const declareQueue = async (
  channel: Channel,
  queue: DeclaredQueue,
  bindings: readonly Binding[],
): Promise<void> => {
  const options: Options.AssertQueue = {
    durable: true,
    arguments: { ...queue.arguments, 'x-queue-type': queue.type },
  }
  await channel.assertQueue(queue.name, options)
  for (const { exchange, patterns } of bindings)
    for (const pattern of patterns) await channel.bindQueue(queue.name, exchange, pattern)
}
