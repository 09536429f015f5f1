import type { Origin } from '../../../ingress/metadata.js'
import { readRawEvents, type ReadEvent } from '../../../ingress/raw-event.js'
import { readEventsOf, type ReadColumns } from '../../../ingress/read-columns.js'
import { WorkerDied, workerPool, type WorkerPool } from '../../workers/worker-pool.js'

/** The events of a batch one behind the other, with the place behind each. */
export type RawBatch = Readonly<{
  bytes: Uint8Array<ArrayBuffer>
  ends: Uint32Array<ArrayBuffer>
  origin: Origin
}>

/** Reads batches of raw events: what each is, where it goes and by which id, or why it cannot be used. */
export type BatchReader = Readonly<{
  /** Batches that may be read before the first of them is stored. */
  aheadMax: number
  read: (raws: readonly Uint8Array[], origin: Origin) => Promise<readonly (readonly ReadEvent[])[]>
  close: () => Promise<void>
}>

const readHere: BatchReader['read'] = (raws, origin) => Promise.resolve(raws.map((raw) => readRawEvents(raw, origin)))

/** Reads in this thread: one batch while the one before it is being written. */
export const ownReader: BatchReader = { aheadMax: 0, read: readHere, close: () => Promise.resolve() }

/** Reads in so many worker threads; without any, in this one. */
export const batchReader = (workers: number): BatchReader =>
  workers === 0 ? ownReader : pooledReader(workerPool(new URL('./read-worker.js', import.meta.url), workers))

/**
 * Reads in the threads of a pool. The results are those of `ownReader`. The first batch is read here: a small file is
 * done before a thread has started. A thread that dies is not missed: what it had to do is done here.
 */
export const pooledReader = (pool: WorkerPool<RawBatch, ReadColumns>): BatchReader => {
  let isFirst = true
  return {
    aheadMax: pool.size() + 1,
    read: async (raws, origin) => {
      const isHere = isFirst || pool.size() === 0
      isFirst = false
      if (isHere) return readHere(raws, origin)
      const batch = rawBatchOf(raws, origin)
      try {
        return readEventsOf(await pool.run(batch, [batch.bytes.buffer, batch.ends.buffer]), raws, origin)
      } catch (cause) {
        if (cause instanceof WorkerDied) return readHere(raws, origin)
        throw cause
      }
    },
    close: () => pool.close(),
  }
}

const rawBatchOf = (raws: readonly Uint8Array[], origin: Origin): RawBatch => {
  const bytes = new Uint8Array(raws.reduce((sum, { length }) => sum + length, 0))
  const ends = new Uint32Array(raws.length)
  let at = 0
  raws.forEach((raw, i) => {
    bytes.set(raw, at)
    at += raw.length
    ends[i] = at
  })
  return { bytes, ends, origin }
}
