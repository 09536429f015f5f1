import Fastify from 'fastify'
import type { HealthReport } from '../app/pipeline/health.js'
import type { FollowedCertificate } from '../app/tls/followed-certificate.js'
import { refusal } from './answer.js'
import { addHealthRoutes, isForProbes } from './health.js'
import { listen, serverFactory } from './listener.js'
import { addMetricsRoute, type MetricsPage } from './metrics.js'

export type HealthServerOptions = Readonly<{
  host: string
  /** 0 takes a free one. */
  port: number
  health: () => HealthReport
  /** The process is stopping: its stages finish what they began. */
  isDraining: () => boolean
  /** Absent: none. */
  metrics?: MetricsPage | undefined
  /** Absent: plain HTTP. */
  certificate?: FollowedCertificate | undefined
}>

/** The connection is closed if a request takes longer than this to arrive. */
const REQUEST_MAX_MS = 10_000
/** Nobody has to send a body. */
const BODY_MAX_BYTES = 1_024

export type HealthServer = Readonly<{ url: string; close: () => Promise<void> }>

/**
 * `GET /livez` and `/readyz`, and `/metrics` where they are on, for a process that takes no events in. Throws `ConfigError` when it
 * cannot listen where it should.
 */
export const startHealthServer = async ({
  host,
  port,
  health,
  isDraining,
  metrics,
  certificate,
}: HealthServerOptions): Promise<HealthServer> => {
  const app = Fastify({
    ...{ logger: false, forceCloseConnections: true, bodyLimit: BODY_MAX_BYTES },
    serverFactory: serverFactory({ certificate, requestMaxMs: REQUEST_MAX_MS, mayLackCertificate: isForProbes }),
  })
  addHealthRoutes(app, health, isDraining)
  addMetricsRoute(app, metrics, host)
  const { status, body } = refusal(404, 'not-found', 'there are GET /livez, /readyz and /readyz/<stage>')
  app.setNotFoundHandler((_request, reply) => reply.code(status).send(body))
  const url = await listen(app, { host, port, what: 'health cannot listen', keys: 'health', certificate })
  return { url, close: () => app.close() }
}
