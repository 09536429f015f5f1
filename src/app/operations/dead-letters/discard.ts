import type { Logs } from '../../pipeline/logs/logs.js'
import { decide } from './decisions.js'
import { listLetters, type LetterFilter } from './listing.js'

export type DiscardOptions = Readonly<{
  logs: Logs
  tenant: string
  filter: LetterFilter
  by: string
  why: string
  dryRun: boolean
  now: () => number
}>

/** `discarded` letters are (or would be); `retried` ones are in the log already, and stay so. */
export type Discarded = Readonly<{ discarded: number; retried: number; byReason: Readonly<Record<string, number>> }>

/**
 * Marks open dead letters as not needed. Nothing is deleted: they are listed with `--state discarded`, and one that is
 * named by its id can still be retried.
 */
export const discardDeadLetters = async ({
  logs,
  tenant,
  filter,
  by,
  why,
  dryRun,
  now,
}: DiscardOptions): Promise<Discarded> => {
  const ids = new Set<string>()
  const byReason: Record<string, number> = {}
  let retried = 0
  for await (const { id, note, state } of listLetters(logs, tenant, filter)) {
    if (state === 'retried') retried++
    if (state !== 'open' || ids.has(id)) continue
    ids.add(id)
    byReason[note.reason] = (byReason[note.reason] ?? 0) + 1
  }
  if (!dryRun) await decide(logs, tenant, [...ids], { state: 'discarded', by, why, at: new Date(now()).toISOString() })
  return { discarded: ids.size, retried, byReason }
}
