import type { NewEvent } from './event-log.js'

/** What became of an append at the server. Only of `unknown` it may have been stored or not. */
export type Outcome =
  /** `revision` is that of the last event stored, or found there already. */
  | Readonly<{ tag: 'stored'; revision: number }>
  /** The stream is elsewhere: at `actual`, as far as the server says so (-1: no stream). */
  | Readonly<{ tag: 'wrong'; actual: number | undefined }>
  | Readonly<{ tag: 'refused'; reason: string }>
  | Readonly<{ tag: 'erased' }>
  | Readonly<{ tag: 'unknown'; cause: unknown }>

/** Appends to a stream whose last revision must be `last` (-1: no stream). Appends are sent in the order of the calls; never rejects. */
export type Appender = (stream: string, last: number, events: readonly NewEvent[]) => Promise<Outcome>

export const ERASED: Outcome = { tag: 'erased' }
