import { atLeastOnceSink } from '../../src/egress/at-least-once/sink.js'
import { rabbitmqDestination } from '../../src/egress/rabbitmq/destination.js'
import { memoryProgress } from '../egress/at-least-once/memory-delivery.js'
import { sinkOptionsOf } from '../support/rabbitmq/address.js'
import { describeRabbitmq } from '../support/rabbitmq/broker.js'
import { readMessages, rowsRead } from '../support/rabbitmq/message-reader.js'
import { sinkContract } from './sink.contract.js'

describeRabbitmq('the sink contract on RabbitMQ', (broker) => {
  let runs = 0
  for (const type of ['classic', 'quorum'])
    sinkContract(`RabbitMQ, read from a ${type} queue`, async () => {
      const exchange = `contract-${type}-${(runs += 1)}`
      const progress = memoryProgress()
      const reader = await readMessages(broker().url, exchange, undefined, { 'x-queue-type': type })
      return {
        sink: () =>
          atLeastOnceSink({
            name: 'queue',
            destination: rabbitmqDestination(sinkOptionsOf(broker(), exchange)),
            progress,
            everyMs: 0,
          }),
        delivered: async () => rowsRead(await reader.all()),
        end: reader.close,
      }
    })
})
