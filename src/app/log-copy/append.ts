import * as E from 'fp-ts/lib/Either.js'
import {
  LogUnavailable,
  type AppendFailure,
  type EventLog,
  type ExpectedRevision,
  type NewEvent,
  type RecordedEvent,
  type StreamAppend,
} from '../../log/event-log.js'
import { bytesOf, APPEND_LIMIT_BYTES, APPEND_LIMIT_EVENTS } from '../../log/append-batches.js'

/** The copy is not possible: the target holds other events, or refuses an append. */
export class CopyRefused extends Error {
  override readonly name = 'CopyRefused'
}

/** An amount of events. `streams` counts the streams whose first event is among them. */
export type Amount = Readonly<{ streams: number; events: number; bytes: number }>

export const less = (a: Amount, b: Amount): Amount => ({
  streams: a.streams - b.streams,
  events: a.events - b.events,
  bytes: a.bytes - b.bytes,
})

export class Tally {
  streams = 0
  events = 0
  bytes = 0

  /** `revision` is that of the first event. */
  add(revision: number, ...events: readonly NewEvent[]): void {
    if (revision === 0) this.streams++
    this.events += events.length
    for (const { data, metadata } of events) this.bytes += data.byteLength + metadata.byteLength
  }

  include({ streams, events, bytes }: Amount): void {
    this.streams += streams
    this.events += events
    this.bytes += bytes
  }

  amount(): Amount {
    return { streams: this.streams, events: this.events, bytes: this.bytes }
  }
}

/**
 * Groups events into appends and keeps their order. Consecutive events of one stream form one append, which expects the
 * revision that the stream has in the source: revisions stay as they are, and a concurrent writer is detected.
 */
export const runsOf = (events: readonly RecordedEvent[]): readonly StreamAppend[] => {
  const runs: { stream: string; expected: number; events: RecordedEvent[] }[] = []
  let bytes = 0
  for (const event of events) {
    const run = runs.at(-1)
    bytes += bytesOf(event)
    if (run?.stream === event.stream && run.events.length < APPEND_LIMIT_EVENTS && bytes <= APPEND_LIMIT_BYTES)
      run.events.push(event)
    else {
      runs.push({ stream: event.stream, expected: event.revision - 1, events: [event] })
      bytes = bytesOf(event)
    }
  }
  return runs
}

/**
 * Appends in order, with up to `inFlight` appends pending, and counts the events that were new. Throws `CopyRefused` if
 * the target refuses, and `LogUnavailable` if it does not answer; in that case the caller has to read what the target
 * holds.
 */
export const send = async (
  log: EventLog,
  appends: readonly StreamAppend[],
  tally: Tally,
  inFlight: number,
): Promise<void> => {
  for (let at = 0; at < appends.length; at += inFlight) {
    const group = appends.slice(at, at + inFlight)
    const answers = await log.append(group)
    group.forEach(({ stream, events }, index) => {
      const answer = answers[index]
      if (answer === undefined) throw new Error('the log answered nothing to an append')
      if (E.isLeft(answer)) throw failureOf(answer.left, stream)
      const { revision, stored } = answer.right
      const fresh = events.filter((_, nth) => stored[nth])
      if (fresh.length > 0) tally.add(revision - fresh.length + 1, ...fresh)
    })
  }
}

const failureOf = (failure: AppendFailure, stream: string): Error => {
  switch (failure.tag) {
    case 'NotAvailable':
      return new LogUnavailable(
        `the target did not answer: ${failure.cause instanceof Error ? failure.cause.message : String(failure.cause)}`,
        {
          cause: failure.cause,
        },
      )
    case 'Refused':
    case 'TooLarge':
      return new CopyRefused(`the target does not take an event of ${stream}: ${failure.reason}`)
    case 'WrongExpectedRevision':
      return new CopyRefused(
        failure.actual < Number(failure.expected)
          ? `${stream} begins or goes on at revision ${Number(failure.expected) + 1} in the source and ends at ${failure.actual} in the target: events in between are gone (too old for the stream's policy?), so its revisions cannot be kept`
          : `${stream} is at revision ${failure.actual} in the target and not at ${failure.expected}: somebody else writes there`,
      )
  }
}

/**
 * Collects the events of one stream into appends below the append limit. Without a revision, an event may be appended
 * at any revision.
 */
export class StreamSender {
  readonly #stream: string
  readonly #send: (append: StreamAppend) => Promise<void>
  #events: NewEvent[] = []
  #bytes = 0
  #expected: ExpectedRevision = 'any'

  constructor(stream: string, send: (append: StreamAppend) => Promise<void>) {
    this.#stream = stream
    this.#send = send
  }

  async add(event: NewEvent, revision?: number): Promise<void> {
    if (this.#events.length >= APPEND_LIMIT_EVENTS || this.#bytes + bytesOf(event) > APPEND_LIMIT_BYTES)
      await this.flush()
    if (this.#events.length === 0) this.#expected = revision === undefined ? 'any' : revision - 1
    this.#events.push(event)
    this.#bytes += bytesOf(event)
  }

  async flush(): Promise<void> {
    if (this.#events.length === 0) return
    const append = { stream: this.#stream, expected: this.#expected, events: this.#events }
    this.#events = []
    this.#bytes = 0
    await this.#send(append)
  }
}
