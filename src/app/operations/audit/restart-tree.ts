import type { Logs } from '../../pipeline/logs/logs.js'
import { appendRecord, auditRecords, restartEvent, type Restart } from './audit-log.js'

/** There is no such tree to begin again. */
export class NoSuchTree extends Error {
  override readonly name = 'NoSuchTree'
}

/**
 * Begins a tree again: after a restore from a backup, or after a change in history that was looked into and stays. The
 * heads of before stay in the log with the keys that signed them; the next head is the first of a tree of another
 * origin, so no two heads of one origin contradict each other.
 */
export const restartTree = async (
  logs: Logs,
  tenant: string,
  { tree, why, at }: Omit<Restart, 'number'>,
): Promise<Restart> => {
  let [revision, number, isKnown] = [-1, 1, false]
  for await (const record of auditRecords(logs, tenant)) {
    revision = record.revision
    if (record.tree !== tree) continue
    isKnown = true
    if (record.kind === 'restarted') number = record.number
  }
  if (!isKnown)
    throw new NoSuchTree(`no head of a tree ${tree} was ever signed; streamvane audit verify lists the trees`)
  const restart = { tree, number: number + 1, at, why }
  await appendRecord(logs, tenant, revision, restartEvent(restart))
  return restart
}
