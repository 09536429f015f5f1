/**
 * Time that passes only when the schedule says so. While a simulation runs it stands in for what the egress waits with:
 * `setTimeout` of node:timers/promises (which the test file must mock with `timersPromises`), `setInterval`,
 * `setImmediate`, `AbortSignal.timeout` and `Math.random`.
 */
type Timer = { at: number; readonly order: number; readonly everyMs: number | undefined; readonly run: () => void }

const real = { setImmediate, setInterval, clearInterval, timeout: AbortSignal.timeout, random: Math.random }

export class VirtualTime {
  nowMs = 0
  private timers: Timer[] = []
  private ordered = 0
  private immediates = 0

  /** Resolves when everything that can go on without a timer or an answer has gone on. */
  async settle(): Promise<void> {
    do await new Promise<void>((resolve) => real.setImmediate(resolve))
    while (this.immediates > 0)
  }

  at(delayMs: number, run: () => void, everyMs?: number): Timer {
    const timer = { at: this.nowMs + delayMs, order: (this.ordered += 1), everyMs, run }
    this.timers.push(timer)
    return timer
  }

  cancel(timer: unknown): void {
    this.timers = this.timers.filter((each) => each !== timer)
  }

  /** When the next timer is due; `undefined` if there is none. */
  get nextAt(): number | undefined {
    return this.timers.length === 0 ? undefined : Math.min(...this.timers.map(({ at }) => at))
  }

  /** Lets time pass and runs what falls due, in order. */
  advance(ms: number): void {
    this.nowMs += ms
    const due = this.timers.filter(({ at }) => at <= this.nowMs).sort((a, b) => a.at - b.at || a.order - b.order)
    this.timers = this.timers.filter(({ at }) => at > this.nowMs)
    for (const timer of due) {
      if (timer.everyMs !== undefined) this.timers.push(Object.assign(timer, { at: this.nowMs + timer.everyMs }))
      timer.run()
    }
  }

  sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(new Error('aborted'))
      if (signal?.aborted === true) return abort()
      signal?.addEventListener('abort', abort, { once: true })
      this.at(ms, () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      })
    })
  }

  /** Runs `work` in this time. Simulations run one after the other. */
  async during<A>(random: () => number, work: () => Promise<A>): Promise<A> {
    current = this
    globalThis.setImmediate = ((run: () => void) => {
      this.immediates += 1
      return real.setImmediate(() => {
        this.immediates -= 1
        run()
      })
    }) as typeof setImmediate
    globalThis.setInterval = ((run: () => void, ms: number) => this.at(ms, run, ms)) as unknown as typeof setInterval
    globalThis.clearInterval = ((timer: unknown) => this.cancel(timer)) as typeof clearInterval
    AbortSignal.timeout = (ms) => {
      const controller = new AbortController()
      this.at(ms, () => controller.abort(new Error('timed out')))
      return controller.signal
    }
    Math.random = random
    try {
      return await work()
    } finally {
      current = undefined
      globalThis.setImmediate = real.setImmediate
      globalThis.setInterval = real.setInterval
      globalThis.clearInterval = real.clearInterval
      AbortSignal.timeout = real.timeout
      Math.random = real.random
    }
  }
}

let current: VirtualTime | undefined

/** What takes the place of node:timers/promises. */
export const timersPromises = {
  setTimeout: async <T>(ms: number, value?: T, options?: { signal?: AbortSignal }): Promise<T | undefined> => {
    if (current === undefined) throw new Error('no simulation is running')
    await current.sleep(ms, options?.signal)
    return value
  },
}
