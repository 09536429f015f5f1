import type { EventLog } from '../../../../log/event-log.js'
import { storeSettings, type Change, type Configured } from '../../imports/import-configuration.js'
import { genesysError, GenesysRefused } from '../failed.js'
import type { SyncFailure, SyncPlan } from './plan-sync.js'

/** Why nothing could be synced, for who can do nothing but end with it. */
export const syncError = (failure: SyncFailure): ReturnType<typeof genesysError> =>
  failure.tag === 'OtherOrganisation'
    ? new GenesysRefused(
        `the log holds the configuration of the organisation ${failure.known}, and the client belongs to ${failure.found}: give that one a tenant of its own (tenant)`,
      )
    : genesysError(failure)

/** Stores what a plan found; all of it is new. Answers what was stored. Throws `NotIngested`. */
export const storePlan = async (
  raw: EventLog,
  { changed }: SyncPlan,
  origin: Readonly<{ tenant: string; now: number }>,
): Promise<readonly Configured[]> => {
  const refused = await storeSettings(raw, changed, { ...origin, source: 'genesys:sync' })
  return changed.filter((fact) => !refused.has(fact))
}

/** As changes, for what is common with an import of configuration. */
export const asChanges = (facts: readonly Configured[]): readonly Change[] =>
  facts.map((fact) => ({ fact, outcome: 'stored' }))

/** How many settings of each kind changed: `2 queues, 1 user`. */
export const countsText = ({ kinds, changed }: SyncPlan): string => {
  const counts = kinds.flatMap(({ what, changed: own }) => (own.length === 0 ? [] : [`${own.length} ${what}`]))
  const others = changed.length - kinds.reduce((sum, { changed: own }) => sum + own.length, 0)
  return [...counts, ...(others === 0 ? [] : [`${others} of the organisation`])].join(', ') || 'nothing'
}
