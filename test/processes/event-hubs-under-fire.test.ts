import { onTestFinished } from 'vitest'
import { chance } from '../support/chance.js'
import { standInEventHub } from '../support/event-hubs/server.js'
import { sinkUnderFire } from '../support/sink-under-fire.js'

sinkUnderFire('rows in an event hub, by AMQP on the stand-in', async () => {
  const hub = await standInEventHub({ eventHub: 'kpis' })
  onTestFinished(() => hub.close())
  // An event hub answers from another machine; a process that is killed meanwhile has stored what it does not know of.
  hub.answers.afterMs = 30
  const random = chance(7)
  return {
    sink: { use: 'event-hubs', eventHubsConnectionString: { env: 'HUB' } },
    env: { HUB: hub.connectionString() },
    promises: 'at-least-once',
    values: 'json',
    arrived: async () =>
      hub.partitions.flat().map(({ id, properties, body }) => ({
        generation: String(properties['streamvane-generation']),
        key: String(properties['ce_subject']),
        revision: Number(properties['streamvane-row-revision']),
        identity: id,
        value: body,
      })),
    crash: async () => {
      hub.busy.next = random.below(3)
      hub.dropConnections()
    },
  }
})
