import { readSegment, type SegmentOrigin } from '../../../facts/codec/segment.js'
import type { PointSource } from '../../../domain/profile.js'
import type { DecodedRun } from '../../../facts/decoded-run.js'
import { WorkerDied, workerPool, type WorkerPool } from '../../workers/worker-pool.js'
import { decodeRun, type RawStretch } from './decode-run.js'
import type { DecodeInput } from './decode-worker.js'
import { packStretch } from './packed-stretch.js'

/** Threads that decode runs of raw events. */
export type DecodePool = WorkerPool<DecodeInput, Uint8Array>

export const decodePool = (threads: number): DecodePool =>
  workerPool(new URL('./decode-worker.js', import.meta.url), threads)

/** Fewer events than this are decoded here: handing them to a thread would cost more than it saves. */
const THREAD_EVENTS_MIN = 512

/** A run that was decoded just now, with its raw events; `encoded` where a thread has encoded it too. */
export type FreshRun = Readonly<{ run: DecodedRun; stretch: RawStretch; encoded: Uint8Array | undefined }>

/** Decodes runs of raw events, in threads where there are any. The facts are the same wherever they are decoded. */
export class RunDecoder {
  private readonly pool: DecodePool | undefined
  private readonly origin: SegmentOrigin
  private readonly onDied: (cause: WorkerDied) => void

  constructor(origin: SegmentOrigin, pool: DecodePool | undefined, onDied: (cause: WorkerDied) => void) {
    this.origin = origin
    this.pool = pool
    this.onDied = onDied
  }

  /** Runs that are worth having under way at a time. */
  get depth(): number {
    const threads = this.pool?.size() ?? 0
    return threads === 0 ? 0 : threads + 1
  }

  async decode(stretch: RawStretch): Promise<FreshRun> {
    const { pool } = this
    if (pool === undefined || pool.size() === 0 || stretch.events.length < THREAD_EVENTS_MIN) return this.here(stretch)
    const packed = packStretch(stretch)
    try {
      const encoded = await pool.run({ stretch: packed, origin: this.origin }, [packed.bytes])
      const segment = readSegment(Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength))
      if (segment === undefined) throw new Error('a decoding thread gave bytes that are no segment')
      return { run: segment.run, stretch, encoded }
    } catch (cause) {
      if (!(cause instanceof WorkerDied)) throw cause
      this.onDied(cause)
      return this.here(stretch)
    }
  }

  private here(stretch: RawStretch): FreshRun {
    return { run: decodeRun(stretch, this.origin.points as PointSource), stretch, encoded: undefined }
  }
}
