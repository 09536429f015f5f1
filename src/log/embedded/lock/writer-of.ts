import { leaveStore, shareStore } from '../lmdb/shared-store.js'
import { heartbeatWithin, lastHeartbeat } from './heartbeat.js'
import { holderOf } from './writer-lease.js'
import { livenessOf, type Liveness } from './process-identity.js'

/**
 * Who holds a part of the log for writing. `gone`: it ended without giving the part back, which does no harm. `heardAt`:
 * its last heartbeat (epoch ms); a process that is alive sends one a second, unless it hangs or is suspended.
 */
export type Writer = Readonly<{
  owner: string
  pid: number
  host: string
  since: string
  liveness: Liveness
  heardAt: number | undefined
}>

/**
 * The writer of the part in `dir`, without disturbing it; `undefined` if there is none. A process that cannot be looked
 * up from here is listened for during `listenMs`. Throws as opening the part for reading does.
 */
export const writerOf = async (dir: string, listenMs = 2_500): Promise<Writer | undefined> => {
  const shared = await shareStore(dir, 'read')
  try {
    const holder = holderOf(shared.store)
    if (holder === undefined) return undefined
    const { owner, pid, host, since } = holder
    const known = livenessOf(holder)
    const liveness = known !== 'unknown' ? known : (await heartbeatWithin(dir, listenMs)) ? 'alive' : 'gone'
    return { owner, pid, host, since, liveness, heardAt: lastHeartbeat(dir) }
  } finally {
    await leaveStore(shared)
  }
}
