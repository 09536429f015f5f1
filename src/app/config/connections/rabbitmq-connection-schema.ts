import { z } from 'zod'
import { rabbitmqDefaults, type RabbitmqAddress } from '../../../rabbitmq/options.js'
import { sslSchema } from './kafka-connection-schema.js'
import { secret } from '../secrets/secret-schema.js'
import type { SettingFault } from '../setting-fault.js'

/** `host` or `host:port`; an address of IPv6 stands in brackets. */
const BROKER = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/

/** Names of exchanges and queues, and patterns of bindings. */
export const shortText = z
  .string()
  .min(1)
  .refine((text) => Buffer.byteLength(text) <= 255, 'AMQP has 255 bytes for it')

/** How a RabbitMQ cluster is reached, by a sink as by a source. */
export const rabbitmqConnectionKeys = {
  /** The port is by default 5672, or 5671 with TLS. */
  brokers: z.array(z.string().regex(BROKER, 'a broker is written as host:port, without amqp://')).min(1),
  vhost: z.string().min(1).default(rabbitmqDefaults.vhost),
  /** Without name and password the client certificate in `ssl` says who we are (SASL EXTERNAL). */
  username: z.string().min(1).optional(),
  password: secret.optional(),
  ssl: sslSchema.default(false),
  /** Seconds between signs of life; a broker that is silent for two of them counts as lost. */
  heartbeatS: z.number().int().min(1).max(600).default(rabbitmqDefaults.heartbeatS),
  connectTimeoutMs: z.number().int().min(1).default(rabbitmqDefaults.connectTimeoutMs),
}

type RabbitmqConnection = Readonly<z.infer<z.ZodObject<typeof rabbitmqConnectionKeys>>>

/** The cluster of these settings; `connectionName` is what its management pages call us. */
export const rabbitmqAddressOf = (settings: RabbitmqConnection, connectionName: string): RabbitmqAddress => {
  const { brokers, vhost, username, password, ssl, heartbeatS, connectTimeoutMs } = settings
  const login =
    username !== undefined && password !== undefined
      ? ({ kind: 'plain', username, password } as const)
      : ({ kind: 'external' } as const)
  const tls = ssl === false ? undefined : ssl === true ? {} : ssl
  return { brokers, vhost, login, tls, heartbeatS, connectTimeoutMs, connectionName }
}

/** What the settings of a connection lack. */
export const rabbitmqConnectionFaults = ({ username, password, ssl }: RabbitmqConnection): readonly SettingFault[] => {
  if ((username === undefined) !== (password === undefined))
    return [
      username === undefined
        ? { path: ['username'], message: 'there is a password without a name: write username' }
        : {
            path: ['password'],
            message: 'there is a name without a password: write password: { file: … } or { env: … }',
          },
    ]
  const hasCertificate = typeof ssl === 'object' && ssl.clientCertificateFile !== undefined
  return username !== undefined || hasCertificate
    ? []
    : [
        {
          path: ['username'],
          message:
            'RabbitMQ wants credentials: write username and password: { file: … }, or ssl: { clientCertificateFile, clientKey }',
        },
      ]
}
