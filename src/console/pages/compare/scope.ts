import { instantIn } from '../../format/instant.js'
import type { Catalogue } from './answers.js'

/** Which rows are compared, as the address has it; times are instants in ISO 8601. */
export type CompareScope = Readonly<{ family: string; granularity: string; from: string; to: string }>

/** What the address says, else the queues of the last day that the log has in its base intervals. */
export const scopeIn = (
  query: Readonly<Record<string, string>>,
  { lastDay, granularities }: Catalogue,
): CompareScope => ({
  family: query['family'] ?? 'queue',
  granularity: query['granularity'] ?? granularities[0] ?? 'PT15M',
  from: query['from'] ?? lastDay?.start ?? '',
  to: query['to'] ?? lastDay?.end ?? '',
})

/** The instant of a local time that a person typed, in ISO 8601; empty where it is none. */
export const isoIn = (local: string, zone: string): string => {
  const ms = instantIn(local, zone)
  return ms === undefined ? '' : new Date(ms).toISOString()
}
