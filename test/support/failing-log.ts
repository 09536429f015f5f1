import * as E from 'fp-ts/lib/Either.js'
import type { AppendFailure, EventLog } from '../../src/log/event-log.js'

/**
 * Answers the `n`-th append (from 1) with a failure, once. With `applied` the append is made all the same, as it may be
 * when its outcome is unknown.
 */
export const failingAppend = (log: EventLog, n: number, failure: AppendFailure, applied = false): EventLog => {
  let appends = 0
  return {
    ...log,
    append: async (entries) => {
      if (++appends !== n) return log.append(entries)
      if (applied) await log.append(entries)
      return entries.map(() => E.left(failure))
    },
  }
}
