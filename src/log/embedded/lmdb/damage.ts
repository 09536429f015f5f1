import { join } from 'node:path'
import { isLogTrouble, LogDamaged, LogUnavailable, type LogOfLaterVersion } from '../../event-log.js'

/** Stored bytes are not those that were written: the disk, a copy or a person changed them. */
export class Damage extends Error {
  override readonly name = 'Damage'
}

/** Errors of LMDB that say the same of its own structures: page not found, corrupted, wrong version, invalid. */
const LMDB_DAMAGE = new Set([-30797, -30796, -30794, -30793])

const isDamage = (cause: unknown): boolean =>
  cause instanceof Damage || (cause instanceof Error && 'code' in cause && LMDB_DAMAGE.has(Number(cause.code)))

/** The one place where the store's errors become errors of the log. `attempt` says what failed: `cannot be read`. */
export const logError = (
  dir: string,
  attempt: string,
  cause: unknown,
): LogUnavailable | LogDamaged | LogOfLaterVersion => {
  if (isLogTrouble(cause)) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return isDamage(cause)
    ? new LogDamaged(
        `the log in ${dir} is damaged: ${reason}. Its file ${join(dir, 'data.mdb')} was changed or cut short, or its ` +
          'disk fails; trying again does not help. Stop the processes that use it and restore the data folder from a ' +
          'backup (`streamvane restore`). The rows of a generation can also be computed again (`streamvane rebuild`).',
        { cause },
      )
    : new LogUnavailable(`the log in ${dir} ${attempt}: ${reason}`, { cause })
}
