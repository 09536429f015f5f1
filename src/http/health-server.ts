import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import type { HealthReport } from '../app/pipeline/health.js'
import { ConfigError } from '../app/config/schema.js'
import { refusal } from './answer.js'
import { addHealthRoutes } from './health.js'
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
}>

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
}: HealthServerOptions): Promise<HealthServer> => {
  const app = Fastify({ logger: false, forceCloseConnections: true })
  addHealthRoutes(app, health, isDraining)
  addMetricsRoute(app, metrics, host)
  const { status, body } = refusal(404, 'not-found', 'there are GET /livez, /readyz and /readyz/<stage>')
  app.setNotFoundHandler((_request, reply) => reply.code(status).send(body))
  await app.listen({ host: host.replace(/^\[(.*)\]$/, '$1'), port }).catch((cause: unknown) => {
    throw new ConfigError(`health cannot listen on ${host}, port ${port}: ${(cause as Error).message}`)
  })
  const { port: bound } = app.server.address() as AddressInfo
  const shown = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  return { url: `http://${shown}:${bound}`, close: () => app.close() }
}
