import { mkdirSync } from 'node:fs'
import type { Position } from '../event-log.js'
import { logError } from './lmdb/damage.js'
import { openEmbeddedLog } from './log.js'
import { freeLease } from './lock/writer-lease.js'
import { leaveStore, shareStore } from './lmdb/shared-store.js'
import { openStore } from './lmdb/store.js'

/** Which log a part is, and how far it goes. */
export type LogFacts = Readonly<{
  /** `undefined`: a version without ids wrote it. */
  id: string | undefined
  head: Position | undefined
  /** Id of the event at `head`; `undefined` if that event was erased. */
  lastEvent: string | undefined
}>

/**
 * Copies a part to the folder `to`, which must be empty or not exist, while other processes read and write it. The copy
 * is the part as it was when the copy began, without freed space and the bytes in it, and held by no writer.
 *
 * @throws LogUnavailable if there is no log, or the copy cannot be written.
 * @throws LogDamaged if the file of the log is not whole.
 */
export const backupEmbeddedLog = async (dir: string, to: string): Promise<void> => {
  const shared = await shareStore(dir, 'read')
  try {
    mkdirSync(to, { recursive: true, mode: 0o700 })
    await shared.store.env.backup(to, true)
    // The holder in the copy is the writer of the original, which may be alive.
    const copy = openStore(to, 'write')
    freeLease(copy)
    await copy.env.close()
  } catch (cause) {
    throw logError(dir, `cannot be copied to ${to}`, cause)
  } finally {
    await leaveStore(shared)
  }
}

/** The facts of the log in `dir`, read without writing anything. */
export const readLogFacts = async (dir: string): Promise<LogFacts> => {
  const log = await openEmbeddedLog({ dir, mode: 'reader' })
  try {
    const head = await log.head()
    let lastEvent: string | undefined
    if (head !== undefined)
      for await (const batch of log.readAll({ after: head - 1n, through: head })) lastEvent = batch.at(-1)?.id
    return { id: await log.id().catch(() => undefined), head, lastEvent }
  } finally {
    await log.close()
  }
}
