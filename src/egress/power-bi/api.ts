import { Agent, request } from 'undici'
import { AuthenticationRefused } from '../../credentials/connection-faults.js'
import { SecretUnreadable } from '../../credentials/secret.js'
import { printable } from '../../domain/printable.js'
import { retryAfterMs } from '../retry-after.js'
import type { SinkFailure } from '../sink.js'
import { withinLimit } from '../../log/within-limit.js'
import type { PowerBiOptions } from './options.js'

/** A call of the REST API that came to nothing. `status` is absent where there was no answer. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure'
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined

  constructor(words: string, status?: number, waitMs?: number, cause?: unknown) {
    super(words, { cause })
    this.status = status
    this.retryAfterMs = waitMs
  }
}

/** Calls of the REST API of Power BI below one workspace. Each throws `ApiFailure`, or what getting a token throws. */
export type Api = Readonly<{
  get: (path: string, signal: AbortSignal) => Promise<unknown>
  post: (path: string, body: string, signal: AbortSignal) => Promise<unknown>
  close: () => Promise<void>
}>

export const openApi = (options: PowerBiOptions, now: () => number = Date.now): Api => {
  const { apiUrl, workspaceId, tokens, requestTimeoutMs } = options
  const agent = new Agent({ connections: 1, headersTimeout: requestTimeoutMs, bodyTimeout: requestTimeoutMs })
  const base = `${apiUrl.replace(/\/+$/, '')}/v1.0/myorg/groups/${encodeURIComponent(workspaceId)}`

  const ask = async (method: 'GET' | 'POST', path: string, body: string | undefined, signal: AbortSignal) => {
    const token = await tokens.current()
    const { status, text, waitMs } = await withinLimit(signal, requestTimeoutMs, async (limited) => {
      try {
        const answer = await request(`${base}${path}`, {
          ...{ dispatcher: agent, method, body: body ?? null, signal: limited.signal },
          headers: {
            authorization: `Bearer ${token.value}`,
            accept: 'application/json',
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
        })
        const waitMs = retryAfterMs(answer.headers['retry-after'], now())
        return { status: answer.statusCode, text: await answer.body.text(), waitMs }
      } catch (cause) {
        const { code, message } = cause as { code?: string; message?: string }
        const why = limited.isLate() ? `no answer within ${requestTimeoutMs} ms` : `${message} (${code ?? 'no code'})`
        throw new ApiFailure(`${apiUrl}: ${why}`, undefined, undefined, cause)
      }
    })
    if (status >= 200 && status < 300) return jsonIn(text)
    const isStale = status === 401 && tokens.discard(token)
    // A token that was kept may have been taken back; a fresh one says whether the identity is accepted.
    if (isStale) throw new ApiFailure(`${apiUrl} answers 401 to a token that was in use`, undefined, 0)
    throw new ApiFailure(`${apiUrl} answers ${status} to ${method} ${path}: ${wordsIn(text)}`, status, waitMs)
  }
  return {
    get: (path, signal) => ask('GET', path, undefined, signal),
    post: (path, body, signal) => ask('POST', path, body, signal),
    close: () => agent.destroy(),
  }
}

/** What a failure means for the sink. */
export const powerBiFailure = (cause: unknown): SinkFailure => {
  if (cause instanceof SecretUnreadable) return { tag: 'Refused', reason: cause.message }
  if (cause instanceof AuthenticationRefused)
    return {
      tag: 'Refused',
      reason: `${cause.message}; compare tenantId, clientId and clientSecret with the app registration in Entra ID`,
    }
  if (!(cause instanceof ApiFailure)) return { tag: 'NotConnected', cause }
  const { message, status, retryAfterMs: waitMs } = cause
  const remedy = status === undefined ? undefined : remedyOf(status)
  if (remedy !== undefined) return { tag: 'Refused', reason: `${message}; ${remedy}` }
  return { tag: 'NotConnected', cause, ...(waitMs !== undefined && { retryAfterMs: waitMs }) }
}

const remedyOf = (status: number): string | undefined => {
  switch (status) {
    case 400:
    case 413:
      return 'the table and the rows do not go together: compare its columns with docs/sinks/power-bi.md, or let the sink make a semantic model (dataset.create)'
    case 401:
    case 403:
      return 'give the service principal the role Contributor in the workspace, and let service principals use the APIs (tenant settings of Power BI)'
    case 404:
      return 'compare workspaceId, dataset and its tables with the workspace; dataset.create makes a semantic model'
    default:
      return undefined
  }
}

const jsonIn = (text: string): unknown => {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `{"error":{"code":"…","message":"…"}}`, or the beginning of what else it is. */
const wordsIn = (text: string): string => {
  const { error } = (jsonIn(text) ?? {}) as { error?: Readonly<{ code?: string; message?: string }> }
  const words = error === undefined ? text : [error.code, error.message].filter((word) => word !== undefined).join(': ')
  return printable(words.slice(0, REASON_MAX))
}

const REASON_MAX = 300
