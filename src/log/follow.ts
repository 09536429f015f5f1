import type { Live, Position, ReadAll, RecordedEvent } from './event-log.js'

/**
 * One look at the log after a position. `events` are those that match; `through` is how far was looked (`undefined`
 * while the log is empty and nothing was asked after); `atHead` says that nothing lay beyond it.
 */
export type Scan = Readonly<{ events: readonly RecordedEvent[]; through: Position | undefined; atHead: boolean }>

export type Followed = Readonly<{
  /** Looks for the next batch after `after`; bounded in events and bytes, also where nothing matches. */
  scan: (after: Position | undefined) => Scan
  /** Resolves at the next growth of the log, counted from the call. */
  changed: () => Promise<void>
}>

/**
 * Catch up, then live: `scanning` until the head, `waiting` there for a change, and back. Leaves on abort, or when
 * `through` is reached. Asking for the next change before scanning is what makes the seam between the two tight: an
 * append during the scan has already rung.
 */
export async function* follow(
  { after, through, signal }: ReadAll & Readonly<{ signal: AbortSignal }>,
  { scan, changed }: Followed,
): AsyncGenerator<Live, void, undefined> {
  if (after !== undefined && through !== undefined && after >= through) return
  const aborted = abortion(signal)
  try {
    let at = after
    let announced: Position | undefined | 'never' = 'never'
    while (!signal.aborted) {
      const change = changed()
      change.catch(() => undefined)
      const seen = scan(at)
      if (seen.events.length > 0) yield { kind: 'events', events: seen.events }
      const delivered = seen.events.at(-1)?.position
      if (seen.through !== undefined && seen.through !== at && seen.through !== delivered) {
        if (signal.aborted) return
        yield { kind: 'checkpoint', position: seen.through }
      }
      at = seen.through
      if (signal.aborted) return
      if (seen.atHead && announced !== at) {
        announced = at
        yield { kind: 'caught-up', position: at }
      }
      if (through !== undefined && at !== undefined && at >= through) return
      if (seen.atHead) await Promise.race([change, aborted.promise])
      else await yieldToEventLoop()
    }
  } finally {
    aborted.forget()
  }
}

/** Lets the event loop turn between batches: reading from memory never waits, and would starve timers and sockets. */
export const yieldToEventLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Resolves when the signal aborts, until it is told to forget. */
export const abortion = (signal: AbortSignal): Readonly<{ promise: Promise<void>; forget: () => void }> => {
  let forget = (): void => undefined
  const promise = new Promise<void>((resolve) => {
    const listener = (): void => resolve()
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', listener, { once: true })
    forget = () => signal.removeEventListener('abort', listener)
  })
  return { promise, forget: () => forget() }
}
