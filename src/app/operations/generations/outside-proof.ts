import { createHash } from 'node:crypto'
import { readKpiEvent } from '../../../contract/kpi-stream/stored.js'
import { kpiStream } from '../../../domain/stream-name.js'
import { ifThere } from '../../../log/if-there.js'
import { datumDigest } from '../../pipeline/egress/differences.js'
import type { Generation } from '../../pipeline/generations.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { scopeOf } from '../../pipeline/projector/generation-projection.js'
import { isInScope } from '../../scoped/scope.js'
import { RebuildFailed } from './catch-up.js'

/**
 * The rows out of a scope in both generations. `same`: with the same revision, and then the same bytes; `digest` names
 * them all. `moved`: one of the two has come further in the log than the other.
 */
export type OutsideProof = Readonly<{ rows: number; same: number; moved: number; digest: string }>

type Last = Readonly<{ revision: number; digest: string }>

/**
 * Compares the rows out of the scope of a generation with those of the generation below, byte for byte. Throws
 * `RebuildFailed` if a revision has other bytes; `undefined` for a generation without a scope, or where the one below is
 * gone.
 */
export const proveOutside = async (
  logs: Logs,
  tenant: string,
  { name, scoped }: Generation,
): Promise<OutsideProof | undefined> => {
  if (scoped === undefined) return undefined
  const scope = scopeOf(scoped.scope)
  const lastOf = async (generation: string): Promise<ReadonlyMap<string, Last>> => {
    const last = new Map<string, Last>()
    const kpi = await logs.kpi(generation, 'reader')
    for await (const events of kpi.readStream(kpiStream(tenant, generation)))
      for (const event of events) {
        const stored = readKpiEvent(event)
        if (stored?.kind !== 'row' || isInScope(scope, stored.header)) continue
        last.set(stored.header.key, { revision: stored.header.revision, digest: datumDigest(stored) })
      }
    return last
  }
  // A generation that was retired meanwhile cannot be compared with.
  const below = await ifThere(() => lastOf(scoped.base.name))
  if (below === undefined) return undefined
  const own = await lastOf(name)
  const all = createHash('sha256')
  let [same, moved] = [0, 0]
  for (const key of [...new Set([...below.keys(), ...own.keys()])].sort()) {
    const [before, now] = [below.get(key), own.get(key)]
    if (before?.revision !== now?.revision) moved += 1
    else if (before?.digest === now?.digest) {
      same += 1
      all.update(`${key} ${now?.revision} `).update(now?.digest ?? '', 'latin1')
    } else
      throw new RebuildFailed(
        `generation ${name} is not to be used: row ${key}, out of its scope, has other bytes at revision ${now?.revision} than in ${scoped.base.name}; \`streamvane projections retire ${name}\` gives it up`,
      )
  }
  return { rows: same + moved, same, moved, digest: all.digest('hex').slice(0, 16) }
}
