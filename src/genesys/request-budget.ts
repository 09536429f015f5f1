import { orAborted, type Timing } from './timing.js'

/** The platform counts requests by the minute. */
const WINDOW_MS = 60_000

/**
 * The requests that a token may make: at most `perMinute` in any 60 seconds, shared by everyone who calls with it and
 * given out in the order of asking. `hold` stops all of them until an instant, as the platform asks by `Retry-After`.
 */
export class RequestBudget {
  readonly #perMinute: number
  readonly #timing: Timing
  /** When the last `perMinute` requests were let through, oldest first. */
  #passed: number[] = []
  #heldUntil = 0
  #queue: Promise<void> = Promise.resolve()

  constructor(perMinute: number, timing: Timing) {
    this.#perMinute = perMinute
    this.#timing = timing
  }

  /** Waits for its turn. Returns early when the signal aborts, and then no request may be made. */
  async take(signal: AbortSignal): Promise<void> {
    this.#queue = this.#queue.then(() => this.#wait(signal))
    await orAborted(this.#queue, signal)
  }

  /** No request passes before this instant (epoch ms). */
  hold(until: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, until)
  }

  async #wait(signal: AbortSignal): Promise<void> {
    for (;;) {
      if (signal.aborted) return
      const now = this.#timing.now()
      this.#passed = this.#passed.filter((at) => at > now - WINDOW_MS)
      const free = this.#passed.length < this.#perMinute ? now : (this.#passed[0] as number) + WINDOW_MS
      const at = Math.max(free, this.#heldUntil)
      if (at <= now) {
        this.#passed.push(now)
        return
      }
      await this.#timing.sleep(at - now, signal)
    }
  }
}
