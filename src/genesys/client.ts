import * as E from 'fp-ts/lib/Either.js'
import { Agent, request } from 'undici'
import { clientCredentialsTokens } from '../credentials/client-credentials.js'
import { AuthenticationRefused } from '../credentials/connection-faults.js'
import type { Secret } from '../credentials/secret.js'
import type { Token } from '../credentials/token-source.js'
import { backoffMs } from '../log/backoff.js'
import { jsonIn, platformErrorIn, type GenesysAnswer } from './answer.js'
import type { GenesysFailure } from './failure.js'
import type { GenesysHosts } from './regions.js'
import { RequestBudget } from './request-budget.js'
import { machineTiming, orAborted, type Timing } from './timing.js'

export type GenesysClientOptions = Readonly<{
  hosts: GenesysHosts
  clientId: string
  clientSecret: Secret
  /** Default 300, the limit of the platform for each token. */
  requestsPerMinute?: number | undefined
  /** For how long a call is tried again before it is `NotAvailable`. Default 5 minutes. */
  patienceMs?: number | undefined
  timing?: Timing | undefined
}>

export type GenesysRequest = Readonly<{
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Begins with `/api/v2/`. */
  path: string
  query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>> | undefined
  /** Sent as JSON. */
  body?: unknown
  /**
   * `false`: sent again only where the platform certainly did not carry it out (401, 429, no connection). For calls
   * that make something new each time.
   */
  isRepeatable?: boolean | undefined
  patienceMs?: number | undefined
}>

/**
 * Calls the platform API with the token of one OAuth client (grant: client credentials). A call waits for the budget of
 * requests, renews the token before it expires and when it is refused (once), waits as `Retry-After` says on 429, and is
 * tried again with growing pauses on 5xx and dropped connections until `patienceMs` is over. What comes to nothing is a
 * value; no message holds a secret or a token. Share one client: the limit counts by token.
 */
export type GenesysClient = Readonly<{
  hosts: GenesysHosts
  call: (request: GenesysRequest, signal: AbortSignal) => Promise<E.Either<GenesysFailure, GenesysAnswer>>
  /** Ends its connections. Calls under way fail. */
  close: () => Promise<void>
}>

const REQUESTS_PER_MINUTE = 300
const PATIENCE_MS = 300_000
const BACKOFF = { firstMs: 500, maxMs: 30_000 }
/** Where a 429 does not say how long to wait. */
const RETRY_AFTER_UNSAID_MS = 10_000
const RETRY_AFTER_MAX_MS = 600_000
const CONNECTIONS_MAX = 8
const ANSWER_TIMEOUT_MS = 60_000
/** A page of 1,000 conversation details has some ten MB. */
const ANSWER_BYTES_MAX = 128 * 1024 * 1024

/** How one attempt ended, if not with an answer. `wasRefused`: the platform did not carry the request out. */
type Attempt =
  | Readonly<{ kind: 'answered'; answer: GenesysAnswer }>
  | Readonly<{ kind: 'failed'; failure: GenesysFailure }>
  | Readonly<{ kind: 'trouble'; reason: string; wasRefused: boolean; waitMs?: number }>
  | Readonly<{ kind: 'token-refused'; token: Token; reason: string }>

