import type { Logger } from 'pino'
import type { AmqpEndpoint } from '../../azure/amqp-connection.js'
import type { AzureTokens } from '../../azure/cbs.js'
import type { Backoff } from '../../log/backoff.js'

export type ServiceBusOptions = Readonly<{
  /** Of the source; `origin` of what it delivers is `service-bus:<name>`. */
  name: string
  endpoint: AmqpEndpoint
  /** `<queue>`, or `<topic>/Subscriptions/<subscription>`. */
  entity: string
  tokens: AzureTokens
  /** The entity has sessions: how many are read at the same time. */
  sessions?: number | undefined
  /** Messages that are held at a time, delivered or waiting for it; with sessions, for each. */
  prefetch: number
  /** Messages in one append. */
  batchMax: number
  logger: Logger
  now?: () => number
  /** Pauses between attempts to connect, and to deliver what the log did not take. */
  backoff?: Backoff
}>
