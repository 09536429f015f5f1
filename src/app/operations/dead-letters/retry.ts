import * as E from 'fp-ts/lib/Either.js'
import { readRawEvents } from '../../../ingress/raw-event.js'
import { addReceipts, emptyReceipt, type Receipt } from '../../../ingress/receipt.js'
import { ingest } from '../../../ingress/ingest.js'
import type { EventLog } from '../../../log/event-log.js'
import { eventsOf } from '../dead-letters.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { decide } from './decisions.js'
import { listLetters, type LetterFilter } from './listing.js'
import { remedyOf } from './remedies.js'

export type RetryOptions = Readonly<{
  logs: Logs
  tenant: string
  /** The raw log, to store what can be used now; absent: only count (a dry run). */
  log: EventLog | undefined
  /** Which open dead letters. Letters that are named by id may be discarded ones too. */
  filter?: LetterFilter
  by: string
  why?: string | undefined
  now: () => number
  signal?: AbortSignal
}>

/**
 * `usable` letters can be taken in now, `deadLettered` still cannot. `notRetriable`: of their reason none can be (see
 * `remedyOf`); `late` is how many events behind the late horizon are among those.
 */
export type Retried = Receipt & Readonly<{ usable: number; late: number; notRetriable: number }>

const BATCH = 200

/**
 * Takes dead letters of the ingress in again, those that this version can use, and marks them as retried once the log
 * holds them; the rest stay open. It can be cut short anywhere and run again: what was stored before is a duplicate.
 */
export const retryDeadLetters = async ({
  logs,
  tenant,
  log,
  filter = {},
  by,
  why,
  now,
  signal,
}: RetryOptions): Promise<Retried> => {
  const wanted: LetterFilter = filter.ids === undefined ? { ...filter, state: 'open' } : filter
  let [usable, unusable, late, notRetriable] = [0, 0, 0, 0]
  let receipt = emptyReceipt
  let batch: { id: string; raw: Uint8Array }[] = []
  const flush = async (): Promise<void> => {
    const letters = batch
    batch = []
    if (log === undefined || letters.length === 0) return
    const origin = { tenant, source: 'deadletter', receivedAt: now() }
    const raws = letters.map(({ raw }) => raw)
    receipt = addReceipts(receipt, await ingest(log, raws, origin))
    const decision = {
      state: 'retried',
      by,
      ...(why !== undefined && { why }),
      at: new Date(now()).toISOString(),
    } as const
    await decide(logs, tenant, [...new Set(letters.map(({ id }) => id))], decision)
  }
  for await (const { id, note, raw, state, ...letter } of listLetters(logs, tenant, wanted)) {
    if (signal?.aborted === true) break
    if (state === 'retried') continue
    if (!remedyOf(note.reason, note.stage).retry) {
      notRetriable++
      if (note.reason === 'too-late') late += eventsOf({ id, note, raw, part: letter.part })
      continue
    }
    const events = readRawEvents(raw, { tenant, source: 'deadletter', receivedAt: now() })
    if (!events.some(({ read }) => E.isRight(read))) {
      unusable++
      continue
    }
    usable++
    batch.push({ id, raw })
    if (batch.length >= BATCH) await flush()
  }
  await flush()
  return { ...receipt, deadLettered: unusable, usable, late, notRetriable }
}
