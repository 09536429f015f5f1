import type { AmqpEndpoint } from '../../azure/amqp-connection.js'
import type { AzureTokens } from '../../azure/cbs.js'
import type { Backoff } from '../../log/backoff.js'
import type { TopicKey } from '../topics.js'

export type EventHubsOptions = Readonly<{
  endpoint: AmqpEndpoint
  /** Name of the event hub. */
  eventHub: string
  tokens: AzureTokens
  /** What the partition key is: events of one key are in one partition, in order. */
  key: TopicKey
  /** Whether statements that an interval or a generation is complete are published. */
  markers: boolean
  /** Bytes of one batch; the event hub may allow less, and tells it when the link is opened. */
  bytesMax: number
  /** Where the settings are, for messages. */
  settings: string
  /** Pauses while the event hub says that it is busy. */
  busyBackoff?: Backoff | undefined
}>

export const eventHubsDefaults = {
  key: 'row',
  /** Event Hubs takes 1 MB in the tiers Standard and above; 256 KB in Basic. */
  bytesMax: 1_000_000,
} as const satisfies Partial<EventHubsOptions>
