import type { NewEvent, Position } from '../event-log.js'
import { positionOf } from './recorded.js'

/** What became of an append at the server. Only of `unknown` it may have been stored or not. */
export type Outcome =
  /**
   * `revision` and `position` are those of the last event stored, or found there already; servers may not tell the
   * position, of old events above all.
   */
  | Readonly<{ tag: 'stored'; revision: number; position: Position | undefined }>
  /** The stream is elsewhere: at `actual`, as far as the server says so (-1: no stream). */
  | Readonly<{ tag: 'wrong'; actual: number | undefined }>
  | Readonly<{ tag: 'refused'; reason: string }>
  | Readonly<{ tag: 'erased' }>
  | Readonly<{ tag: 'unknown'; cause: unknown }>

/**
 * Appends to a stream whose last revision must be `last` (-1: no stream). Appends are sent in the order of the calls;
 * never rejects.
 */
export type Appender = (stream: string, last: number, events: readonly NewEvent[]) => Promise<Outcome>

export const ERASED: Outcome = { tag: 'erased' }

/** What both ways to append answer where they succeed. */
type Success = Readonly<{
  getCurrentRevision: () => string
  getPosition: () => Readonly<{ getCommitPosition: () => string }> | undefined
}>

/** `revision`: what it must be where the server does not say. */
export const storedOutcome = (success: Success | undefined, revision: number): Outcome => {
  const commit = success?.getPosition()?.getCommitPosition()
  return {
    tag: 'stored',
    revision: Number(success?.getCurrentRevision() ?? revision),
    position: commit === undefined ? undefined : positionOf(commit),
  }
}
