import { lazySink } from '../../egress/lazy-sink.js'
import { placeOf } from '../../rabbitmq/options.js'
import { rabbitmqAddressOf, rabbitmqConnectionFaults } from '../config/connections/rabbitmq-connection-schema.js'
import { rabbitmqSinkSchema } from '../config/sinks/rabbitmq-schema.js'
import { nameAt, sinkKind } from './sink-kind.js'

export const rabbitmqKind = sinkKind({
  use: 'rabbitmq',
  schema: rabbitmqSinkSchema,
  faults: rabbitmqConnectionFaults,
  destination: 'broker',
  place: ({ settings }) => `${placeOf(settings)}, exchange ${settings.exchange}`,
  open: (sink, context) => {
    const name = nameAt(sink, context)
    const { exchange, declareExchange, queues, mandatory, markers, confirmTimeoutMs } = sink.settings
    const address = rabbitmqAddressOf(sink.settings, `streamvane ${context.tenant} sink ${name}`)
    return lazySink(name, async () => {
      const [{ atLeastOnceSink }, { rabbitmqDestination }] = await Promise.all([
        import('../../egress/at-least-once/sink.js'),
        import('../../egress/rabbitmq/destination.js'),
      ])
      return atLeastOnceSink({
        name,
        destination: rabbitmqDestination({
          ...{ address, exchange, declareExchange, queues, mandatory, markers, confirmTimeoutMs },
        }),
        progress: context.progressOf(name),
        acceptProgress: context.acceptProgress,
      })
    })
  },
})
