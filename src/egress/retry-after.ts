/**
 * How long to wait, in ms, by a Retry-After header (RFC 9110, 10.2.3): seconds, or an HTTP date. `undefined`: there is
 * none that can be read. An hour at most: a clock that is wrong at the other end must not stop us for days.
 */
export const retryAfterMs = (header: string | string[] | undefined, now: number): number | undefined => {
  const text = (Array.isArray(header) ? header[0] : header)?.trim()
  if (text === undefined || text === '') return undefined
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now
  return Number.isFinite(waitMs) ? Math.min(Math.max(0, waitMs), WAIT_MAX_MS) : undefined
}

const WAIT_MAX_MS = 3_600_000