export const genesysClient = (options: GenesysClientOptions): GenesysClient => {
  const { hosts, clientId, clientSecret, timing = machineTiming } = options
  const budget = new RequestBudget(options.requestsPerMinute ?? REQUESTS_PER_MINUTE, timing)
  const dispatcher = new Agent({
    connections: CONNECTIONS_MAX,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
    maxResponseSize: ANSWER_BYTES_MAX,
  })
  const tokens = clientCredentialsTokens(
    { tokenUrl: new URL('/oauth/token', hosts.login).href, clientId, clientSecret },
    timing.now,
  )

  /** What the lack of a token means for the call. */
  const withoutToken = (cause: unknown): Attempt => {
    const reason = (cause as Error).message
    return cause instanceof AuthenticationRefused
      ? { kind: 'failed', failure: { tag: 'CredentialsRefused', what: 'POST /oauth/token', reason } }
      : trouble(reason, true)
  }

  const send = async (sent: Sent): Promise<Received | Trouble> => {
    const { url, ...rest } = sent
    try {
      const { statusCode, headers, body } = await request(url, { ...rest, dispatcher })
      const text = await body.text()
      return { kind: 'received', status: statusCode, text, retryAfterMs: retryAfterMs(headers['retry-after']) }
    } catch (cause) {
      return trouble(reasonOf(cause), wasNeverSent(cause))
    }
  }

  const attemptOnce = async (asked: GenesysRequest, signal: AbortSignal): Promise<Attempt> => {
    const what = whatOf(asked)
    let token: Token | undefined
    try {
      token = await orAborted(tokens.current(), signal)
    } catch (cause) {
      return withoutToken(cause)
    }
    if (token !== undefined) await budget.take(signal)
    if (token === undefined || signal.aborted) return { kind: 'failed', failure: { tag: 'Aborted', what } }
    const attempt = await send({
      method: asked.method,
      url: urlOf(hosts.api, asked),
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${token.value}`,
        ...(asked.body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(asked.body !== undefined && { body: JSON.stringify(asked.body) }),
      signal,
    })
    if (attempt.kind === 'trouble') return attempt
    const { status, text } = attempt
    if (status < 300) {
      const json = text === '' ? undefined : jsonIn(text)
      return text !== '' && json === undefined
        ? { kind: 'failed', failure: { tag: 'Unreadable', what, reason: 'it is no JSON' } }
        : { kind: 'answered', answer: { status, text, json } }
    }
    const { code, reason, missing } = platformErrorIn(text, status)
    if (status === 401) return { kind: 'token-refused', token, reason }
    if (status === 429) {
      const waitMs = attempt.retryAfterMs ?? RETRY_AFTER_UNSAID_MS
      budget.hold(timing.now() + waitMs)
      return trouble(reason, true, waitMs)
    }
    if (isPassing(status)) return trouble(reason, false, attempt.retryAfterMs)
    if (status === 403) return { kind: 'failed', failure: { tag: 'NotPermitted', what, missing, reason } }
    if (status === 404) return { kind: 'failed', failure: { tag: 'NotFound', what, reason } }
    return { kind: 'failed', failure: { tag: 'Refused', what, status, code, reason } }
  }

  const call: GenesysClient['call'] = async (asked, signal) => {
    const what = whatOf(asked)
    const giveUpAt = timing.now() + (asked.patienceMs ?? options.patienceMs ?? PATIENCE_MS)
    let isRenewed = false
    for (let attempts = 0; !signal.aborted; attempts++) {
      const attempt = await attemptOnce(asked, signal)
      if (attempt.kind === 'answered') return E.right(attempt.answer)
      if (attempt.kind === 'failed') return E.left(attempt.failure)
      if (signal.aborted) break
      if (attempt.kind === 'token-refused') {
        tokens.discard(attempt.token)
        if (isRenewed) return E.left({ tag: 'CredentialsRefused', what, reason: attempt.reason })
        isRenewed = true
        continue
      }
      const waitMs = attempt.waitMs ?? backoffMs(BACKOFF, attempts, timing.random)
      const mayBeSentAgain = asked.isRepeatable !== false || attempt.wasRefused
      if (!mayBeSentAgain || timing.now() + waitMs > giveUpAt)
        return E.left({ tag: 'NotAvailable', what, reason: attempt.reason })
      await timing.sleep(waitMs, signal)
    }
    return E.left({ tag: 'Aborted', what })
  }

  return { hosts, call, close: () => dispatcher.destroy() }
}

type Sent = Readonly<{
  method: GenesysRequest['method']
  url: URL
  headers: Readonly<Record<string, string>>
  body?: string
  signal: AbortSignal
}>
type Received = Readonly<{ kind: 'received'; status: number; text: string; retryAfterMs: number | undefined }>
type Trouble = Extract<Attempt, { kind: 'trouble' }>

const trouble = (reason: string, wasRefused: boolean, waitMs?: number): Trouble => ({
  kind: 'trouble',
  reason,
  wasRefused,
  ...(waitMs !== undefined && { waitMs }),
})

const isPassing = (status: number): boolean => status >= 500 || status === 408 || status === 429

const whatOf = ({ method, path }: GenesysRequest): string => `${method} ${path}`

const urlOf = (host: string, { path, query = {} }: GenesysRequest): URL => {
  const url = new URL(path, host)
  for (const [name, value] of Object.entries(query))
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined) url.searchParams.append(name, String(each))
  return url
}

/** Seconds; the platform never answers a date. */
const retryAfterMs = (header: string | string[] | undefined): number | undefined => {
  const seconds = Number(Array.isArray(header) ? header[0] : header)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1_000, RETRY_AFTER_MAX_MS) : undefined
}

/** Codes of failures before anything of the request has left. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED'])

const wasNeverSent = (cause: unknown): boolean => neverSent.has((cause as { code?: string }).code ?? '')

const reasonOf = (cause: unknown): string => {
  const { code, message } = cause as { code?: string; message?: string }
  return code === undefined ? (message ?? String(cause)) : `${code}: ${message ?? ''}`
}
