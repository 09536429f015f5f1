import type { Logger } from 'pino'
import { Meters } from '../../telemetry/metrics/meters.js'
import { processGauges, watchEventLoop } from '../../telemetry/metrics/process-gauges.js'
import { stageMeters, type StageMeters } from '../../telemetry/metrics/stage-meters.js'
import type { Config } from '../config/schema.js'
import { kafkaSinks } from '../config/sinks/egress-sinks.js'
import type { HealthReport } from '../pipeline/health.js'
import type { Logs } from '../pipeline/logs/logs.js'
import type { StageHandle } from '../pipeline/stage.js'
import type { CertificateState } from '../tls/followed-certificate.js'
import { certificateGauges } from './certificate-gauges.js'
import { diskGauges } from './disk-gauges.js'
import { logGauges } from './log-gauges.js'
import { lookedAt } from './looked-at.js'
import { stageGauges } from './stage-gauges.js'

export type MetricsOptions = Readonly<{
  config: Config
  logs: Logs
  stages: () => readonly StageHandle[]
  health: () => HealthReport
  isDraining: () => boolean
  certificates: () => readonly CertificateState[]
  /** Whether rows are published by this process. */
  publishes: boolean
  version: string
  logger: Logger
  now: () => number
}>

/** The metrics of a process that runs stages. `close` pushes what is to be pushed once more, within a few seconds. */
export type OpenMetrics = Readonly<{ meters: Meters; stages: StageMeters; close: () => Promise<void> }>

/** What costs much to look at is looked at so often, at most; a reading waits so long for it. */
const LOOK = { everyMs: 60_000, waitMs: 2_000 }

/**
 * Begins to measure; `undefined` where metrics are neither served nor pushed. Nothing of OpenTelemetry is loaded unless
 * they are pushed.
 */
export const openMetrics = async (options: MetricsOptions): Promise<OpenMetrics | undefined> => {
  const { config, logs, publishes, version, logger, now } = options
  const { metrics, otlp, applicationInsights } = config.telemetry
  const isPushed = otlp !== undefined || applicationInsights !== undefined
  if (!metrics.enabled && !isPushed) return undefined
  const meters = new Meters()
  const stages = stageMeters(meters)
  const { tenant, data } = config
  meters.tell(processGauges(version))
  meters.tell(stageGauges(options.stages, options))
  meters.tell(logGauges({ tenant, data, logs, folds: [stages.projector, stages.points, stages.merge], now }))
  meters.tell(certificateGauges(options.certificates))
  meters.tell(lookedAt(() => diskGauges(data), { ...LOOK, now }))
  if (publishes && kafkaSinks(config.egress).length > 0) {
    const { kafkaGauges } = await import('./kafka-gauges.js')
    const quiet = logger.child({}, { level: 'silent' })
    meters.tell(lookedAt(() => kafkaGauges(config, quiet, now()), { ...LOOK, now }))
  }
  const stop = watchEventLoop(meters)
  const pushes = isPushed ? await (await import('./push-metrics.js')).pushMetrics(meters, options) : undefined
  return {
    meters,
    stages,
    close: async () => {
      stop()
      await pushes?.close()
    },
  }
}
