import { printable } from '../domain/printable.js'
import { AuthenticationRefused } from './connection-faults.js'
import { tlsMaterial, type TlsSettings } from './tls.js'
import type { Token } from './token-source.js'

/** A request to an issuer of tokens or credentials. */
export type IssuerRequest = Readonly<{
  /** Who is asked, for messages: `the token endpoint`, `the instance metadata service`. */
  what: string
  method: 'GET' | 'POST' | 'PUT'
  url: string
  headers?: Readonly<Record<string, string>>
  /** Sent as `application/x-www-form-urlencoded`. */
  form?: Readonly<Record<string, string | undefined>>
  /** Sent as it is; the type stands in `headers`. */
  body?: string
  tls?: TlsSettings | undefined
  /** Default 10 s. */
  timeoutMs?: number
}>

/** What a service of a cloud answers, whatever the status. `link` and `retryAfter` are headers of it. */
export type ServiceAnswer = Readonly<{ status: number; text: string; link?: string; retryAfter?: string }>

/**
 * The text of the answer. Throws `AuthenticationRefused` where the issuer refuses (4xx other than 408 and 429), and an
 * `Error` where it may answer later. Messages name the address and the issuer's reason, and nothing that was sent.
 */
export const askIssuer = async (asked: IssuerRequest): Promise<string> => {
  const { status, text } = await askService(asked)
  if (status < 300) return text
  const words = `${asked.what} at ${withoutQuery(asked.url)} answers ${status}${reasonIn(text)}`
  throw isRefusal(status) ? new AuthenticationRefused(words) : new Error(words)
}

/** The answer of a service, also a refusal. Throws an `Error` where none comes; it names the address. */
export const askService = async (asked: IssuerRequest): Promise<ServiceAnswer> => {
  const { what, method, url, headers = {}, form, body, tls, timeoutMs = TIMEOUT_MS } = asked
  const { Agent, request } = await import('undici') // it takes long to load, and few configurations ask for tokens
  const dispatcher = tls === undefined ? undefined : new Agent({ connect: tlsMaterial(tls) })
  const sent = form === undefined ? body : new URLSearchParams(present(form)).toString()
  try {
    const response = await request(url, {
      method,
      headers: {
        accept: 'application/json',
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...headers,
      },
      ...(sent !== undefined && { body: sent }),
      ...(dispatcher !== undefined && { dispatcher }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    const { link, 'retry-after': retryAfter } = response.headers
    return {
      status: response.statusCode,
      text: await response.body.text(),
      ...(typeof link === 'string' && { link }),
      ...(typeof retryAfter === 'string' && { retryAfter }),
    }
  } catch (cause) {
    throw new Error(`${what} at ${withoutQuery(url)} does not answer (${reasonOf(cause, timeoutMs)})`, { cause })
  } finally {
    await dispatcher?.close()
  }
}

/** The answer of an OAuth token endpoint (RFC 6749, 5.1). `now` is when it was asked. */
export const tokenIn = (text: string, what: string, now: number): Token => {
  const answer = jsonIn(text) as { access_token?: unknown; expires_in?: unknown } | undefined
  if (typeof answer?.access_token !== 'string') throw new Error(`${what} gives no access_token`)
  const seconds = Number(answer.expires_in)
  return {
    value: answer.access_token,
    expiresAt: now + (Number.isFinite(seconds) && seconds > 0 ? seconds : LIFE_UNSAID_S) * 1_000,
  }
}

export const jsonIn = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const TIMEOUT_MS = 10_000
/** An issuer that does not say how long a token is valid. */
const LIFE_UNSAID_S = 300
const REASON_MAX = 300

const isRefusal = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429

const withoutQuery = (url: string): string => {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

const present = (form: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined))

/** `error` and `error_description` of OAuth; AWS and Azure use `code`, `Code`, `message` and `Message`. */
export const reasonIn = (text: string): string => {
  const answer = jsonIn(text)
  if (typeof answer !== 'object' || answer === null) return ''
  const { Error: upper, error: lower } = answer as { Error?: unknown; error?: unknown }
  const inner = upper ?? lower
  const fields = { ...answer, ...(typeof inner === 'object' && inner !== null ? inner : {}) } as Record<string, unknown>
  const words = ['error', 'error_description', 'Code', 'code', 'Message', 'message']
    .map((name) => fields[name])
    .filter((value): value is string => typeof value === 'string')
  return words.length === 0 ? '' : `: ${printable(words.join(': ').slice(0, REASON_MAX))}`
}

const reasonOf = (cause: unknown, timeoutMs: number): string => {
  const { code, name, message } = cause as { code?: string; name?: string; message?: string }
  return name === 'TimeoutError' ? `no answer within ${timeoutMs / 1_000} s` : (code ?? message ?? String(cause))
}
