import { readSegment, type SegmentOrigin } from '../../../facts/codec/segment.js'
import type { PointSource } from '../../../domain/profile.js'
import type { DecodedRun } from '../../../facts/decoded-run.js'
import { WorkerDied, workerPool, type WorkerPool } from '../../workers/worker-pool.js'
import { decodeRun, type RawStretch } from './decode-run.js'
import type { DecodeInput, DecodeOutput, StretchPlace } from './decode-worker.js'
import { packStretch } from './packed-stretch.js'

/** Threads that decode runs of raw events. */
export type DecodePool = WorkerPool<DecodeInput, DecodeOutput>

export const decodePool = (threads: number): DecodePool =>
  workerPool(new URL('./decode-worker.js', import.meta.url), threads)

/** Fewer events than this are decoded here: handing them to a thread would cost more than it saves. */
const THREAD_EVENTS_MIN = 512

/** A run that was decoded just now, with its raw events; `encoded` where a thread has encoded it too. */
export type FreshRun = Readonly<{ run: DecodedRun; stretch: RawStretch; encoded: Uint8Array | undefined }>

/** A run that a thread has decoded and encoded. */
export type EncodedRun = Readonly<{ run: DecodedRun; encoded: Uint8Array }>

/** Decodes runs of raw events, in threads where there are any. The facts are the same wherever they are decoded. */
export class RunDecoder {
  private readonly pool: DecodePool | undefined
  private readonly origin: SegmentOrigin
  private readonly onFault: (cause: Error) => void

  /** `onFault` is told why a thread could not do its work; the work is done here. */
  constructor(origin: SegmentOrigin, pool: DecodePool | undefined, onFault: (cause: Error) => void) {
    this.origin = origin
    this.pool = pool
    this.onFault = onFault
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
      const { run, encoded } = encodedRun(await pool.run({ stretch: packed, origin: this.origin }, [packed.bytes]))
      return { run, stretch, encoded }
    } catch (cause) {
      if (!(cause instanceof WorkerDied)) throw cause
      this.onFault(cause)
      return this.here(stretch)
    }
  }

  /** Has a thread read and decode a stretch; `undefined` if it is to be read here instead. */
  async read(place: StretchPlace): Promise<EncodedRun | undefined> {
    try {
      const output = await this.pool?.run({ place, origin: this.origin })
      return output && encodedRun(output)
    } catch (cause) {
      this.onFault(cause as Error) // what hinders the thread is met again here, if it is the log
      return undefined
    }
  }

  private here(stretch: RawStretch): FreshRun {
    return { run: decodeRun(stretch, this.origin.points as PointSource), stretch, encoded: undefined }
  }
}

const encodedRun = (encoded: DecodeOutput): EncodedRun => {
  const segment = encoded && readSegment(Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength))
  if (encoded === undefined || segment === undefined)
    throw new Error('a decoding thread gave bytes that are no segment')
  return { run: segment.run, encoded }
}
