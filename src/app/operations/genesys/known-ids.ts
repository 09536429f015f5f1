import type { KnownIds } from '../../../genesys/notifications/topics.js'
import type { SourceLogs } from '../../sources/source-logs.js'
import { ifThere } from '../../../log/if-there.js'
import { KnownConfiguration } from './sync/known-configuration.js'

/** The queues and users that syncs and imports of the configuration have brought and that are not gone. */
export const knownIds = (logs: Pick<SourceLogs, 'raw'>, tenant: string): (() => Promise<KnownIds>) => {
  const known = new KnownConfiguration(tenant)
  return async () => {
    await known.refresh(await ifThere(() => logs.raw('reader')))
    return { queues: [...known.present('queue').keys()], users: [...known.present('user').keys()] }
  }
}
