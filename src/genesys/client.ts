import * as E from 'fp-ts/lib/Either.js'
import { clientCredentialsTokens } from '../credentials/client-credentials.js'
import { AuthenticationRefused } from '../credentials/connection-faults.js'
import type { Secret } from '../credentials/secret.js'
import type { Token } from '../credentials/token-source.js'
import { backoffMs } from '../log/backoff.js'
import type { GenesysAnswer } from './answer.js'
import { attemptOf, type Attempt } from './attempt.js'
import { connections } from './connections.js'
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

export const genesysClient = (options: GenesysClientOptions): GenesysClient => {
  const { hosts, clientId, clientSecret, timing = machineTiming } = options
  const budget = new RequestBudget(options.requestsPerMinute ?? REQUESTS_PER_MINUTE, timing)
  const platform = connections()
  const tokens = clientCredentialsTokens(
    { tokenUrl: new URL('/oauth/token', hosts.login).href, clientId, clientSecret },
    timing.now,
  )

  /** What the lack of a token means for the call. */
  const withoutToken = (cause: unknown): Attempt => {
    const reason = (cause as Error).message
    return cause instanceof AuthenticationRefused
      ? { kind: 'failed', failure: { tag: 'CredentialsRefused', what: 'POST /oauth/token', reason } }
      : { kind: 'trouble', reason, wasRefused: true }
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
    const received = await platform.send({
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
    return received.kind === 'trouble' ? received : attemptOf(received, what, token)
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
      if (attempt.holdsAll === true) budget.hold(timing.now() + (attempt.waitMs ?? 0))
      const waitMs = attempt.waitMs ?? backoffMs(BACKOFF, attempts, timing.random)
      const mayBeSentAgain = asked.isRepeatable !== false || attempt.wasRefused
      if (!mayBeSentAgain || timing.now() + waitMs > giveUpAt)
        return E.left({ tag: 'NotAvailable', what, reason: attempt.reason })
      await timing.sleep(waitMs, signal)
    }
    return E.left({ tag: 'Aborted', what })
  }

  return { hosts, call, close: platform.close }
}

const whatOf = ({ method, path }: GenesysRequest): string => `${method} ${path}`

const urlOf = (host: string, { path, query = {} }: GenesysRequest): URL => {
  const url = new URL(path, host)
  for (const [name, value] of Object.entries(query))
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined) url.searchParams.append(name, String(each))
  return url
}
