import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Timing } from '../../../src/genesys/timing.js'

type Sleeper = Readonly<{ at: number; wake: () => void }>

/**
 * A clock under the test's control, for the client and for the stand-in of the platform. By hand: who sleeps is woken by
 * `advance`. By itself (`runByItself`): whenever somebody sleeps, it is at once the instant at which the first of them
 * wakes, so that minutes of waiting take no time.
 */
export class TestClock implements Timing {
  #now: number
  #sleepers: Sleeper[] = []
  #isByItself = false
  /** How long each sleeper asked for, ms, in order. */
  readonly slept: number[] = []

  constructor(now = Date.parse('2026-03-02T08:00:00Z')) {
    this.#now = now
  }

  readonly now = (): number => this.#now

  readonly random = (): number => 1

  readonly sleep = (delayMs: number, signal?: AbortSignal): Promise<void> => {
    if (signal?.aborted === true) return Promise.resolve()
    this.slept.push(delayMs)
    return new Promise((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', wake)
        this.#sleepers = this.#sleepers.filter((each) => each !== sleeper)
        resolve()
      }
      const sleeper = { at: this.#now + delayMs, wake }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', wake)
      if (this.#isByItself) void nextTurn().then(() => this.#toNext())
    })
  }

  /** Somebody sleeps now. */
  get isAwaited(): boolean {
    return this.#sleepers.length > 0
  }

  /** Moves the clock and wakes who has slept long enough, in order. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const next = this.#sleepers.reduce<Sleeper | undefined>(
        (first, each) => (each.at <= until && (first === undefined || each.at < first.at) ? each : first),
        undefined,
      )
      if (next === undefined) break
      this.#now = Math.max(this.#now, next.at)
      next.wake()
    }
    this.#now = until
  }

  runByItself(): this {
    this.#isByItself = true
    this.#toNext()
    return this
  }

  #toNext(): void {
    if (this.#sleepers.length > 0)
      this.advance(Math.max(0, Math.min(...this.#sleepers.map(({ at }) => at)) - this.#now))
  }
}

/** The machine's clock, which the test may set ahead or back: for stand-ins that processes of their own talk to. */
export class MachineClock {
  #aheadMs = 0

  readonly now = (): number => Date.now() + this.#aheadMs

  advance(ms: number): void {
    this.#aheadMs += ms
  }
}

export type StandInClock = Readonly<{ now: () => number; advance: (ms: number) => void }>
