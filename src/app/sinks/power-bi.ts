import { lazySink } from '../../egress/lazy-sink.js'
import { entraIdentity } from '../config/connections/entra-identity.js'
import { powerBiFaults, powerBiSchema } from '../config/sinks/power-bi-schema.js'
import { nameAt, passing, sinkKind } from './sink-kind.js'

export const powerBiKind = sinkKind({
  use: 'power-bi',
  schema: powerBiSchema,
  faults: powerBiFaults,
  destination: 'service',
  place: ({ settings }) => `${new URL(settings.apiUrl).origin} workspace ${settings.workspaceId}`,
  open: (sink, context) => {
    const name = nameAt(sink, context)
    const { filter, settings } = sink
    return lazySink(name, async () => {
      const [{ entraTokens }, { atLeastOnceSink }, { powerBiDestination }] = await Promise.all([
        import('../../credentials/entra-id.js'),
        import('../../egress/at-least-once/sink.js'),
        import('../../egress/power-bi/destination.js'),
      ])
      const { apiUrl, workspaceId, dataset, figures, requestTimeoutMs, scope } = settings
      return atLeastOnceSink({
        ...{ name, progress: context.progressOf(name), acceptProgress: context.acceptProgress },
        destination: powerBiDestination({
          ...{ apiUrl, workspaceId, dataset, figures, requestTimeoutMs },
          families: passing(context.families, filter),
          tokens: entraTokens(entraIdentity(settings, scope, process.env)),
        }),
      })
    })
  },
})
