import { backoffMs, pause, type Backoff } from '../../log/backoff.js'
import type { Deliver, RunningSource, Source, SourceEnd } from '../source.js'

/** Reads from one connection. `lost` resolves with the reason once that is over, and never rejects. */
export type Reading = Readonly<{
  lost: Promise<unknown>
  /** Takes nothing more, lets what `deliver` has begun be stored and acknowledged, and gives the rest back. */
  close: () => Promise<void>
}>

/** What an error of a connection means: `refused` stays as it is until somebody changes what `words` name. */
export type ConnectionTrouble = Readonly<{ refused: boolean; words: string }>

export type Reports = Readonly<{
  connected: () => void
  lost: (words: string, delayMs: number) => void
}>

export type ReconnectingOptions = Readonly<{
  name: string
  open: (deliver: Deliver) => Promise<Reading>
  troubleOf: (cause: unknown) => ConnectionTrouble
  reports?: Reports | undefined
  backoff?: Backoff | undefined
  /** A source that was connected before is refused for this long before it ends: a key may be being rotated. */
  refusedMaxMs?: number | undefined
  now?: () => number
}>

const BACKOFF: Backoff = { firstMs: 1_000, maxMs: 60_000 }
const REFUSED_MAX_MS = 300_000

/** The source is refused for a reason that somebody has to mend. */
export class SourceRefused extends Error {
  override readonly name = 'SourceRefused'
}

/**
 * A source that connects again when its connection is lost. `start` rejects with `SourceRefused` where the service
 * refuses us at once (credentials, a queue that is not there); a service that is away is tried again, with growing
 * pauses, until it is back.
 */
export const reconnecting = (options: ReconnectingOptions): Source => ({
  name: options.name,
  start: async (deliver) => {
    const stop = new AbortController()
    const first = await attemptOf(options, deliver)
    if ('refused' in first && first.refused) throw new SourceRefused(first.words)
    const ended = run(options, deliver, first, stop.signal)
    let closing: Promise<void> | undefined
    const close = async (): Promise<void> => {
      stop.abort()
      await ended
    }
    return { ended, close: () => (closing ??= close()) } satisfies RunningSource
  },
})

type Attempt = Readonly<{ reading: Reading }> | ConnectionTrouble

const attemptOf = async ({ open, troubleOf }: ReconnectingOptions, deliver: Deliver): Promise<Attempt> => {
  try {
    return { reading: await open(deliver) }
  } catch (cause) {
    return troubleOf(cause)
  }
}

const run = async (
  options: ReconnectingOptions,
  deliver: Deliver,
  first: Attempt,
  stop: AbortSignal,
): Promise<SourceEnd> => {
  const { troubleOf, reports, backoff = BACKOFF, refusedMaxMs = REFUSED_MAX_MS, now = Date.now } = options
  const stopped = new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }))
  let current = first
  let attempt = 0
  let refusedSince: number | undefined
  while (!stop.aborted) {
    if ('reading' in current) {
      const { reading } = current
      reports?.connected()
      attempt = 0
      refusedSince = undefined
      const lost = await Promise.race([stopped, reading.lost.then((cause) => ({ cause }))])
      await reading.close()
      if (lost === undefined) break
      current = troubleOf(lost.cause)
    }
    if (!('reading' in current)) {
      const { refused, words } = current
      refusedSince = refused ? (refusedSince ?? now()) : undefined
      if (refusedSince !== undefined && now() - refusedSince >= refusedMaxMs)
        return { kind: 'failed', cause: new SourceRefused(words) }
      const delayMs = backoffMs(backoff, attempt++)
      reports?.lost(words, delayMs)
      await pause(delayMs, stop)
      if (stop.aborted) break
    }
    current = await attemptOf(options, deliver)
    if (stop.aborted && 'reading' in current) await current.reading.close()
  }
  return { kind: 'closed' }
}
