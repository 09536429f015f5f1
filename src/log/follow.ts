import type { Live, Position, ReadAll, RecordedEvent } from './event-log.js'

/**
 * One scan of the log after a position. `events` are those that match; `through` is the position that the scan reached
 * (`undefined` while the log is empty and the scan began at its start); `atHead`: there was nothing beyond it.
 */
export type Scan = Readonly<{ events: readonly RecordedEvent[]; through: Position | undefined; atHead: boolean }>

export type Followed = Readonly<{
  /** Scans for the next batch after `after`; bounded in events and bytes, also if nothing matches. */
  scan: (after: Position | undefined) => Scan
  /** Resolves at the next growth of the log, counted from the call. */
  changed: () => Promise<void>
}>

/**
 * Catches up, then follows: `scanning` until the head, `waiting` there for a change, and back. Ends on abort, or when
 * `through` is reached. The next change is requested before the scan, so an append during the scan is not missed.
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

/** Called between batches: reads from memory never wait, and would starve timers and sockets. */
export const yieldToEventLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A promise that resolves when the signal aborts; `forget` removes its listener. */
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
