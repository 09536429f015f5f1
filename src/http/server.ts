import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import * as E from 'fp-ts/lib/Either.js'
import type { Logger } from 'pino'
import { ingressProblems } from '../app/config/runnable.js'
import { ConfigError } from '../app/config/schema.js'
import { SecretUnreadable, type Secret } from '../credentials/secret.js'
import { NotIngested } from '../ingress/not-ingested.js'
import type { TraceContext } from '../log/trace-context.js'
import type { FollowedCertificate } from '../app/tls/followed-certificate.js'
import type { Deliver, RunningSource, Source, SourceEnd } from '../ingress/source.js'
import { logFailure, refusal, type Answer } from './answer.js'
import { authorizationOf, bearerCheck } from './bearer.js'
import { firehoseAnswer, firehoseHeader, webhookAnswer } from './cloud-requests.js'
import { receiveEvents, wrongContentType } from './events.js'
import type { Tracing } from '../telemetry/traces/tracing.js'
import type { HealthReport } from '../app/pipeline/health.js'
import { addHealthRoutes, isForProbes } from './health.js'
import { InFlightLimit } from './in-flight.js'
import { listen, serverFactory } from './listener.js'
import { addMetricsRoute, type MetricsPage } from './metrics.js'

export type HttpSourceOptions = Readonly<{
  host: string
  /** 0 takes a free one. */
  port: number
  /** Bearer token, read for each request; required unless bound to loopback. */
  token?: Secret
  /** A header that may carry the token as it is, beside `Authorization`; in lower case. */
  tokenHeader?: string
  /** Bytes of a body, as sent and as inflated; default 10 MiB. */
  bodyMaxBytes?: number
  /** Events in one request; default 10,000. */
  batchMax?: number
  /** Requests that are being stored; those beyond are refused with 503. */
  requestsMax?: number
  /** Requests whose bodies are being received; default four times `requestsMax`. */
  receivingMax?: number
  /** A body slower than this is cut off after `slowAfterMs`, or after `slowGraceMs` if its place is needed. */
  bytesPerSecondMin?: number
  slowAfterMs?: number
  slowGraceMs?: number
  /** Bytes of the bodies in flight, as sent and as inflated. */
  bytesInFlightMax?: number
  /** How long `close` waits for the requests in flight. */
  drainMaxMs?: number
  /** Absent: plain HTTP. */
  certificate?: FollowedCertificate | undefined
  health: () => HealthReport
  /** Follows sampled requests; absent: none are. */
  tracing?: Pick<Tracing, 'request'> | undefined
  /** Absent: none. */
  metrics?: MetricsPage | undefined
  logger?: Logger
}>

export type RunningHttpSource = RunningSource & Readonly<{ url: string }>

const BODY_MAX_BYTES = 10 * 1024 * 1024
const BATCH_MAX = 10_000
const REQUESTS_MAX = 256
const BYTES_PER_SECOND_MIN = 1_024
const SLOW_AFTER_MS = 10_000
const SLOW_GRACE_MS = 1_000
/** The connection is closed if a request takes longer than this to arrive. */
const REQUEST_MAX_MS = 60_000
const DRAIN_MAX_MS = 15_000

/**
 * The HTTP server as a source: `POST /v1/events` delivers envelopes and answers once they are durable; `GET
 * /livez` and `/readyz` report the state of the process. `close` resolves once nobody is connected. `start`
 * throws `ConfigError` when it would listen to more than loopback without a token, or cannot listen where it should.
 */
export const httpSource = (options: HttpSourceOptions): Source<RunningHttpSource> => ({
  name: 'http',
  start: (deliver) => start(options, deliver),
})

const start = async (options: HttpSourceOptions, deliver: Deliver): Promise<RunningHttpSource> => {
  const {
    host,
    port,
    token,
    bodyMaxBytes = BODY_MAX_BYTES,
    requestsMax = REQUESTS_MAX,
    drainMaxMs = DRAIN_MAX_MS,
    certificate,
    logger,
  } = options
  const [problem] = ingressProblems({ host, token })
  if (problem !== undefined) throw new ConfigError(problem)
  const inFlight = new InFlightLimit({
    storingMax: requestsMax,
    receivingMax: options.receivingMax ?? 4 * requestsMax,
    bytesMax: options.bytesInFlightMax ?? 8 * bodyMaxBytes,
    bytesPerSecondMin: options.bytesPerSecondMin ?? BYTES_PER_SECOND_MIN,
    graceMs: options.slowGraceMs ?? SLOW_GRACE_MS,
    now: () => performance.now(),
  })
  const app = Fastify({
    logger: false,
    forceCloseConnections: 'idle',
    // Probes of the machine have no client certificate.
    serverFactory: serverFactory({
      ...{ certificate, logger, requestMaxMs: REQUEST_MAX_MS },
      mayLackCertificate: isForProbes,
    }),
  })
  // Bodies are read by `receiveEvents`, which keeps their bytes and knows their limits.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  addRoutes(app, inFlight, options, deliver)
  const url = await listen(app, { host, port, what: 'the ingress cannot listen', keys: 'ingress', certificate })
  logger?.info({ url }, 'ingress: listening')
  const ended = new Promise<SourceEnd>((resolve) => {
    app.server.once('error', (cause) => resolve({ kind: 'failed', cause }))
    app.server.once('close', () => resolve({ kind: 'closed' }))
  })
  const close = async (): Promise<void> => {
    const isEmpty = await inFlight.drain(drainMaxMs)
    if (!isEmpty) logger?.warn({ drainMaxMs }, 'ingress: requests that did not finish in time are cut off')
    await disconnect(app, isEmpty ? drainMaxMs : 0)
  }
  let closing: Promise<void> | undefined
  return { url, ended, close: () => (closing ??= close()) }
}

