import type { Delivery } from '../../../egress/sink.js'
import type { EgressOptions } from './publishing.js'

/** Says in health, and in the log when it changes, how the sink delivers, and how many rows it had to set aside. */
export const deliveryTold = ({
  sink,
  activity,
  logger,
}: Pick<EgressOptions, 'sink' | 'activity' | 'logger'>): Readonly<{ connected: () => void }> => {
  const current = (): Delivery | undefined => (sink.delivery === undefined ? 'exactly-once' : sink.delivery())
  let told: Delivery | undefined
  activity?.say('delivery', current)
  const { deadLettered } = sink
  if (deadLettered !== undefined) {
    activity?.tell('deadLettered', deadLettered)
    activity?.watch('rows-dead-lettered', () => deadLettered() > 0)
  }
  return {
    connected: () => {
      const delivery = current()
      if (delivery === told || delivery === undefined) return
      told = delivery
      if (delivery === 'exactly-once') logger.info({ sink: sink.name, delivery }, 'egress: delivers exactly once')
      else
        logger.warn(
          { sink: sink.name, delivery },
          'egress: delivers at least once: after a failure rows may come again, with the same ce_id',
        )
    },
  }
}
