import type { TraceContext } from '../log/trace-context.js'
import type { Receipt } from './receipt.js'
import type { Unusable } from './unusable.js'

/**
 * Raw input that a source hands over at once: each of `raws` is one event, byte for byte as it was received. `origin`
 * names where they came from (`http`, `file:morning.ndjson`), and `lines`, for input that has them, the line on which
 * each begins. With `unusable`, the source could not use the input: `raws` are stored as dead letters for that reason.
 * `trace`: the span in which it came; absent: the source knows of none.
 */
export type Batch = Readonly<{
  raws: readonly Uint8Array[]
  lines?: readonly number[]
  origin: string
  unusable?: Unusable
  trace?: TraceContext
}>

/** Stores a batch. Resolves once everything of it is durable; throws `NotIngested` if the log did not take it. */
export type Deliver = (batch: Batch) => Promise<Receipt>

/** Why a source ended: its input is used up, it was closed, or it failed. */
export type SourceEnd =
  Readonly<{ kind: 'exhausted' }> | Readonly<{ kind: 'closed' }> | Readonly<{ kind: 'failed'; cause: unknown }>

/** What waits at the system that a source reads from, as far as that system tells: events, and seconds of the oldest. */
export type SourceLag = Readonly<{ events?: number; seconds?: number }>

/**
 * How a source is: `connecting` as long as the system that it reads from is away, `paused` while the log does not take
 * what it delivers. `since`: epoch milliseconds. `problem`: the last one, in words and without secrets, also after it
 * has passed.
 */
export type SourceHealth = Readonly<{
  state: 'connecting' | 'connected' | 'paused'
  since: number
  lag?: SourceLag
  problem?: string
}>

/**
 * `ended` resolves when the source delivers nothing more; it never rejects. `health` is absent where there is nothing to
 * be connected to.
 */
export type RunningSource = Readonly<{
  ended: Promise<SourceEnd>
  health?: () => SourceHealth
  close: () => Promise<void>
}>

/** The source will never work as it is configured. The message names the setting and how to mend it. */
export class SourceRefused extends Error {
  override readonly name = 'SourceRefused'
}

/**
 * A way in for raw events.
 *
 * - `start` resolves once the source takes input, and rejects if it cannot (a port in use, a file that is missing). A
 *   source that reads from another system (`reconnectingSource`) resolves at once: it connects by itself, again and again
 *   while that system is away, which `health` tells. It ends as `failed` only for what never mends.
 * - Each event is delivered byte for byte and once, in the order in which one connection or one file gave it.
 * - Input is acknowledged to the sender only after `deliver` resolved. If `deliver` throws, the input is not
 *   acknowledged: the sender is told, or the source ends as `failed`. Where a sender takes no acknowledgement (a socket),
 *   the source notes in its place through when all that came is stored. What came later is a gap, which it finds at its
 *   next start and which is filled from elsewhere.
 * - `close` takes no new input, waits until the batches that `deliver` has begun are stored, and acknowledges them.
 *   Nothing is delivered after it resolves. Closing twice is allowed.
 * - A source knows neither log nor tenant nor clock: `deliver` does.
 */
export type Source<Running extends RunningSource = RunningSource> = Readonly<{
  name: string
  start: (deliver: Deliver) => Promise<Running>
}>
