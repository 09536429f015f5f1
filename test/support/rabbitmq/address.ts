import { Secret } from '../../../src/credentials/secret.js'
import { rabbitmqDefaults, type RabbitmqAddress } from '../../../src/rabbitmq/options.js'
import type { RabbitmqSinkOptions } from '../../../src/egress/rabbitmq/destination.js'
import type { Rabbitmq } from './broker.js'

export const addressOf = (broker: Rabbitmq, changes: Partial<RabbitmqAddress> = {}): RabbitmqAddress => ({
  brokers: [`127.0.0.1:${broker.port}`],
  vhost: rabbitmqDefaults.vhost,
  login: { kind: 'plain', username: 'guest', password: Secret.literal('guest') },
  heartbeatS: rabbitmqDefaults.heartbeatS,
  connectTimeoutMs: rabbitmqDefaults.connectTimeoutMs,
  connectionName: 'streamvane test',
  ...changes,
})

export const sinkOptionsOf = (
  broker: Rabbitmq,
  exchange: string,
  changes: Partial<RabbitmqSinkOptions> = {},
): RabbitmqSinkOptions => ({
  address: addressOf(broker),
  exchange,
  declareExchange: true,
  queues: [],
  mandatory: true,
  markers: false,
  confirmTimeoutMs: 30_000,
  ...changes,
})
