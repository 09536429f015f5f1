import { AuthenticationRefused } from '../credentials/connection-faults.js'
import type { Token, TokenSource } from '../credentials/token-source.js'
import { pause } from '../log/backoff.js'
import type { AmqpConnection } from './amqp-connection.js'
import { openRequestResponse, type RequestResponse } from './request-response.js'

/** Tokens that show the right to an entity: signatures of a shared access key, or tokens of Entra ID. */
export type AzureTokens = Readonly<{ kind: 'shared-access' | 'entra-id'; source: TokenSource }>

/** After a failure to renew a token, which stays valid meanwhile. */
const AGAIN_MS = 5_000

/**
 * Shows a token for each of `audiences` (`sb://<host>/<entity>`) at the node `$cbs`, and again before it expires, until
 * the connection is lost (OASIS claims-based security; learn.microsoft.com/azure/service-bus-messaging/
 * service-bus-amqp-protocol-guide). Resolves once the first ones are accepted. Throws `AuthenticationRefused`.
 */
export const authorize = async (
  connection: AmqpConnection,
  audiences: readonly string[],
  tokens: AzureTokens,
  now: () => number = Date.now,
): Promise<void> => {
  const cbs = await openRequestResponse(connection, '$cbs')
  const show = async (): Promise<number> => {
    const expiries: number[] = []
    for (const audience of audiences) expiries.push((await shownToken(cbs, audience, tokens)).expiresAt)
    return Math.min(...expiries)
  }
  let expiresAt = await show()
  const over = new AbortController()
  void connection.lost.then(() => over.abort())
  void (async () => {
    while (!over.signal.aborted) {
      await pause(Math.min(Math.max((expiresAt - now()) * 0.75, AGAIN_MS), TIMER_MAX_MS), over.signal)
      if (over.signal.aborted) return
      // A token that could not be renewed is asked for again; once it has expired, the broker closes the links.
      expiresAt = await show().catch(() => expiresAt)
    }
  })()
}

const TIMER_MAX_MS = 2 ** 31 - 1

/** A kept token that is refused may have been revoked: a fresh one is tried once. */
const shownToken = async (cbs: RequestResponse, audience: string, { kind, source }: AzureTokens): Promise<Token> => {
  for (;;) {
    const token = await source.current()
    try {
      await putToken(cbs, audience, kind, token)
      return token
    } catch (cause) {
      if (!(cause instanceof AuthenticationRefused) || !source.discard(token)) throw cause
    }
  }
}

const TYPES = { 'shared-access': 'servicebus.windows.net:sastoken', 'entra-id': 'jwt' } as const

const putToken = async (
  cbs: RequestResponse,
  audience: string,
  kind: AzureTokens['kind'],
  { value }: Token,
): Promise<void> => {
  const { application_properties: answer = {} } = await cbs.ask({
    application_properties: { operation: 'put-token', type: TYPES[kind], name: audience },
    body: value,
  })
  const status = Number(answer['status-code'])
  if (status >= 200 && status < 300) return
  const words = `the broker answers ${status} to the token for ${audience}: ${String(answer['status-description'] ?? '')}`
  throw status === 401 || status === 403 || status === 404 ? new AuthenticationRefused(words) : new Error(words)
}