/**
 * Closes connections as they become idle, and the rest after `withinMs`: a sender may still be sending a body that was
 * refused.
 */
const disconnect = async (app: FastifyInstance, withinMs: number): Promise<void> => {
  const whenIdle = setInterval(() => app.server.closeIdleConnections(), 20)
  const atLast = setTimeout(() => app.server.closeAllConnections(), withinMs)
  try {
    await app.close()
  } finally {
    clearInterval(whenIdle)
    clearTimeout(atLast)
  }
}

type EventsHandler = (request: FastifyRequest) => Promise<Answer>

/** `POST /v1/events`: checks the token, takes a place in flight, and answers in the form that the sender expects. */
const eventsHandler = (options: HttpSourceOptions, inFlight: InFlightLimit, deliver: Deliver): EventsHandler => {
  const { token, tokenHeader, tracing, logger, bodyMaxBytes = BODY_MAX_BYTES, batchMax = BATCH_MAX } = options
  const body = {
    bytesMax: bodyMaxBytes,
    bytesPerSecondMin: options.bytesPerSecondMin ?? BYTES_PER_SECOND_MIN,
    slowAfterMs: options.slowAfterMs ?? SLOW_AFTER_MS,
  }
  const isAuthorized = (header: string | undefined): boolean => token === undefined || bearerCheck(token.read())(header)

  const handle: EventsHandler = async (request) => {
    if (!isAuthorized(authorizationOf(request.headers, tokenHeader))) return unauthorized
    // Only who may send events decides by its `traceparent` what is sampled.
    const trace = tracing?.request(request.headers)
    const answer = await receive(request, trace?.context)
    trace?.answered(answer.status)
    return answer
  }

  const receive = async (request: FastifyRequest, trace: TraceContext | undefined): Promise<Answer> => {
    const slow = new AbortController()
    const slot = inFlight.receive(() => slow.abort())
    if (E.isLeft(slot)) return slot.left
    try {
      return await receiveEvents(request.raw, slot.right, slow.signal, { deliver, body, batchMax, trace })
    } catch (cause) {
      logger?.error({ err: cause }, 'ingress: a request could not be stored')
      return cause instanceof NotIngested ? logFailure(cause) : unexpected
    } finally {
      slot.right.release()
    }
  }

  return async (request) => {
    const answer = await handle(request).catch((cause: unknown) => {
      if (!(cause instanceof SecretUnreadable)) throw cause
      logger?.error({ reason: cause.message }, 'ingress: its token cannot be read')
      return tokenUnreadable
    })
    const firehose = firehoseHeader(request.headers)
    const isInForm = firehose === undefined || answer.body['requestId'] !== undefined
    return isInForm ? answer : firehoseAnswer(firehose, Date.now(), answer)
  }
}

const unauthorized = refusal(401, 'unauthorized', 'send the token of this ingress as Authorization: Bearer <token>', {
  headers: { 'www-authenticate': 'Bearer realm="streamvane", Basic realm="streamvane"' },
})

const tokenUnreadable = refusal(
  503,
  'not-available',
  'the token of this ingress cannot be read now; send it again later',
  {
    headers: { 'retry-after': '1' },
  },
)

const unexpected = refusal(
  500,
  'unexpected',
  'the request failed unexpectedly; nothing was acknowledged, and sending it again is safe',
)

const addRoutes = (
  app: FastifyInstance,
  inFlight: InFlightLimit,
  options: HttpSourceOptions,
  deliver: Deliver,
): void => {
  const { health, logger } = options
  const events = eventsHandler(options, inFlight, deliver)
  app.post('/v1/events', async (request, reply) => send(reply, await events(request)))
  addHealthRoutes(app, health, () => inFlight.isDraining)
  addMetricsRoute(app, options.metrics, options.host)
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] as string
    const handshake = path === '/v1/events' && request.method === 'OPTIONS' ? webhookAnswer(request.headers) : undefined
    if (handshake !== undefined) return send(reply, handshake)
    if (path === '/v1/events')
      return send(
        reply,
        refusal(405, 'method-not-allowed', `${request.method} is not taken here; POST events`, {
          headers: { allow: 'POST' },
        }),
      )
    return send(reply, refusal(404, 'not-found', `nothing is at ${path.slice(0, 200)}; events go to POST /v1/events`))
  })
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    const status = error.statusCode ?? 500
    if (status === 415) return send(reply, wrongContentType(request.headers['content-type']))
    if (status < 500) return send(reply, refusal(status, 'bad-request', error.message))
    logger?.error({ err: error }, 'ingress: unexpected')
    return send(reply, refusal(status, 'unexpected', 'the request failed unexpectedly'))
  })
  // Bodies and headers are not logged: they hold personal data and the token.
  app.addHook('onResponse', async (request, reply) => {
    logger?.debug(
      { method: request.method, path: request.url.split('?')[0], status: reply.statusCode, ms: reply.elapsedTime },
      'ingress: request',
    )
  })
}

const send = (reply: FastifyReply, { status, headers, body }: Answer): FastifyReply =>
  reply.code(status).headers(headers).send(body)
