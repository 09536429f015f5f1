import type { Either } from 'fp-ts/lib/Either.js'

/** Place in the whole log. Only its order has a meaning; rendered in decimal. */
export type Position = bigint

/**
 * An event to append. `id` is a UUID in canonical lower case, derived from content, so that a repeat is recognised.
 * `type` says what `data` means (for raw events: the topic template). `metadata` is our envelope, in JSON.
 */
export type NewEvent = Readonly<{ id: string; type: string; data: Uint8Array; metadata: Uint8Array }>

/**
 * An event as the log holds it. `revision` counts from 0 within `stream`. Its fields may be made when they are asked
 * for: take those that are needed once, and by name (`{ ...event }` copies none of them; {@link plainEvent} does).
 */
export type RecordedEvent = NewEvent & Readonly<{ stream: string; revision: number; position: Position }>

/** The same event with fields of its own. Its bytes are still those of the log. */
export const plainEvent = (event: RecordedEvent): RecordedEvent => {
  const { stream, revision, position, id, type, data, metadata } = event
  return { stream, revision, position, id, type, data, metadata }
}

/**
 * What the stream's last revision must be: a number, `no-stream` (nothing appended yet; -1 means the same) or `any`.
 */
export type ExpectedRevision = number | 'no-stream' | 'any'

/** Events for one stream; stored whole or not at all. */
export type StreamAppend = Readonly<{ stream: string; expected: ExpectedRevision; events: readonly NewEvent[] }>

/**
 * `stored` says for each event of the append, in order, whether it is new (`true`) or was already in the stream
 * (`false`). `revision` is the stream's last revision afterwards (-1 if nothing was ever appended to it).
 */
export type Appended = Readonly<{ revision: number; stored: readonly boolean[] }>

/** How many events were erased; on EventStoreDB events that a policy has removed count too. */
export type Erased = Readonly<{ events: number }>

export type AppendFailure =
  /**
   * The stream's last revision is `actual`, not the expected one: another process appended. Nothing was stored.
   * `actual` is -1 for a stream that was never written.
   */
  | Readonly<{ tag: 'WrongExpectedRevision'; stream: string; expected: ExpectedRevision; actual: number }>
  /** The log cannot be written now. The outcome of this append is unknown, and the same append may be tried again. */
  | Readonly<{ tag: 'NotAvailable'; cause: unknown }>
  /**
   * The append is larger than this log can hold. Nothing of it was stored, and repeating it does not help. If it holds
   * several events, each may be stored by an append of its own. `reason` names the limit.
   */
  | Readonly<{ tag: 'TooLarge'; reason: string }>
  /**
   * The log will never store this append (it is malformed; the log is closed, was opened for reading, or a later writer
   * has fenced this one; `isErased`: the stream was erased). Nothing was stored.
   */
  | Readonly<{ tag: 'Refused'; reason: string; isErased?: true }>

export type Live =
  | Readonly<{ kind: 'events'; events: readonly RecordedEvent[] }>
  /**
   * Every matching event through `position` has been delivered. Sent if the events after the last delivered one did
   * not match, so that a reader can advance its checkpoint.
   */
  | Readonly<{ kind: 'checkpoint'; position: Position }>
  /**
   * The subscription has delivered everything that the log held; from here on it is live. Sent each time it reaches
   * the head.
   */
  | Readonly<{ kind: 'caught-up'; position: Position | undefined }>

/** Which events to read: those after `after` (exclusive) whose stream begins with one of `prefixes` (all if absent). */
export type ReadAll = Readonly<{
  after?: Position | undefined
  /** Stop after this position (inclusive). */
  through?: Position | undefined
  prefixes?: readonly string[] | undefined
  /** Events per batch, at most. */
  batchMax?: number | undefined
}>

export type ReadStream = Readonly<{
  /** First revision to read (inclusive); with `backwards`, the revision to start down from (default: the last). */
  from?: number | undefined
  /** Events in all, at most. */
  max?: number | undefined
  backwards?: boolean | undefined
  batchMax?: number | undefined
}>

/** What a subscription to one stream delivers. */
export type StreamLive =
  | Readonly<{ kind: 'events'; events: readonly RecordedEvent[] }>
  /**
   * Everything that the stream held has been delivered; from here on the subscription is live. `revision` is the
   * stream's last revision at that moment: `undefined` if it was never written or is erased, and less than `from` if
   * the stream does not reach that far (a log restored from an older copy shows so). Sent each time the subscription
   * catches up with the stream's end.
   */
  | Readonly<{ kind: 'caught-up'; revision: number | undefined }>

export type SubscribeStream = Readonly<{
  /** First revision to deliver (inclusive). */
  from?: number | undefined
  /** Events per batch, at most. */
  batchMax?: number | undefined
  signal: AbortSignal
}>

