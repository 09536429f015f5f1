import type { Secret } from '../credentials/secret.js'
import type { TlsSettings } from '../credentials/tls.js'

/** How a RabbitMQ cluster is reached. */
export type RabbitmqAddress = Readonly<{
  /** As `host:port`, at least one; tried in this order, beginning with the one that answered last. */
  brokers: readonly string[]
  vhost: string
  /** `external`: the client certificate says who we are. Name and password are read again for each connection. */
  login: Readonly<{ kind: 'plain'; username: string; password: Secret }> | Readonly<{ kind: 'external' }>
  /** Absent: plain. */
  tls?: TlsSettings | undefined
  /** Seconds; after two of them without a byte from the broker the connection counts as lost. */
  heartbeatS: number
  connectTimeoutMs: number
  /** Names the connection in the management pages of the broker. */
  connectionName: string
}>

export const rabbitmqDefaults = { vhost: '/', heartbeatS: 20, connectTimeoutMs: 10_000, prefetch: 500 } as const

/** The cluster in messages, without credentials. */
export const placeOf = ({ brokers, vhost }: Pick<RabbitmqAddress, 'brokers' | 'vhost'>): string =>
  `RabbitMQ ${brokers.join(', ')} (virtual host ${vhost})`
