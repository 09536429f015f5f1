import { randomBytes } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { AdminConfig } from '../../app/config/admin-schema.js'
import { Jobs } from '../../app/jobs/jobs.js'
import type { FollowedCertificate } from '../../app/tls/followed-certificate.js'
import { bearerCheck } from '../bearer.js'
import { clientNames, listen, serverFactory } from '../listener.js'
import { authentication, type Authenticate } from './access/authentication.js'
import { addConsole } from '../console/console.js'
import { addMetricsRoute } from '../metrics.js'
import type { Principal } from './access/roles.js'
import { IdempotentAnswers } from './answers/idempotency.js'
import { isExpectedProblem, ProblemError, problemOf } from './answers/problem.js'
import { cacheHeaders, sendProblem } from './answers/sending.js'
import { Audit } from './audit.js'
import { runCall, type CallOptions } from './calls.js'
import { addJobRoutes } from './job-routes.js'
import { openApi } from './openapi/document.js'
import type { AdminProcess, Operation } from './operation.js'
import { operations as table } from './operations/table.js'
import { addRawWriteRoutes } from './raw-writes/routes.js'

export type AdminServerOptions = Readonly<{
  settings: AdminConfig
  process: AdminProcess
  /** Default: the table. */
  operations?: readonly Operation[]
  /** Nothing is changed by way of this server. Default: false. */
  isReadOnly?: boolean
  /** Absent: plain HTTP. */
  certificate?: FollowedCertificate | undefined
}>

export type AdminServer = Readonly<{
  url: string
  /** For commands on this machine: whoever may read the data folder. New with each start. */
  localToken: string
  /** An address of the console that signs `operator` in with all roles: good once, for a minute. */
  consoleUrl: (operator: string) => string
  /** Takes no more calls, stops the jobs, and resolves once they have stopped and nobody is connected. */
  close: () => Promise<void>
}>

const REQUEST_MAX_MS = 60_000
/** How long `close` waits for jobs to stop. */
const STOP_MAX_MS = 15_000
/** How long it then waits for answers that are being sent. */
const DRAIN_MAX_MS = 5_000

/** Serves the admin API. Throws `ConfigError` when it cannot listen where it should. */
export const startAdminServer = async (options: AdminServerOptions): Promise<AdminServer> => {
  const { settings, process, isReadOnly = false, certificate } = options
  const { operations = isReadOnly ? table.map(refused) : table } = options
  const { logger, now, config } = process
  const localToken = randomBytes(32).toString('base64url')
  const isLocal = bearerCheck(localToken)
  const jobs = new Jobs({ ...settings.jobs, now, problemOf })
  const audit = new Audit(process.logs, config.tenant, logger, now)
  const closing = new AbortController()
  const authenticate = authentication({
    ...{ settings, local: { token: localToken, tenant: config.tenant }, now },
    onRefused: (why) => logger.warn({ why }, 'admin: a token was refused'),
  })
  const app = Fastify({
    ...{ logger: false, bodyLimit: settings.bodyMaxBytes, exposeHeadRoutes: false },
    forceCloseConnections: 'idle',
    // Commands of this machine read their token in the data folder, and have no certificate.
    serverFactory: serverFactory({
      ...{ certificate, logger, requestMaxMs: REQUEST_MAX_MS },
      mayLackCertificate: ({ headers }) => isLocal(headers.authorization),
    }),
  })
  app.decorateRequest('principal', null)
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(cacheHeaders)
    if (closing.signal.aborted)
      throw new ProblemError('not-available', 'this process is stopping', { headers: { connection: 'close' } })
  })
  addFallbacks(app, operations, process)
  const byToken = signedIn(authenticate, audit)
  const console_ = settings.console.enabled
    ? await addConsole(app, {
        ...{ settings, process, audit, isReadOnly, byToken },
        closing: closing.signal,
      })
    : undefined
  const principalOf: PrincipalOf = async (request) =>
    (request.headers.authorization === undefined ? console_?.principalOf(request) : undefined) ?? byToken(request)
  const callOptions = {
    process,
    jobs,
    audit,
    idempotent: new IdempotentAnswers(now),
    answerMaxMs: settings.answerMaxMs,
  }
  app.get('/v1/openapi.json', (_request, reply) => reply.send(openApi(operations, process.version)))
  for (const operation of operations) addOperation(app, operation, principalOf, callOptions)
  addJobRoutes(app, { process, jobs, operations, principalOf, keptMax: settings.jobs.keptMax, closing: closing.signal })
  // Not by a session of a browser.
  addRawWriteRoutes(app, process, byToken)
  addMetricsRoute(app, process.metrics, settings.host, byToken)
  const url = await listen(app, {
    ...{ host: settings.host, port: settings.port, certificate },
    ...{ what: 'the admin API cannot listen', keys: 'admin.host, admin.port' },
  })
  const close = async (): Promise<void> => {
    closing.abort()
    const stopped = await Promise.race([jobs.close().then(() => true), afterMs(STOP_MAX_MS)])
    if (!stopped) logger.warn({ withinMs: STOP_MAX_MS }, 'admin: a job did not stop in time and is left')
    const atLast = setTimeout(() => app.server.closeAllConnections(), DRAIN_MAX_MS)
    await app.close().finally(() => clearTimeout(atLast))
  }
  const consoleUrl = (operator: string): string => {
    const principal: Principal = {
      ...{ kind: 'local', name: operator, roles: ['operator', 'auditor'], tenants: [config.tenant] },
    }
    const code = console_?.newCode(principal)
    if (code === undefined) throw new Error('this server serves no console')
    return `${url.replace(/\/\/(0\.0\.0\.0|\[::\])/, '//127.0.0.1')}/console/#code=${code}`
  }
  return { url, localToken, consoleUrl, close }
}