/**
 * One ordered, durable, append-only log of streams.
 *
 * - `append` resolves once every stored event survives power loss. Each entry is atomic on its own and answered at its
 *   own place in the result; entries of one call are stored in the order given; only one with `any`, to a stream that
 *   others have written to, may come after its neighbours. An event whose id the stream already holds is not stored
 *   again: it is reported `stored: false`, and an append all of whose events are already there succeeds whatever its
 *   expected revision was (it is a repeat of one that had succeeded). Otherwise a wrong expected revision stores
 *   nothing of that entry. Appending no events is allowed and only checks the expectation.
 * - Reads see every append acknowledged before they began, in order, without gaps, and end; batches are never empty.
 *   Reading a stream that was never written yields nothing. A prefix is a plain beginning of the name; no prefixes at
 *   all (`[]`) match nothing.
 * - `subscribe` delivers what is there, says `caught-up`, then delivers what comes, until `signal` aborts (it then ends
 *   without an error) or `through` is reached. It never skips and never repeats. Events appended by other processes are
 *   seen too.
 * - `subscribeStream` does the same for one stream, by revision: it delivers every event from `from` on, says
 *   `caught-up` at the stream's end, and goes on until `signal` aborts. A stream that was never written, is erased or
 *   ends before `from` is waited for.
 * - `id` names the log: random, made with it, and the same for every reader and writer for as long as it exists. A copy
 *   of the log has the id of its original. A position or revision that is kept elsewhere is stored together with it.
 * - The bytes of an event are the reader's to read, not to change; the caller of `append` leaves its buffers alone
 *   until it resolves. Events of one batch may share memory: copy what is kept for long.
 * - Foreign errors on read are thrown as `LogUnavailable`, bytes that were changed as `LogDamaged`; expected append
 *   failures are values. After `close`, appends are refused and reads throw `LogUnavailable`.
 */
export type EventLog = Readonly<{
  append: (appends: readonly StreamAppend[]) => Promise<readonly Either<AppendFailure, Appended>[]>
  readStream: (stream: string, options?: ReadStream) => AsyncIterable<readonly RecordedEvent[]>
  readAll: (options?: ReadAll) => AsyncIterable<readonly RecordedEvent[]>
  /**
   * The events of all streams that begin with one of `prefixes`: each stream's in its order, the streams in any order.
   * An embedded log reads these streams alone, and {@link readAll} all that it holds; a server reads the same for both.
   */
  readStreams: (prefixes: readonly string[]) => AsyncIterable<readonly RecordedEvent[]>
  subscribe: (options: ReadAll & Readonly<{ signal: AbortSignal }>) => AsyncIterable<Live>
  subscribeStream: (stream: string, options: SubscribeStream) => AsyncIterable<StreamLive>
  /** The log's own id, a UUID. */
  id: () => Promise<string>
  /** Last position of the log, of any stream; `undefined` while it is empty. */
  head: () => Promise<Position | undefined>
  /**
   * Erases a stream for ever: `readStream` yields nothing, its revision is `undefined`, and appends to it are
   * `Refused`. Resolves once that survives power loss; erasing again changes nothing. `readAll` and `subscribe` leave
   * its events out as well; on EventStoreDB only after the server has scavenged, so until then a reader of the whole
   * log must know what was erased. Positions and revisions of all other events stay.
   */
  erase: (stream: string) => Promise<Either<AppendFailure, Erased>>
  /** Last revision of a stream; `undefined` if it was never written or is erased. */
  streamRevision: (stream: string) => Promise<number | undefined>
  /** The folder of an embedded log, where other threads of this process can open it for reading. */
  folder?: string
  /** Where the keys of an encrypted log are, for such a thread. */
  keys?: KeysPlace
  close: () => Promise<void>
}>

/** The folder of the keys of an encrypted log, and the master keys, newest first. */
export type KeysPlace = Readonly<{ folder: string; masters: readonly Uint8Array[] }>

/** A read failed for a reason that may pass; the reader may start again from its last position. */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable'
}

/**
 * The log's stored bytes are not those that were written. Reading again does not help, so it is no `LogUnavailable`.
 * The message names the folder, the place and the remedy.
 */
export class LogDamaged extends Error {
  override readonly name = 'LogDamaged'
}

/**
 * A later version has written this log in a form that this one cannot read. No attempt of this version mends it, so it
 * is no `LogUnavailable`. The message says which version to use.
 */
export class LogOfLaterVersion extends Error {
  override readonly name = 'LogOfLaterVersion'
}

/** The log cannot be read, now or by this version; the message says why. */
export const isLogTrouble = (cause: unknown): cause is LogUnavailable | LogDamaged | LogOfLaterVersion =>
  cause instanceof LogUnavailable || cause instanceof LogDamaged || cause instanceof LogOfLaterVersion

/** There is no log here yet: no process has written to it. */
export class NoLog extends LogUnavailable {}

/** Another process holds the log for writing. The message names it and says what to do. */
export class LogLocked extends Error {
  override readonly name = 'LogLocked'
}
