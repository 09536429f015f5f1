import type { EpochMs } from '../../domain/interval.js'
import type { Timing } from '../../genesys/timing.js'
import { backoffMs } from '../../log/backoff.js'
import { NotIngested } from '../not-ingested.js'
import type { Deliver } from '../source.js'

export type OutboxOptions = Readonly<{
  deliver: Deliver
  origin: string
  timing: Timing
  /** Frames that wait, at which the sockets are to pause; at half of it they go on. */
  waitingMax: number
  onFull: (isFull: boolean) => void
  /** The log refuses what it is given, and will again. */
  onRefused: (cause: unknown) => void
}>

type Waiting = Readonly<{ bytes: Uint8Array; at: EpochMs }>

const BATCH_MAX = 500
const BACKOFF = { firstMs: 200, maxMs: 10_000 }

/**
 * Frames on their way into the log, in order, one batch at a time. A socket cannot be told that its frames were not
 * stored, so what the log does not take is held and given again until it does.
 */
export class Outbox {
  readonly #options: OutboxOptions
  #waiting: Waiting[] = []
  #isFull = false
  #sending: Promise<void> | undefined
  readonly #stopped = new AbortController()
  stored = 0

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** When the oldest frame came that is not stored yet; null if all are. */
  get unstoredSince(): EpochMs | null {
    return this.#waiting[0]?.at ?? null
  }

  get waiting(): number {
    return this.#waiting.length
  }

  put(bytes: Uint8Array, at: EpochMs): void {
    this.#waiting.push({ bytes, at })
    this.#tellFull()
    this.#sending ??= this.#send().finally(() => (this.#sending = undefined))
  }

  /** Resolves when everything that was put is stored, or what is under way failed after this call. */
  async close(): Promise<void> {
    this.#stopped.abort()
    await this.#sending
  }

  async #send(): Promise<void> {
    const { deliver, origin, timing, onRefused } = this.#options
    for (let attempt = 0; this.#waiting.length > 0;) {
      const batch = this.#waiting.slice(0, BATCH_MAX)
      try {
        await deliver({ raws: batch.map(({ bytes }) => bytes), origin })
        this.#waiting = this.#waiting.slice(batch.length)
        this.stored += batch.length
        attempt = 0
        this.#tellFull()
      } catch (cause) {
        if (!(cause instanceof NotIngested && cause.retryable)) return onRefused(cause)
        if (this.#stopped.signal.aborted) return
        await timing.sleep(backoffMs(BACKOFF, attempt, timing.random), this.#stopped.signal)
        attempt += 1
      }
    }
  }

  #tellFull(): void {
    const { waitingMax, onFull } = this.#options
    const isFull = this.#waiting.length > (this.#isFull ? waitingMax / 2 : waitingMax)
    if (isFull === this.#isFull) return
    this.#isFull = isFull
    onFull(isFull)
  }
}
