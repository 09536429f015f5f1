import { Agent, request } from 'undici'
import type { Received, Trouble } from './attempt.js'

const CONNECTIONS_MAX = 8
const ANSWER_TIMEOUT_MS = 60_000
/** A page of 1,000 conversation details has some ten MB. */
const ANSWER_BYTES_MAX = 128 * 1024 * 1024
const RETRY_AFTER_MAX_MS = 600_000

export type Sent = Readonly<{
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  url: URL
  headers: Readonly<Record<string, string>>
  body?: string
  signal: AbortSignal
}>

/** Connections to the platform: requests that share them, each with an end. */
export type Connections = Readonly<{
  send: (sent: Sent) => Promise<Received | Trouble>
  /** Requests under way fail. */
  close: () => Promise<void>
}>

export const connections = (): Connections => {
  const dispatcher = new Agent({
    connections: CONNECTIONS_MAX,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
    maxResponseSize: ANSWER_BYTES_MAX,
  })
  return {
    send: async ({ url, ...rest }) => {
      try {
        const { statusCode, headers, body } = await request(url, { ...rest, dispatcher })
        const text = await body.text()
        return { kind: 'received', status: statusCode, text, retryAfterMs: retryAfterMs(headers['retry-after']) }
      } catch (cause) {
        return { kind: 'trouble', reason: reasonOf(cause), wasRefused: wasNeverSent(cause) }
      }
    },
    close: () => dispatcher.destroy(),
  }
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
