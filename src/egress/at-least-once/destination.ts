import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { SinkFailure, SinkRecord } from '../sink.js'

/**
 * Somewhere rows go that cannot hold our progress: a queue, a webhook, an API. `atLeastOnceSink` makes a sink of it.
 *
 * - `place` names the destination for messages, without credentials. The progress is that of this place: another one is
 *   refused until the operator accepts it. It is read once the destination is open, which may be what tells the name.
 * - `open` connects, and resolves once records can be delivered. It is called again after every failure but `Refused`,
 *   with `close` before it.
 * - `deliver` resolves once the destination has acknowledged all records, in their order within a row key. It may have
 *   delivered some of them when it fails. All of them come again then, with the same `recordIdentity` and the same bytes.
 *   Rows of a schema that this version cannot read never get there.
 * - `deliver` is never called twice at once.
 * - `close` gives up the connection; it may be called at any time, more than once.
 *
 * A call that rejects counts as `NotConnected`.
 */
export type Destination = Readonly<{
  place: string
  open: (signal: AbortSignal) => TaskEither<SinkFailure, void>
  deliver: (records: readonly SinkRecord[], signal: AbortSignal) => TaskEither<SinkFailure, void>
  /** See `Sink`. */
  prepare?: (records: readonly SinkRecord[]) => void
  /** See `Sink`. */
  keepsLatest?: boolean
  /** Records that the destination refused for ever and that were set aside, since the start. */
  deadLettered?: () => number
  close: () => Promise<void>
}>
