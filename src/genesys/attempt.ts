import type { Token } from '../credentials/token-source.js'
import { jsonIn, platformErrorIn, type GenesysAnswer } from './answer.js'
import type { GenesysFailure } from './failure.js'

/** How one attempt ended. */
export type Attempt =
  | Readonly<{ kind: 'answered'; answer: GenesysAnswer }>
  | Readonly<{ kind: 'failed'; failure: GenesysFailure }>
  | Trouble
  | Readonly<{ kind: 'token-refused'; token: Token; reason: string }>

/**
 * It may work later. `wasRefused`: the platform did not carry the request out. `holdsAll`: no request of the token may
 * be made before `waitMs` is over.
 */
export type Trouble = Readonly<{
  kind: 'trouble'
  reason: string
  wasRefused: boolean
  waitMs?: number | undefined
  holdsAll?: true
}>

/** An answer as it came. */
export type Received = Readonly<{ kind: 'received'; status: number; text: string; retryAfterMs: number | undefined }>

/** Where a 429 does not say how long to wait. */
const RETRY_AFTER_UNSAID_MS = 10_000

/** What an answer to a call means; `what` names the call. */
export const attemptOf = ({ status, text, retryAfterMs }: Received, what: string, token: Token): Attempt => {
  if (status < 300) {
    const json = text === '' ? undefined : jsonIn(text)
    return text !== '' && json === undefined
      ? { kind: 'failed', failure: { tag: 'Unreadable', what, reason: 'it is no JSON' } }
      : { kind: 'answered', answer: { status, text, json } }
  }
  const { code, reason, missing } = platformErrorIn(text, status)
  switch (status) {
    case 401:
      return { kind: 'token-refused', token, reason }
    case 429: {
      const waitMs = retryAfterMs ?? RETRY_AFTER_UNSAID_MS
      return { kind: 'trouble', reason, wasRefused: true, waitMs, holdsAll: true }
    }
    case 403:
      return { kind: 'failed', failure: { tag: 'NotPermitted', what, missing, reason } }
    case 404:
      return { kind: 'failed', failure: { tag: 'NotFound', what, reason } }
    default:
      return status >= 500 || status === 408
        ? { kind: 'trouble', reason, wasRefused: false, waitMs: retryAfterMs }
        : { kind: 'failed', failure: { tag: 'Refused', what, status, code, reason } }
  }
}
