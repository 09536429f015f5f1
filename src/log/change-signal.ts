/** Wakes readers that wait for the log to grow. A reader that asks for `next` before it reads misses no append. */
export type ChangeSignal = Readonly<{ notify: () => void; next: () => Promise<void>; fail: (cause: Error) => void }>

export const changeSignal = (): ChangeSignal => {
  let waiting: PromiseWithReject | undefined
  let failure: Error | undefined
  return {
    notify: () => {
      waiting?.resolve()
      waiting = undefined
    },
    next: () => {
      if (failure !== undefined) return Promise.reject(failure)
      waiting ??= promiseWithReject()
      return waiting.promise
    },
    /** Rejects every wait, now and later, with this error: the log was closed. */
    fail: (cause) => {
      failure = cause
      waiting?.reject(cause)
      waiting = undefined
    },
  }
}

type PromiseWithReject = Readonly<{ promise: Promise<void>; resolve: () => void; reject: (cause: Error) => void }>

const promiseWithReject = (): PromiseWithReject => {
  let resolve!: () => void
  let reject!: (cause: Error) => void
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  // A reader that was aborted no longer waits for it: that is no unhandled rejection.
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}
