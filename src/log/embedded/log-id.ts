import { randomUUID } from 'node:crypto'
import { LogUnavailable } from '../event-log.js'
import type { EmbeddedStore } from './lmdb/store.js'

/** The log's id in the table `meta`. */
const KEY = 'id'

/**
 * Gives the log an id if it has none: a new one, or one that a version without ids wrote. One transaction, because two
 * processes may open the log for writing at once; durable when it returns.
 */
export const giveLogId = ({ env, meta }: EmbeddedStore): void =>
  env.transactionSync(() => {
    if (meta.get(KEY) === undefined) meta.putSync(KEY, randomUUID(), 1)
  })

/** @throws LogUnavailable if the log has no id yet. */
export const readLogId = ({ env, meta }: EmbeddedStore, dir: string): string => {
  env.resetReadTxn()
  const id = meta.get(KEY)
  if (typeof id === 'string') return id
  throw new LogUnavailable(
    `the log in ${dir} has no id: an older version of Streamvane wrote it. It gets one when this version opens it ` +
      'for writing: start the process that writes it first.',
  )
}
