import { describeRabbitmq } from '../support/rabbitmq/broker.js'
import { queueRig } from '../support/rabbitmq/queue-rig.js'
import { startedWith } from './started-source.js'
import { sourceContract, type SourceRig } from './source.contract.js'

describeRabbitmq('the source contract on RabbitMQ', (broker) => {
  for (const type of ['classic', 'quorum'])
    sourceContract(`RabbitMQ, a ${type} queue`, async (): Promise<SourceRig> => {
      const rig = await queueRig(broker(), { 'x-queue-type': type })
      const source = rig.source({ backoff: { firstMs: 60_000, maxMs: 60_000 } })
      return {
        source,
        begin: async (raws, deliver) => {
          const { running, refused } = await startedWith(source, deliver)
          await rig.send(...raws)
          const all = rig.tap.hasAcknowledged(raws.length)
          return { running, acknowledged: Promise.race([refused, all]).then(rig.tap.acknowledged) }
        },
      }
    })
})
