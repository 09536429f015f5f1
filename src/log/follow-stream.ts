import type { RecordedEvent, StreamLive, SubscribeStream } from './event-log.js'
import { abortion } from './follow.js'

export type FollowedStream = Readonly<{
  /** The events that the stream holds from this revision on. */
  readFrom: (revision: number) => AsyncIterable<readonly RecordedEvent[]>
  /** The stream's last revision; `undefined` if it was never written or is erased. */
  lastRevision: () => number | undefined
  /** Resolves at the next growth of the log, counted from the call. */
  changed: () => Promise<void>
}>

/**
 * Catches up with one stream, then follows it: `reading` until its end, `waiting` there for a change, and back. Ends
 * on abort. The next change is requested before the read, so an append during the read is not missed.
 */
export async function* followStream(
  { from = 0, signal }: SubscribeStream,
  { readFrom, lastRevision, changed }: FollowedStream,
): AsyncGenerator<StreamLive, void, undefined> {
  const aborted = abortion(signal)
  try {
    let next = from
    let announced: number | undefined | 'never' = 'never'
    while (!signal.aborted) {
      const change = changed()
      change.catch(() => undefined)
      for await (const events of readFrom(next)) {
        next = events.at(-1)!.revision + 1
        yield { kind: 'events', events }
        if (signal.aborted) return
      }
      const revision = lastRevision()
      // Grown since the end was read.
      if (revision !== undefined && revision >= next) continue
      if (announced !== revision) {
        announced = revision
        yield { kind: 'caught-up', revision }
      }
      await Promise.race([change, aborted.promise])
    }
  } finally {
    aborted.forget()
  }
}
