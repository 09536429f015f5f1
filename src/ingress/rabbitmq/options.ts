import type { Logger } from 'pino'
import type { Backoff } from '../../log/backoff.js'
import type { Binding, QueueType } from '../../rabbitmq/declare.js'
import type { RabbitmqAddress } from '../../rabbitmq/options.js'

export type RabbitmqSourceOptions = Readonly<{
  /** Of the source; `origin` of what it delivers is `rabbitmq:<name>`. */
  name: string
  address: RabbitmqAddress
  queue: string
  /** The queue is declared with this type and these bindings. Absent: it has to be there. */
  declare?: Readonly<{ type: Exclude<QueueType, 'stream'>; bindings: readonly Binding[] }> | undefined
  /** Messages that are held without acknowledgement, delivered or waiting for it. */
  prefetch: number
  /** Messages in one append. */
  batchMax: number
  /** A message that was given out this often before and never acknowledged is stored as a dead letter. */
  deliveriesMax: number
  /** How often the depth of the queue is asked for. */
  depthEveryMs: number
  /** Where its settings are, for messages. */
  settings: string
  logger: Logger
  /** Pauses between connections, and between attempts to store a batch that the log does not take. */
  backoff?: Backoff | undefined
}>
