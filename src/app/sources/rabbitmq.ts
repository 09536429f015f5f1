import { lazySource } from '../../ingress/lazy-source.js'
import { placeOf } from '../../rabbitmq/options.js'
import { rabbitmqAddressOf, rabbitmqConnectionFaults } from '../config/connections/rabbitmq-connection-schema.js'
import { rabbitmqSourceSchema } from '../config/sources/rabbitmq-schema.js'
import { sourceKind } from './source-kind.js'

/** Messages in one append, at most: what the ingress takes in one request. */
const BATCH_MAX = 500
const DEPTH_EVERY_MS = 10_000

export const rabbitmqKind = sourceKind({
  use: 'rabbitmq',
  schema: rabbitmqSourceSchema,
  faults: rabbitmqConnectionFaults,
  place: ({ settings }) => `${placeOf(settings)}, queue ${settings.queue}`,
  open: ({ name, settings }, { tenant, logger }) => {
    const { queue, declare, prefetch, deliveriesMax } = settings
    const address = rabbitmqAddressOf(settings, `streamvane ${tenant} source ${name}`)
    return lazySource(name, async () => {
      const { rabbitmqSource } = await import('../../ingress/rabbitmq/source.js')
      return rabbitmqSource({
        ...{ name, address, queue, declare, prefetch, deliveriesMax, logger },
        ...{ batchMax: BATCH_MAX, depthEveryMs: DEPTH_EVERY_MS, settings: `sources.${name}` },
      })
    })
  },
  look: async ({ name, settings }, { tenant }) => {
    const { queue, declare } = settings
    const address = rabbitmqAddressOf(settings, `streamvane ${tenant} doctor ${name}`)
    const { lookAtRabbitmq } = await import('../../ingress/rabbitmq/look.js')
    return lookAtRabbitmq({ address, queue, declare, settings: `sources.${name}` })
  },
})
