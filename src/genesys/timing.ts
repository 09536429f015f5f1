import { pause } from '../log/backoff.js'

/** The clock of the client, which tests drive by hand. */
export type Timing = Readonly<{
  /** Epoch ms. */
  now: () => number
  /** Resolves after the delay, or at once when the signal aborts. */
  sleep: (delayMs: number, signal: AbortSignal) => Promise<void>
  /** From 0 to 1. */
  random: () => number
}>

export const machineTiming: Timing = { now: Date.now, sleep: pause, random: Math.random }

/** What the promise resolves to, or `undefined` as soon as the signal aborts. */
export const orAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    const aborted = (): void => resolve(undefined)
    if (signal.aborted) aborted()
    signal.addEventListener('abort', aborted, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted))
  })
