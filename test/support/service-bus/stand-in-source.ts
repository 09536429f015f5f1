import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { sharedAccessTokens } from '../../../src/credentials/shared-access-signature.js'
import { Secret } from '../../../src/credentials/secret.js'
import type { ServiceBusOptions } from '../../../src/ingress/service-bus/options.js'
import { serviceBusSource } from '../../../src/ingress/service-bus/service-bus-source.js'
import type { Source } from '../../../src/ingress/source.js'
import type { QueueSettings } from './bus-queue.js'
import { standInServiceBus, type StandInServiceBus } from './server.js'

export type StandInSource = Readonly<{ bus: StandInServiceBus; source: Source }>

/** A stand-in of Service Bus with a queue `events`, closed with the test, and a source that reads it. */
export const standInSource = async (
  options: Partial<ServiceBusOptions> & Readonly<{ queue?: Partial<QueueSettings> }> = {},
): Promise<StandInSource> => {
  const { queue, sessions, ...others } = options
  const bus = await standInServiceBus({ events: { requiresSession: sessions !== undefined, ...queue } })
  onTestFinished(() => bus.close())
  return { bus, source: sourceAt(bus, { sessions, ...others }) }
}

/** A source that reads `events` of a stand-in. */
export const sourceAt = (bus: StandInServiceBus, options: Partial<ServiceBusOptions> = {}): Source =>
  serviceBusSource({
    name: 'bus',
    endpoint: { host: '127.0.0.1', port: bus.port, tls: false },
    entity: 'events',
    tokens: {
      kind: 'shared-access',
      source: sharedAccessTokens(
        Secret.literal(bus.connectionString()),
        `sb://127.0.0.1/${options.entity ?? 'events'}`,
        'Service Bus',
      ),
    },
    prefetch: 100,
    batchMax: 50,
    logger: pino({ level: 'silent' }),
    backoff: { firstMs: 10, maxMs: 40 },
    ...options,
  })
