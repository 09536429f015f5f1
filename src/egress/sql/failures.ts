import { SecretUnreadable } from '../../credentials/secret.js'
import type { SinkFailure } from '../sink.js'
import { FolderInUse } from './pglite.js'
import { UnknownRowSchema } from './records.js'
import { StoreBehind } from './tables.js'

/** What an error of the database or its driver means. `place` names the store without credentials. */
export const sqlFailure = (cause: unknown, place: string): SinkFailure => {
  const { code, message } = cause as Partial<{ code: string; message: string }>
  const said = message ?? String(cause)
  if (refusals.some((refusal) => cause instanceof refusal)) return { tag: 'Refused', reason: `${place}: ${said}` }
  const remedy = code === undefined ? undefined : remedyOf(code)
  return remedy === undefined
    ? { tag: 'NotConnected', cause: new Error(`${place}: ${said}`, { cause }) }
    : { tag: 'Refused', reason: `${place}: ${said} (${code}); ${remedy}` }
}

const refusals = [StoreBehind, UnknownRowSchema, FolderInUse, SecretUnreadable]

/** SQLSTATE codes that stay as they are until somebody mends what they name. */
const remedyOf = (code: string): string | undefined => {
  if (code === '3D000') return 'create the database, or name another one'
  if (code === '42501') return 'grant this user the rights that docs/sql.md lists'
  if (code === '3F000' || code === '42P01' || code === '42703') return 'run `streamvane store migrate`'
  if (code.startsWith('28')) return 'check the user, its password and pg_hba.conf'
  if (/^(22|23|42)/.test(code))
    return 'this is a fault of Streamvane or of a changed table: compare it with `streamvane store migrate --dry-run`'
  return undefined
}
