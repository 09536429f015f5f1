import { createHash, timingSafeEqual } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { gunzip } from 'node:zlib'
import { promisify } from 'node:util'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import * as E from 'fp-ts/lib/Either.js'
import type { Logger } from 'pino'
import { ingest, NotIngested, setAside, type Receipt } from '../ingress/ingest.js'
import type { Origin } from '../ingress/raw-event.js'
import { splitJson, splitLines } from '../ingress/split.js'
import type { EventLog } from '../log/event-log.js'

/** Whether this process does what it is there for, stage by stage. */
export type HealthReport = Readonly<{ ready: boolean; stages: Readonly<Record<string, unknown>> }>

export type HttpServerOptions = Readonly<{
  log: EventLog
  tenant: string
  host: string
  /** 0 takes a free one. */
  port: number
  /** Bearer token; required unless bound to loopback. */
  token?: string
  /** Of a request, and of what it inflates to. */
  bodyMaxBytes: number
  /** Events in one request. */
  batchMax: number
  /** Told of every batch once it is durable, before it is answered. */
  onIngested?: (receipt: Receipt) => Promise<void>
  health: () => HealthReport
  logger: Logger
}>

/** The server may not be bound as asked. */
export class RefusedToListen extends Error {
  override readonly name = 'RefusedToListen'
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/
const LINES = new Set([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
  'application/jsonlines',
])
/** Requests whose events are on their way into the log, at most; more are asked to come again. */
const IN_FLIGHT_MAX = 64

/**
 * `POST /v1/events` takes envelopes and answers once they are durable; `GET /health/live` and `/health/ready` tell how the process is.
 * Throws `RefusedToListen` when bound to more than loopback without a token.
 */
export const httpServer = async (options: HttpServerOptions): Promise<Readonly<{ url: string; close: () => Promise<void> }>> => {
  const { host, port, token, bodyMaxBytes, health, logger } = options
  if (token === undefined && !LOOPBACK.test(host))
    throw new RefusedToListen(
      `the ingress would listen on ${host} without a token: set ingress.token (STREAMVANE_INGRESS__TOKEN), or bind it to 127.0.0.1`,
    )
  const loggerInstance: FastifyBaseLogger = logger.child({}, { level: logger.level === 'info' ? 'warn' : logger.level })
  const app = Fastify({ bodyLimit: bodyMaxBytes, loggerInstance, forceCloseConnections: 'idle' })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => answerError(error, bodyMaxBytes, reply))
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: 'not-found', detail: `${request.method} ${request.url} is not here; POST /v1/events takes events` }),
  )
  app.get('/health/live', () => ({ live: true }))
  app.get('/health/ready', (_request, reply) => {
    const report = health()
    return reply.code(report.ready ? 200 : 503).send(report)
  })
  takeEvents(app, options)
  await app.listen({ host, port })
  const { port: bound } = app.server.address() as AddressInfo
  return { url: `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${bound}`, close: () => app.close() }
}

const takeEvents = (app: FastifyInstance, { log, tenant, token, bodyMaxBytes, batchMax, onIngested }: HttpServerOptions): void => {
  let inFlight = 0
  app.route({
    method: 'POST',
    url: '/v1/events',
    onRequest: async (request, reply) => {
      if (token === undefined || isAuthorized(request.headers.authorization, token)) return
      await reply
        .code(401)
        .header('www-authenticate', 'Bearer')
        .send({ error: 'unauthorized', detail: 'send the token of this ingress as Authorization: Bearer <token>' })
    },
    handler: async (request, reply) => {
      if (inFlight >= IN_FLIGHT_MAX)
        return reply
          .code(503)
          .header('retry-after', '1')
          .send({ error: 'busy', detail: `${IN_FLIGHT_MAX} requests are being stored; send this one again` })
      inFlight++
      try {
        const origin: Origin = { tenant, source: 'http', receivedAt: Date.now() }
        const body = await bodyOf(request, bodyMaxBytes)
        const pieces = piecesOf(request, body)
        if (E.isLeft(pieces)) {
          const receipt = await setAside(log, body, pieces.left, origin)
          return await reply
            .code(400)
            .send({
              error: pieces.left.reason,
              detail: `${pieces.left.detail}; the document was set aside`,
              deadLettered: receipt.deadLettered,
            })
        }
        if (pieces.right.length > batchMax)
          return await reply
            .code(413)
            .send({
              error: 'too-many-events',
              detail: `${pieces.right.length} events in one request; at most ${batchMax} are taken. Nothing was stored`,
            })
        const receipt = await ingest(log, pieces.right, origin)
        await onIngested?.(receipt)
        const { stored, duplicate, deadLettered, problems } = receipt
        // Nothing usable at all is the sender's mistake; part of a batch is an outcome to read.
        return await reply
          .code(deadLettered > 0 && stored + duplicate === 0 ? 422 : 200)
          .send({ stored, duplicate, deadLettered, problems })
      } finally {
        inFlight--
      }
    },
  })
}

const bodyOf = async (request: FastifyRequest, bodyMaxBytes: number): Promise<Buffer> => {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  const encoding = request.headers['content-encoding']
  if (encoding === undefined || encoding === 'identity') return body
  if (encoding !== 'gzip') throw new Answer(415, 'unsupported-encoding', `content-encoding ${encoding} is not taken; send gzip or none`)
  try {
    return await promisify(gunzip)(body, { maxOutputLength: bodyMaxBytes })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new Answer(413, 'too-large', `the body inflates to more than ${bodyMaxBytes} bytes. Nothing was stored`)
    throw new Answer(400, 'malformed-gzip', `the body is not gzip: ${(cause as Error).message}`)
  }
}

const piecesOf = (request: FastifyRequest, body: Buffer): ReturnType<typeof splitJson> => {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (LINES.has(type)) return E.right(splitLines(body))
  if (type === 'application/json' || type === 'application/cloudevents+json') return splitJson(body)
  throw new Answer(
    415,
    'unsupported-content-type',
    `content-type ${type === '' ? 'is missing' : type}; send application/json (one event or an array) or application/x-ndjson (one event a line)`,
  )
}

/** An answer that is not a success. */
class Answer extends Error {
  readonly statusCode: number
  readonly error: string
  constructor(statusCode: number, error: string, detail: string) {
    super(detail)
    this.statusCode = statusCode
    this.error = error
  }
}

const answerError = (error: Error & { statusCode?: number; code?: string }, bodyMaxBytes: number, reply: FastifyReply): FastifyReply => {
  if (error instanceof Answer) return reply.code(error.statusCode).send({ error: error.error, detail: error.message })
  if (error instanceof NotIngested)
    return reply.code(503).header('retry-after', '1').send({ error: 'log-not-available', detail: error.message })
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return reply
      .code(413)
      .send({ error: 'too-large', detail: `the body is larger than ${bodyMaxBytes} bytes; send fewer events at once. Nothing was stored` })
  if (error.statusCode !== undefined && error.statusCode < 500)
    return reply.code(error.statusCode).send({ error: 'bad-request', detail: error.message })
  reply.log.error({ err: error }, 'ingress: unexpected')
  return reply
    .code(500)
    .send({
      error: 'unexpected',
      detail: 'the request failed in a way nobody expected; nothing was acknowledged, and sending it again is safe',
    })
}

/** Compares digests, so that neither length nor content shows in the time it takes. */
const isAuthorized = (header: string | undefined, token: string): boolean => {
  const given = /^Bearer (.+)$/.exec(header ?? '')?.[1] ?? ''
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}
