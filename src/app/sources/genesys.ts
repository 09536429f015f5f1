import { machineTiming } from '../../genesys/timing.js'
import { lazySource } from '../../ingress/lazy-source.js'
import { SourceRefused } from '../../ingress/source.js'
import { followsNothing, genesysSourceSchema } from '../config/sources/genesys-schema.js'
import { sourceKind } from './source-kind.js'

/** Queues and users are looked up anew so often: they come with a sync. */
const REFRESH_MS = 600_000
const NOTE_LIVE_EVERY_MS = 300_000
/** A conversation of which no queue and no user said anything for so long is followed no more. */
const FORGET_CONVERSATION_MS = 4 * 3_600_000

export const genesysKind = sourceKind({
  use: 'genesys',
  schema: genesysSourceSchema,
  faults: (settings) =>
    followsNothing(settings)
      ? [
          {
            path: ['topics'],
            message:
              'topics of {conversation} need one that names conversations, such as v2.routing.queues.{queue}.conversations',
          },
        ]
      : [],
  place: ({ settings: { topics } }) => `the notification socket of Genesys Cloud, ${topics.join(', ')}`,
  open: ({ name, settings }, { tenant, genesys, logs, logger, now }) => {
    return lazySource(name, async () => {
      if (genesys === undefined)
        throw new SourceRefused(
          'there is no organisation in the configuration: write genesys.region, genesys.clientId and genesys.clientSecret (docs/sources/genesys.md)',
        )
      const { notificationSource } = await import('../../ingress/genesys/notification-source.js')
      const { genesysClientOf } = await import('../operations/genesys/open-client.js')
      const { liveRecord } = await import('../operations/genesys/gaps.js')
      const { knownIds } = await import('../operations/genesys/known-ids.js')
      const client = genesysClientOf(genesys)
      const source = notificationSource({
        ...{ name, client, topics: settings.topics, channelsMax: settings.channels },
        ids: knownIds(logs, tenant),
        record: liveRecord(logs, tenant, name, now),
        ...{ refreshMs: REFRESH_MS, noteLiveEveryMs: NOTE_LIVE_EVERY_MS },
        forgetConversationAfterMs: FORGET_CONVERSATION_MS,
        timing: { ...machineTiming, now },
        onWarning: (what, about = {}) => logger.warn({ source: name, ...about }, `genesys: ${what}`),
        onInfo: (what, about = {}) => logger.info({ source: name, ...about }, `genesys: ${what}`),
      })
      return {
        name,
        start: async (deliver) => {
          const running = await source.start(deliver)
          void running.ended.then(() => client.close())
          return running
        },
      }
    })
  },
})
