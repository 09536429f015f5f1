import { lazySink } from '../../egress/lazy-sink.js'
import { recordIdentity } from '../../egress/record-identity.js'
import type { RefusedRecords } from '../../egress/refused-records.js'
import type { Sink } from '../../egress/sink.js'
import { webhookFaults, webhookSchema, type WebhookSettings } from '../config/sinks/webhook-schema.js'
import { nameAt, sinkKind, type SinkContext, type SinkOf } from './sink-kind.js'

export const webhooksKind = sinkKind({
  use: 'webhooks',
  schema: webhookSchema,
  faults: webhookFaults,
  destination: 'service',
  place: ({ settings }) => new URL(settings.url).origin,
  open: (sink, context) => {
    const name = nameAt(sink, context)
    const load = async (): Promise<Sink> => {
      const [{ atLeastOnceSink }, { webhookDestination }] = await Promise.all([
        import('../../egress/at-least-once/sink.js'),
        import('../../egress/webhooks/destination.js'),
      ])
      return atLeastOnceSink({
        ...{ name, progress: context.progressOf(name), acceptProgress: context.acceptProgress },
        destination: webhookDestination(optionsOf(sink, context)),
      })
    }
    return lazySink(name, load, { setsRowsAside: sink.settings.onBadRow === 'dead-letter' })
  },
})

const optionsOf = ({ name, settings }: SinkOf<WebhookSettings>, context: SinkContext) => {
  const { ssl, allowHttp, allowPrivateNetworks, attemptsMax, token, ...others } = settings
  const { logger } = context
  const refused = context.refusedOf(name)
  return {
    ...others,
    ...{ token, attemptsMax, rules: { allowHttp, allowPrivateNetworks } },
    tls: typeof ssl === 'object' ? ssl : {},
    refused: {
      put: async (record, reason) => {
        await refused.put(record, reason)
        logger.error(
          { sink: name, id: recordIdentity(record), reason },
          'egress: a record that the receiver refuses was set aside',
        )
      },
    } satisfies RefusedRecords,
  }
}
