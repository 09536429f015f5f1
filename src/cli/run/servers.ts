import type { Logger } from 'pino'
import { ConfigError, type Config } from '../../app/config/schema.js'
import type { StageKind } from '../../app/pipeline/pipeline-options.js'
import type { Logs } from '../../app/pipeline/logs/logs.js'
import type { OpenMetrics } from '../../app/telemetry/open-metrics.js'
import type { FeedServer } from '../../http/feeds/server.js'
import type { Certificates } from '../../app/tls/certificates.js'
import { startHealthServer, type HealthServer, type HealthServerOptions } from '../../http/health-server.js'
import type { MetricsPage } from '../../http/metrics.js'
import type { RunningAdmin, serveAdmin } from '../admin/serve.js'
import { adminSettings } from '../admin/settings.js'
import { version } from '../version.js'

type Flags = Readonly<{ untilCaughtUp?: boolean; admin?: boolean; console?: boolean }>
type Served = Readonly<{ signal: AbortSignal; logger: Logger; certificates: Certificates }>

/** What `/metrics` serves; `undefined` where it is off. */
export const metricsPage = (
  { telemetry: { metrics } }: Config,
  opened: OpenMetrics | undefined,
): MetricsPage | undefined =>
  opened === undefined || !metrics.enabled
    ? undefined
    : {
        ...{ path: metrics.path, meters: opened.meters, isForAnyone: metrics.access === 'anyone' },
        ...(metrics.token !== undefined && { token: metrics.token }),
      }

/**
 * Serves health where `health.port` says. Without that setting the ingress does it at its own port (also where it takes
 * nothing by HTTP), a projector without one (or a merge) at the port after that, an egress alone at the next, points
 * alone at the third; if that is taken, the process runs without.
 */
export const healthServer = async (
  { health: { host, port }, ingress }: Config,
  only: readonly StageKind[],
  { health, signal, logger, metrics, certificates }: Pick<HealthServerOptions, 'health' | 'metrics'> & Served,
): Promise<HealthServer | undefined> => {
  const isIngress = only.includes('ingress')
  if (port === undefined && isIngress && ingress.enabled) return undefined
  const offset = isIngress
    ? 0
    : only.includes('projector') || only.includes('merge')
      ? 1
      : only.includes('egress')
        ? 2
        : 3
  try {
    const server = await startHealthServer({
      host,
      port: port ?? (ingress.port === 0 ? 0 : ingress.port + offset),
      health,
      isDraining: () => signal.aborted,
      metrics,
      certificate: certificates.of('health'),
    })
    logger.info({ url: server.url }, 'health: listening')
    return server
  } catch (cause) {
    if (port !== undefined || !(cause instanceof ConfigError)) throw cause
    logger.warn({ reason: cause.message }, 'health: not served; give this process a port by health.port')
    return undefined
  }
}

/** The admin API of this process, if it has one. Loaded here, because most of the program comes with it. */
export const adminServer = async (
  { admin, console: withConsole, untilCaughtUp }: Flags,
  process: Parameters<typeof serveAdmin>[1],
  only: readonly StageKind[],
  certificates: Certificates,
): Promise<RunningAdmin | undefined> => {
  if (untilCaughtUp === true && admin !== true && withConsole !== true) return undefined
  const writesRaw = only.includes('ingress') && untilCaughtUp !== true
  const settings = adminSettings(process.config, writesRaw)
  if (settings === undefined) return undefined
  // Only the process that has the raw log may say that it does. If it cannot be had, the ingress says why.
  if (writesRaw && (await process.logs.raw('writer').catch(() => undefined)) === undefined) return undefined
  return (await import('../admin/serve.js')).serveAdmin(settings, process, writesRaw, certificates.of('admin'))
}

/** Serves feeds to those who fetch them, in the process that runs the stage `feeds`. */
export const feedServer = async (
  { untilCaughtUp }: Flags,
  process: Readonly<{ config: Config; logs: Logs; logger: Logger; now: () => number }>,
  only: readonly StageKind[],
  certificates: Certificates,
): Promise<FeedServer | undefined> => {
  const { server } = process.config.feeds
  if (server === undefined || untilCaughtUp === true || !only.includes('feeds')) return undefined
  const { startFeedServer } = await import('../../http/feeds/server.js')
  const running = await startFeedServer(server, { ...process, version: version() }, certificates.of('feeds'))
  process.logger.info({ url: running.url }, 'feeds: listening')
  return running
}
