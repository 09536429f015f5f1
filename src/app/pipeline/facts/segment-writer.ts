import type { PointSource } from '../../../domain/profile.js'
import type { DecodedRun } from '../../../facts/decoded-run.js'
import type { FactStore } from '../../../facts/fact-store.js'
import { mergeRuns } from '../../../facts/merge-runs.js'
import { digestOf, nothingDigested } from './decode-run.js'
import type { FreshRun } from './run-decoder.js'

/** Raw events of a segment, about: it bounds what erasing one drops, and what is decoded ahead. */
export const SEGMENT_EVENTS = 8_192
/** Raw bytes after which a segment ends before that. */
export const SEGMENT_BYTES = 16 * 1024 * 1024
/** Fewer raw events than this are not worth a segment: they are decoded again when they are needed. */
export const SEGMENT_EVENTS_MIN = 1_024

/** Writes runs into a store as they are decoded: large ones each by itself, small ones gathered. */
export class SegmentWriter {
  private readonly store: FactStore
  private readonly points: PointSource
  private gathered: DecodedRun[] = []
  private events = 0
  private digest = nothingDigested

  constructor(store: FactStore, points: PointSource) {
    this.store = store
    this.points = points
  }

  /** A run behind the one before it. */
  async add({ run, stretch, encoded }: FreshRun): Promise<void> {
    const isLarge = run.rawEvents >= SEGMENT_EVENTS_MIN
    if (isLarge) await this.flush()
    if (isLarge && encoded !== undefined) return this.store.putEncoded(run, encoded)
    this.gathered.push(run)
    this.events += run.rawEvents
    this.digest = digestOf(stretch, this.points, this.digest)
    if (isLarge || this.events >= SEGMENT_EVENTS) await this.flush()
  }

  /** Writes what is gathered, if it is worth a segment; `whatever`: in any case, because a segment follows. */
  async flush(whatever = false): Promise<void> {
    const { gathered, digest } = this
    const isWorth = this.events > 0 && (whatever || this.events >= SEGMENT_EVENTS_MIN)
    this.drop()
    const [first, ...more] = gathered
    if (isWorth && first !== undefined) await this.store.put(mergeRuns([first, ...more]), digest)
  }

  /** Writes what is gathered, if it is worth a segment; else it stays gathered. */
  async flushIfWorth(): Promise<void> {
    if (this.events >= SEGMENT_EVENTS_MIN) await this.flush()
  }

  drop(): void {
    this.gathered = []
    this.events = 0
    this.digest = nothingDigested
  }
}
