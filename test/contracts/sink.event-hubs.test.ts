import { atLeastOnceSink } from '../../src/egress/at-least-once/sink.js'
import { eventHubsDestination } from '../../src/egress/event-hubs/destination.js'
import { memoryProgress } from '../egress/at-least-once/memory-delivery.js'
import { hubOptionsOf, rowsStored } from '../support/event-hubs/hub.js'
import { standInEventHub } from '../support/event-hubs/server.js'
import { sinkContract } from './sink.contract.js'

sinkContract('Event Hubs by AMQP, on the stand-in', async () => {
  const hub = await standInEventHub({ eventHub: 'kpis' })
  const progress = memoryProgress()
  return {
    sink: () =>
      atLeastOnceSink({
        name: 'queue',
        destination: eventHubsDestination(hubOptionsOf(hub)),
        progress,
        everyMs: 0,
      }),
    delivered: () => Promise.resolve(rowsStored(hub)),
    end: hub.close,
  }
})
