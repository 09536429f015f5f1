/** Wakes whoever waits for the log to grow. A wait asked for before looking cannot miss what comes while looking. */
export type ChangeBell = Readonly<{ ring: () => void; next: () => Promise<void>; fail: (cause: Error) => void }>

export const changeBell = (): ChangeBell => {
  let waiting: PromiseWithReject | undefined
  let failure: Error | undefined
  return {
    ring: () => {
      waiting?.resolve()
      waiting = undefined
    },
    next: () => {
      if (failure !== undefined) return Promise.reject(failure)
      waiting ??= promiseWithReject()
      return waiting.promise
    },
    /** Ends every wait, now and later, with this error: the log was closed under its readers. */
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
  // Whoever asked may have turned away meanwhile (aborted): that is no unhandled rejection.
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}
