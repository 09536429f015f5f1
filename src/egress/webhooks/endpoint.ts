import { Agent, request, type Dispatcher } from 'undici'
import { tlsMaterial } from '../../credentials/tls.js'
import { printable } from '../../domain/printable.js'
import { retryAfterMs } from '../retry-after.js'
import { withinLimit } from '../../log/within-limit.js'
import { AddressForbidden, guardedLookup } from './addresses.js'
import type { Message } from './messages.js'
import type { EndpointOptions } from './options.js'
import { signedHeaders, signingKeysIn } from './signature.js'

/** What became of a message. */
export type Outcome =
  | Readonly<{ kind: 'delivered' }>
  /** The receiver will never take this message. */
  | Readonly<{ kind: 'refused'; reason: string }>
  /** 410: the receiver wants no message any more. */
  | Readonly<{ kind: 'gone'; reason: string }>
  /**
   * Not taken now, or not known whether it was. `isOverloaded`: other messages would fare no better at the moment.
   * `hasStatus`: the receiver answered.
   */
  | Readonly<{ kind: 'failed'; reason: string; isOverloaded: boolean; hasStatus: boolean; retryAfterMs?: number }>

/** A connected endpoint: up to `parallel` requests at a time. */
export type Endpoint = Readonly<{
  post: (message: Message, signal: AbortSignal) => Promise<Outcome>
  close: () => Promise<void>
}>

/** The endpoint for messages: the path of an address is often a secret. */
export const endpointPlace = (url: string): string => new URL(url).origin

/**
 * Makes ready to send; the first connection comes with the first message. Throws `SecretUnreadable` and
 * `SigningKeyUnusable`.
 */
export const openEndpoint = (options: EndpointOptions, now: () => number = Date.now): Endpoint => {
  const { url, rules, tls, signingKeys, token, parallel, connectTimeoutMs, timeoutMs } = options
  signingKeysIn(signingKeys.read())
  token?.read()
  const agent = new Agent({
    connections: parallel,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: {
      timeout: connectTimeoutMs,
      lookup: guardedLookup(rules),
      ...tlsMaterial(tls),
    },
  })
  const place = endpointPlace(url)
  const headersOf = ({ id, body }: Message): Record<string, string> => ({
    'content-type': 'application/json',
    'user-agent': 'streamvane',
    ...(token !== undefined && { authorization: `Bearer ${token.read()}` }),
    ...signedHeaders(id, body, now(), signingKeysIn(signingKeys.read())),
  })
  return {
    post: (message, signal) =>
      withinLimit(signal, timeoutMs, async (limited) => {
        try {
          const answer = await request(url, {
            ...{ dispatcher: agent, method: 'POST', headers: headersOf(message), body: message.body },
            signal: limited.signal,
          })
          return outcomeOf(answer, await beginningOf(answer), place, now())
        } catch (cause) {
          const reason = limited.isLate() ? `no answer within ${timeoutMs} ms` : reasonOf(cause)
          return { kind: 'failed', reason: `${place}: ${reason}`, isOverloaded: true, hasStatus: false }
        }
      }),
    close: () => agent.destroy(),
  }
}

type Answer = Dispatcher.ResponseData

/** Of what a receiver answers a little is read, for messages; it does not get to fill our memory. */
const beginningOf = async ({ body, statusCode }: Answer): Promise<string> => {
  if (isSuccess(statusCode)) {
    await body.dump({ limit: ANSWER_MAX_BYTES }).catch(() => undefined)
    return ''
  }
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= REASON_MAX) break
  }
  return printable(Buffer.concat(chunks).toString('utf8').slice(0, REASON_MAX)).trim()
}

const ANSWER_MAX_BYTES = 64 * 1024
const REASON_MAX = 300

const isSuccess = (status: number): boolean => status >= 200 && status < 300

/** Statuses that are about this message and not about the endpoint. */
const REFUSALS: ReadonlySet<number> = new Set([400, 409, 413, 415, 422])
/** The endpoint is there and cannot serve now. */
const OVERLOADED: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504])

const outcomeOf = ({ statusCode, headers }: Answer, text: string, place: string, now: number): Outcome => {
  if (isSuccess(statusCode)) return { kind: 'delivered' }
  const reason = `${place} answers ${statusCode}${remedyOf(statusCode)}${text === '' ? '' : `: ${text}`}`
  if (statusCode === 410) return { kind: 'gone', reason }
  if (REFUSALS.has(statusCode)) return { kind: 'refused', reason }
  const waitMs = retryAfterMs(headers['retry-after'], now)
  return {
    ...{ kind: 'failed', reason, hasStatus: true },
    isOverloaded: OVERLOADED.has(statusCode) || waitMs !== undefined,
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
  }
}

const remedyOf = (status: number): string => {
  if (status >= 300 && status < 400) return ' (redirects are not followed: set `url` to the address that it leads to)'
  if (status === 401 || status === 403) return ' (compare `signingKeys` and `token` with what the receiver expects)'
  if (status === 404 || status === 405) return ' (compare `url` with the address of the receiver)'
  return ''
}

const reasonOf = (cause: unknown): string => {
  const { code, message } = cause as { code?: string; message?: string }
  if (cause instanceof AddressForbidden) return cause.message
  return code === undefined ? (message ?? String(cause)) : `${message} (${code})`
}
