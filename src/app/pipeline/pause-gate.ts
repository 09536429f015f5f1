import { aborted } from './aborted.js'

/**
 * Lets a stage be held between two pieces of work. *open*: work begins. *closing*: no new work begins, what has begun
 * goes on. *closed*: nothing is at work until `open` is called.
 */
export class PauseGate {
  private isShut = false
  private atWork = 0
  private readonly whenOpen: (() => void)[] = []
  private readonly whenIdle: (() => void)[] = []

  get isOpen(): boolean {
    return !this.isShut
  }

  /** Resolves once what has begun is finished, or the gate was opened again. */
  async close(): Promise<void> {
    this.isShut = true
    while (this.isShut && this.atWork > 0) await new Promise<void>((resolve) => this.whenIdle.push(resolve))
  }

  open(): void {
    this.isShut = false
    wake(this.whenOpen)
    wake(this.whenIdle)
  }

  /**
   * Begins `work` as soon as the gate is open. Resolves with `undefined`, without beginning it, if the signal aborts.
   * Steps must not be nested: the inner one would wait for a gate that waits for the outer one.
   */
  async step<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
    while (this.isShut && !signal.aborted)
      await Promise.race([new Promise<void>((resolve) => this.whenOpen.push(resolve)), aborted(signal)])
    return signal.aborted ? undefined : this.track(work())
  }

  /** Counts work that has begun already: the gate is closed only once it is finished. */
  async track<T>(work: Promise<T>): Promise<T> {
    this.atWork += 1
    try {
      return await work
    } finally {
      this.atWork -= 1
      if (this.atWork === 0) wake(this.whenIdle)
    }
  }
}

const wake = (waiting: (() => void)[]): void => {
  for (const resolve of waiting.splice(0)) resolve()
}
