import { Buffer } from 'node:buffer'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import type { Dispatcher } from 'undici'
import { SecretUnreadable, type Secret } from '../../credentials/secret.js'
import { tlsMaterial, type TlsSettings } from '../../credentials/tls.js'
import { printable } from '../../domain/printable.js'
import type { Accepted, PushedFile, PushFailure, Receiver } from './receiver.js'

export type HttpsReceiver = Readonly<{
  url: string
  method: 'PUT' | 'POST'
  token?: Secret | undefined
  username?: string | undefined
  password?: Secret | undefined
  headers: Readonly<Record<string, string>>
  ssl: boolean | TlsSettings
  gzip: boolean
  connectTimeoutMs: number
  timeoutMs: number
}>

const zipped = promisify(gzip)

/** Answers by which the receiver does not judge the file: it is busy, or does not know us, or the address is wrong. */
const AGAIN: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 408, 421, 423, 425, 429])
const WORDS_MAX = 200
const RETRY_AFTER_MAX_S = 3_600

/**
 * A receiver that takes files by HTTP. Every attempt of a delivery has the same `Idempotency-Key`. Only 2xx is accepted;
 * a redirection is not followed, because it would carry the file and the credentials to an address that nobody named.
 */
export const httpsReceiver = (settings: HttpsReceiver): Receiver => {
  const { origin, pathname } = new URL(settings.url.replaceAll('{file}', 'file'))
  return {
    place: `${origin}${pathname}`,
    deliver: (file, signal) => async () => {
      try {
        return await send(settings, file, signal)
      } catch (cause) {
        return E.left(notDelivered(cause, settings))
      }
    },
  }
}

const send = async (
  settings: HttpsReceiver,
  file: PushedFile,
  signal: AbortSignal,
): Promise<E.Either<PushFailure, Accepted>> => {
  const { Agent, request } = await import('undici')
  const dispatcher = new Agent({
    connect: {
      timeout: settings.connectTimeoutMs,
      ...(typeof settings.ssl === 'object' ? tlsMaterial(settings.ssl) : {}),
    },
    headersTimeout: settings.timeoutMs,
    bodyTimeout: settings.timeoutMs,
  })
  try {
    const response = await request(settings.url.replaceAll('{file}', encodeURIComponent(file.name)), {
      method: settings.method,
      headers: headersOf(settings, file),
      body: settings.gzip ? await zipped(file.bytes) : file.bytes,
      dispatcher,
      signal: AbortSignal.any([signal, AbortSignal.timeout(settings.connectTimeoutMs + settings.timeoutMs)]),
    })
    const words = await beginningOf(response.body)
    return answerOf(response.statusCode, words, retryAfterMs(response.headers['retry-after']))
  } finally {
    await dispatcher.destroy()
  }
}

const headersOf = ({ token, username, password, headers, gzip: isZipped }: HttpsReceiver, file: PushedFile) => ({
  ...headers,
  ...(token === undefined ? {} : { authorization: `Bearer ${token.read()}` }),
  ...(username === undefined
    ? {}
    : { authorization: `Basic ${Buffer.from(`${username}:${password?.read() ?? ''}`).toString('base64')}` }),
  'content-type': file.contentType,
  ...(isZipped ? { 'content-encoding': 'gzip' } : {}),
  // Of the representation, so it is the same whether it is compressed on the way or not (RFC 9530).
  'repr-digest': `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`,
  'idempotency-key': `${file.feed}/${file.number}`,
  'streamvane-feed': file.feed,
  'streamvane-delivery': String(file.number),
  'streamvane-layout-version': String(file.version),
  'streamvane-complete': String(file.complete),
  ...manifestHeader(file.manifest.toString('base64')),
})

/** Servers refuse long headers, and a correction of many stretches has a long manifest. */
const MANIFEST_CHARS_MAX = 4_096

/** In base64, because an operator's reason may hold any character, and a header only ASCII. */
const manifestHeader = (encoded: string): Readonly<Record<string, string>> =>
  encoded.length <= MANIFEST_CHARS_MAX ? { 'streamvane-manifest': encoded } : {}

const answerOf = (status: number, words: string, after: number | undefined): E.Either<PushFailure, Accepted> => {
  if (status >= 200 && status < 300) return E.right({ status: String(status), ...(words === '' ? {} : { words }) })
  const why = `it answered ${status}${words === '' ? '' : `: ${words}`}`
  return status < 500 && status >= 400 && !AGAIN.has(status)
    ? E.left({ tag: 'FileRefused', status: String(status), why })
    : E.left({ tag: 'NotDelivered', why, ...(after === undefined ? {} : { retryAfterMs: after }) })
}

/** The beginning of an answer; the rest is not read. */
const beginningOf = async (body: Dispatcher.ResponseData['body']): Promise<string> => {
  let text = ''
  for await (const chunk of body) {
    text += (chunk as Buffer).toString('utf8')
    if (text.length > WORDS_MAX) break
  }
  return printable(text.slice(0, WORDS_MAX).replaceAll(/\s+/g, ' ').trim())
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
const retryAfterMs = (header: string | string[] | undefined): number | undefined => {
  const text = Array.isArray(header) ? header[0] : header
  if (text === undefined) return undefined
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1_000
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, RETRY_AFTER_MAX_S) * 1_000 : undefined
}

const notDelivered = (cause: unknown, { timeoutMs }: HttpsReceiver): PushFailure => {
  if (cause instanceof SecretUnreadable) return { tag: 'NotDelivered', why: cause.message }
  const { name, code, message } = cause as Readonly<{ name?: string; code?: string; message?: string }>
  const isLate = name === 'TimeoutError' || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT'
  return {
    tag: 'NotDelivered',
    why: isLate
      ? `it did not answer within ${timeoutMs} ms`
      : `it cannot be reached (${code ?? message ?? String(cause)})`,
  }
}
