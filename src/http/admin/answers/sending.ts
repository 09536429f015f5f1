import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { PassThrough, pipeline, Readable } from 'node:stream'
import { promisify } from 'node:util'
import { createGzip, gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Problem } from './problem.js'

const zipped = promisify(gzip)
/** Smaller bodies are not worth it. */
const GZIP_FROM_BYTES = 1_024

export const takesGzip = ({ headers }: FastifyRequest): boolean =>
  /(^|,)\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*(,|$))[\d.]+\s*)?(,|$)/i.test(headers['accept-encoding'] ?? '')

/** Headers of every answer, beside those of every listener: nothing of it is stored by caches. */
export const cacheHeaders = {
  'cache-control': 'no-store',
  vary: 'accept, accept-encoding, authorization',
} as const

/** Sends JSON; a GET with an ETag, and 304 where the caller has it already. */
export const sendJson = async (
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  value: unknown,
): Promise<FastifyReply> => {
  const body = Buffer.from(JSON.stringify(value))
  if (request.method === 'GET' && status === 200) {
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`
    reply.header('etag', etag)
    if (matchesETag(request.headers['if-none-match'], etag)) return reply.code(304).send()
  }
  reply.code(status).type('application/json; charset=utf-8')
  if (body.length < GZIP_FROM_BYTES || !takesGzip(request)) return reply.send(body)
  return reply.header('content-encoding', 'gzip').send(await zipped(body))
}

/** Whether an `If-None-Match` names the ETag. */
export const matchesETag = (header: string | undefined, etag: string): boolean =>
  header !== undefined && (header === '*' || header.split(',').some((each) => each.trim().replace(/^W\//, '') === etag))

/** Sends lines as they come. A failure in the middle breaks the connection off, so that nobody takes a part for all. */
export const sendLines = (
  request: FastifyRequest,
  reply: FastifyReply,
  lines: AsyncIterable<string>,
  onFailure: (cause: unknown) => void,
): FastifyReply => {
  const source = Readable.from(lines, { objectMode: false, highWaterMark: 64 * 1024 })
  reply.code(200).type('application/x-ndjson; charset=utf-8')
  if (!takesGzip(request)) {
    source.on('error', onFailure)
    return reply.send(source)
  }
  const zip = createGzip()
  pipeline(source, zip, (cause) => {
    if (cause !== undefined && cause !== null) onFailure(cause)
  })
  return reply.header('content-encoding', 'gzip').send(zip)
}

export type Download = Readonly<{
  contentType: string
  fileName: string
  /** Makes the bytes; `write` resolves when the caller takes more. */
  work: (write: (bytes: Uint8Array) => Promise<void>) => Promise<unknown>
  /** Aborts when the caller hangs up. */
  gone: AbortSignal
  onFailure: (cause: unknown) => void
}>

/**
 * Sends bytes as they are made. Throws what the work throws before the first of them; a later failure breaks the
 * connection off.
 */
export const sendDownload = async (
  reply: FastifyReply,
  { contentType, fileName, work, gone, onFailure }: Download,
): Promise<FastifyReply> => {
  const bytes = new PassThrough()
  const working = work(async (part) => {
    if (!bytes.write(part)) await once(bytes, 'drain', { signal: gone })
  })
  working.then(
    () => bytes.end(),
    (cause: unknown) => bytes.destroy(cause as Error),
  )
  await once(bytes, 'readable')
  bytes.on('error', onFailure)
  return reply
    .code(200)
    .type(contentType)
    .header('content-disposition', `attachment; filename="${fileName}"`)
    .send(bytes)
}

export const sendProblem = (
  request: FastifyRequest,
  reply: FastifyReply,
  problem: Problem,
  headers: Readonly<Record<string, string>> = {},
): FastifyReply =>
  reply
    .code(problem.status)
    .headers(headers)
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify({ ...problem, instance: request.url.split('?')[0] }))
