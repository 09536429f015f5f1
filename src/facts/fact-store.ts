import type { Position } from '../log/event-log.js'
import type { RawDigest } from './codec/segment.js'
import type { DecodedRun, EventPlace } from './decoded-run.js'
import type { RunSummary } from './run-summary.js'

/**
 * Where decoded runs are kept, so that they need not be decoded again. Derived, and nothing more: what is missing,
 * damaged, of other decoders or of another log is not found, and may be deleted at any time. No failure of the store
 * reaches the caller; it costs time alone.
 */
export type FactStore = Readonly<{
  /** A run that holds what comes right behind a position: it may begin before it. */
  find: (after: Position | undefined) => Promise<DecodedRun | undefined>
  /**
   * What the run behind a position holds, without reading the run; `undefined`: that is not known. The run may begin
   * before the position.
   */
  summary: (after: Position | undefined) => RunSummary | undefined
  /** Where the next run behind a position begins (its `after`), if there is one. */
  nextAfter: (after: Position | undefined) => Position | undefined
  put: (run: DecodedRun, digest: RawDigest) => Promise<void>
  /** The same, of a run that was encoded elsewhere, for this store. */
  putEncoded: (run: DecodedRun, bytes: Uint8Array) => Promise<void>
  /**
   * Removes the newest runs until `isThere` holds for the last event of one. A log that was restored from an older copy
   * gives the positions of lost events to others, and a log that holds an event holds all before it.
   */
  dropLost: (isThere: (event: EventPlace) => Promise<boolean>) => Promise<void>
  /** Removes every run that holds events of a stream. */
  erase: (stream: string) => Promise<void>
}>

/** Keeps nothing: everything is decoded from the raw log. */
export const noFacts: FactStore = {
  find: () => Promise.resolve(undefined),
  summary: () => undefined,
  nextAfter: () => undefined,
  put: () => Promise.resolve(),
  putEncoded: () => Promise.resolve(),
  dropLost: () => Promise.resolve(),
  erase: () => Promise.resolve(),
}

/** Whether a run holds an event of a stream, or names one. */
export const holdsStream = (run: DecodedRun, stream: string): boolean => {
  if (run.last?.stream === stream) return true
  for (let event = 0; event < run.events; event++) if (run.stream(event) === stream) return true
  return false
}
