import { readKpiEvent } from '../../../contract/kpi-stream/stored.js'
import { kpiStream } from '../../../domain/stream-name.js'
import { familyNames, type FamilyName } from '../../../domain/family.js'
import { datumDigest } from '../../pipeline/egress/differences.js'
import type { Logs } from '../../pipeline/logs/logs.js'

/** Rows of a family in two generations: those of the first that the second lacks, new ones, others, and equal ones. */
export type DifferenceCounts = Readonly<{
  family: FamilyName
  withdrawn: number
  added: number
  changed: number
  same: number
}>

/**
 * Counts the rows that differ between two generations, byte for byte as a promotion that publishes differences does.
 * Memory holds a short name of each row of the first.
 */
export const differencesBetween = async (
  logs: Logs,
  tenant: string,
  before: string,
  after: string,
): Promise<readonly DifferenceCounts[]> => {
  const [old, now] = [await lastRows(logs, tenant, before), await lastRows(logs, tenant, after)]
  return familyNames.flatMap((family) => {
    const [had, has] = [old.get(family) ?? new Map<string, string>(), now.get(family) ?? new Map<string, string>()]
    if (had.size + has.size === 0) return []
    let [added, changed, same] = [0, 0, 0]
    for (const [key, digest] of has) {
      const known = had.get(key)
      if (known === undefined) added += 1
      else if (known === digest) same += 1
      else changed += 1
    }
    return [{ family, withdrawn: had.size - changed - same, added, changed, same }]
  })
}

const lastRows = async (
  logs: Logs,
  tenant: string,
  generation: string,
): Promise<ReadonlyMap<FamilyName, Map<string, string>>> => {
  const rows = new Map<FamilyName, Map<string, string>>()
  const kpi = await logs.kpi(generation, 'reader')
  for await (const events of kpi.readStream(kpiStream(tenant, generation)))
    for (const event of events) {
      const stored = readKpiEvent(event)
      if (stored?.kind !== 'row') continue
      const { family, key } = stored.header
      let own = rows.get(family)
      if (own === undefined) rows.set(family, (own = new Map<string, string>()))
      own.set(key, datumDigest(stored))
    }
  return rows
}
