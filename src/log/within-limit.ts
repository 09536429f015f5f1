/** A signal for one request; `isLate`: it aborted because the request took too long. */
export type Limited = Readonly<{ signal: AbortSignal; isLate: () => boolean }>

/**
 * Runs a request with a signal that aborts with `signal`, or after `limitMs`. `AbortSignal.any` of a signal that lives
 * as long as the sink leaves some 60 bytes behind with each request on Node.js 20.
 */
export const withinLimit = async <A>(
  signal: AbortSignal,
  limitMs: number,
  request: (limited: Limited) => Promise<A>,
): Promise<A> => {
  const own = new AbortController()
  const end = (): void => own.abort(signal.reason)
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    own.abort(new DOMException(`no answer within ${limitMs} ms`, 'TimeoutError'))
  }, limitMs)
  signal.addEventListener('abort', end)
  if (signal.aborted) end()
  try {
    return await request({ signal: own.signal, isLate: () => isLate })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}