/** The same operation where nothing may be changed. */
const refused = (operation: Operation): Operation =>
  operation.access !== 'change' || operation.kind === 'list' || operation.kind === 'download'
    ? operation
    : {
        ...operation,
        kind: 'answer',
        isAudited: false,
        run: () =>
          Promise.reject(
            new ProblemError(
              'conflict',
              'this console reads only: it was started over a folder by `streamvane console`. Use the admin API of the process that runs',
            ),
          ),
      }

const afterMs = (ms: number): Promise<false> => new Promise((resolve) => setTimeout(() => resolve(false), ms).unref())

type PrincipalOf = (request: FastifyRequest) => Promise<Principal>

/** Who calls; a refused sign-in stands in the audit log. */
const signedIn =
  (authenticate: Authenticate, audit: Audit): PrincipalOf =>
  async (request) => {
    try {
      return await authenticate(request.headers.authorization, request.ip, clientNames(request.raw.socket))
    } catch (cause) {
      if (cause instanceof ProblemError && cause.problem.status !== 503)
        await audit.refuse(
          {
            ...{ operation: 'admin call', by: 'nobody', via: 'api', why: undefined },
            details: { method: request.method, path: pathOf(request), from: request.ip },
          },
          cause.problem.title,
        )
      throw cause
    }
  }

const addOperation = (
  app: FastifyInstance,
  operation: Operation,
  principalOf: PrincipalOf,
  options: CallOptions,
): void => {
  app.route<{ Params: { tenant: string } }>({
    method: operation.method,
    url: `/v1/tenants/:tenant${operation.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    // Before the body is read: only those who have signed in may send one.
    onRequest: async (request) => {
      const principal = await principalOf(request)
      const { tenant } = request.params
      if (tenant !== options.process.config.tenant || !principal.tenants.includes(tenant))
        throw new ProblemError('not-found', `this process serves no tenant ${tenant.slice(0, 100)} to this token`)
      request.setDecorator('principal', principal)
    },
    handler: (request, reply) => runCall(operation, request.getDecorator('principal'), request, reply, options),
  })
}

const addFallbacks = (app: FastifyInstance, operations: readonly Operation[], { logger }: AdminProcess): void => {
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request)
    const allowed = operations.filter((operation) => patternOf(operation).test(path)).map(({ method }) => method)
    const [problem, headers] =
      allowed.length > 0
        ? [new ProblemError('method-not-allowed', `${request.method} is not taken here`), { allow: allowed.join(', ') }]
        : [new ProblemError('not-found', 'nothing is at this path; GET /v1/openapi.json lists what there is'), {}]
    return sendProblem(request, reply, problem.problem, headers)
  })
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    if (error instanceof ProblemError) return sendProblem(request, reply, error.problem, error.headers)
    const status = error.statusCode
    if (status === 413) return sendProblem(request, reply, problemOf(tooLarge))
    if (status !== undefined && status < 500)
      return sendProblem(request, reply, problemOf(new ProblemError('bad-request', error.message)))
    if (!isExpectedProblem(error)) logger.error({ err: error, path: pathOf(request) }, 'admin: unexpected')
    return sendProblem(request, reply, problemOf(error))
  })
  // Bodies, queries and headers are not logged: they hold personal data and tokens.
  app.addHook('onResponse', async (request, reply) => {
    const { method } = request
    logger.debug({ method, path: pathOf(request), status: reply.statusCode, ms: reply.elapsedTime }, 'admin: request')
  })
}

const tooLarge = new ProblemError('too-large', 'the body is larger than admin.bodyMaxBytes: send it in parts')

const patternOf = ({ path }: Operation): RegExp =>
  new RegExp(`^/v1/tenants/[^/]+${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)

const pathOf = ({ url }: FastifyRequest): string => (url.split('?')[0] as string).slice(0, 200)
