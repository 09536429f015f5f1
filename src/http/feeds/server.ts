import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { FeedServerSettings } from '../../app/config/feeds/feed-schema.js'
import { feedPlans } from '../../app/feeds/plans.js'
import type { FeedPlan } from '../../app/feeds/records/plan.js'
import type { FollowedCertificate } from '../../app/tls/followed-certificate.js'
import { layoutSchemaOf } from '../../app/feeds/layout/schema.js'
import { chosenLayout } from '../../app/operations/feeds/preview.js'
import { isExpectedProblem, ProblemError, problemOf } from '../admin/answers/problem.js'
import { cacheHeaders, sendProblem } from '../admin/answers/sending.js'
import { listen, serverFactory } from '../listener.js'
import { FailedAttempts } from '../admin/access/failed-attempts.js'
import { feedTokenCheck, type FeedReader } from './access.js'
import { answerPage, feedQuery } from './answer.js'
import { feedsOpenApi } from './openapi.js'
import type { FeedProcess } from './process.js'

export type FeedServer = Readonly<{ url: string; close: () => Promise<void> }>

const REQUEST_MAX_MS = 30_000

/**
 * Serves feeds to those who fetch them: planners and programmes of other companies. It listens apart from the admin API,
 * because they are to reach nothing else. A token sees its own feeds; of others it cannot tell whether they exist. Throws
 * `ConfigError` when it cannot listen.
 */
export const startFeedServer = async (
  settings: FeedServerSettings,
  process: FeedProcess,
  certificate?: FollowedCertificate,
): Promise<FeedServer> => {
  const plans = new Map(feedPlans(process.config).map((plan) => [plan.settings.name, plan] as const))
  const app = Fastify({
    ...{ logger: false, bodyLimit: 1024, exposeHeadRoutes: true, forceCloseConnections: 'idle' },
    serverFactory: serverFactory({ certificate, requestMaxMs: REQUEST_MAX_MS, logger: process.logger }),
  })
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ ...cacheHeaders, 'cache-control': 'private, no-cache' })
  })
  const readerOf = signIn(settings, process)
  const seen = (reader: FeedReader): readonly FeedPlan[] => reader.feeds.flatMap((name) => plans.get(name) ?? [])
  const planFor = (request: FastifyRequest<{ Params: { feed: string } }>): FeedPlan => {
    const { feed } = request.params
    const plan = seen(readerOf(request)).find(({ settings: { name } }) => name === feed)
    if (plan === undefined) throw new ProblemError('not-found', 'this token fetches no feed of this name')
    return plan
  }
  app.get('/openapi.json', (_request, reply) => reply.send(feedsOpenApi(process.version)))
  app.get('/feeds', (request, reply) =>
    reply.send({
      feeds: seen(readerOf(request)).map(({ settings, layouts }) => ({
        ...{ name: settings.name, doc: settings.doc, interval: settings.interval, zone: settings.zone.name },
        versions: layouts.map(({ settings: { version, format } }) => ({ version, format })),
      })),
    }),
  )
  app.get<{ Params: { feed: string } }>('/feeds/:feed/schema', (request, reply) => {
    const plan = planFor(request)
    const { version } = feedQuery({ ...(request.query as object), from: '1970-01-01', to: '1970-01-02' })
    return reply.type('application/schema+json').send(layoutSchemaOf(plan, chosenLayout(plan, version)))
  })
  app.get<{ Params: { feed: string } }>('/feeds/:feed', (request, reply) =>
    answerPage(request, reply, planFor(request), { process, intervalsMax: settings.intervalsMax }),
  )
  addFallbacks(app, process)
  const { host, port } = settings
  const url = await listen(app, { host, port, what: 'feeds cannot be served', keys: 'feeds.server', certificate })
  return { url, close: () => app.close() }
}

/** Who asks. Throws `ProblemError`; refused tokens are counted by address. */
const signIn = ({ tokens, failedPerMinuteMax }: FeedServerSettings, { now, logger }: FeedProcess) => {
  const check = feedTokenCheck(tokens, now)
  const failed = new FailedAttempts(failedPerMinuteMax, now)
  return (request: FastifyRequest): FeedReader => {
    const waitS = failed.waitS(request.ip)
    if (waitS > 0)
      throw new ProblemError(
        'too-many-requests',
        `too many refused tokens from this address; try again in ${waitS} s`,
        {
          headers: { 'retry-after': String(waitS) },
        },
      )
    const token = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
    const reader = token === undefined ? undefined : check(token)
    if (reader !== undefined) return reader
    if (token !== undefined) {
      failed.failed(request.ip)
      logger.warn({ from: request.ip }, 'feeds: an unknown or expired token was refused')
    }
    throw new ProblemError('unauthorized', 'send a valid token as Authorization: Bearer <token>', {
      headers: { 'www-authenticate': 'Bearer realm="streamvane-feeds"' },
    })
  }
}

const addFallbacks = (app: FastifyInstance, { logger }: FeedProcess): void => {
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      request,
      reply,
      new ProblemError('not-found', 'there are GET /feeds, /feeds/<name>, /feeds/<name>/schema and /openapi.json')
        .problem,
    ),
  )
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    if (error instanceof ProblemError) return sendProblem(request, reply, error.problem, error.headers)
    if (error.statusCode !== undefined && error.statusCode < 500)
      return sendProblem(request, reply, problemOf(new ProblemError('bad-request', error.message)))
    if (!isExpectedProblem(error)) logger.error({ err: error }, 'feeds: unexpected')
    return sendProblem(request, reply, problemOf(error))
  })
  // No query and no header: they say who reads what.
  app.addHook('onResponse', async (request, reply) => {
    const [path] = request.url.split('?')
    logger.debug({ path, status: reply.statusCode, ms: reply.elapsedTime }, 'feeds: request')
  })
}
