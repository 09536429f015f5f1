/**
 * Time that passes only when the schedule says so. While a simulation runs it stands in for what the egress waits with:
 * `setTimeout` of node:timers/promises (which the test file must mock with `timersPromises`), `setInterval`,
 * `setImmediate`, what clears these, and `AbortSignal.timeout`.
 */
type Timer = { at: number; readonly order: number; readonly everyMs: number | undefined; readonly run: () => void }

const { setImmediate, clearImmediate, setInterval, clearInterval } = globalThis
const timeoutSignal = AbortSignal.timeout.bind(AbortSignal)
const { stackTraceLimit } = Error

export class VirtualTime {
  nowMs = 0
  private timers: Timer[] = []
  private ordered = 0
  private readonly immediates = new Set<NodeJS.Immediate>()

  /** Resolves when everything that can go on without a timer or an answer has gone on. */
  async settle(): Promise<void> {
    do await new Promise<void>((resolve) => void setImmediate(resolve))
    while (this.immediates.size > 0)
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
  async during<A>(work: () => Promise<A>): Promise<A> {
    sleep = (ms, signal) => this.sleep(ms, signal)
    globalThis.setImmediate = ((run: () => void) => {
      const immediate = setImmediate(() => {
        this.immediates.delete(immediate)
        run()
      })
      this.immediates.add(immediate)
      return immediate
    }) as never
    globalThis.clearImmediate = (immediate) => {
      if (immediate !== undefined) this.immediates.delete(immediate)
      clearImmediate(immediate)
    }
    globalThis.setInterval = ((run: () => void, ms: number) =>
      Object.assign(this.at(ms, run, ms), { unref: () => {} })) as never
    globalThis.clearInterval = (timer) => this.cancel(timer)
    AbortSignal.timeout = (ms) => {
      const controller = new AbortController()
      this.at(ms, () => controller.abort(new Error('timed out')))
      return controller.signal
    }
    Error.stackTraceLimit = 0 // the stacks of the errors that the broker answers with would take a tenth of the time
    try {
      return await work()
    } finally {
      sleep = undefined
      globalThis.setImmediate = setImmediate
      globalThis.clearImmediate = clearImmediate
      globalThis.setInterval = setInterval
      globalThis.clearInterval = clearInterval
      AbortSignal.timeout = timeoutSignal
      Error.stackTraceLimit = stackTraceLimit
    }
  }
}

let sleep: VirtualTime['sleep'] | undefined

/** What takes the place of node:timers/promises. */
export const timersPromises = {
  setTimeout: async <T>(ms: number, value?: T, options?: { signal?: AbortSignal }): Promise<T | undefined> => {
    if (sleep === undefined) throw new Error('no simulation is running')
    await sleep(ms, options?.signal)
    return value
  },
}
