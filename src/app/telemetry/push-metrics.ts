import type { Logger } from 'pino'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { insightsMetrics } from '../../telemetry/application-insights.js'
import { otlpExporter } from '../../telemetry/metrics/otlp-exporter.js'
import type { Meters } from '../../telemetry/metrics/meters.js'
import { startPush } from '../../telemetry/metrics/push.js'
import type { Config } from '../config/schema.js'

const INSIGHTS_TIMEOUT_MS = 10_000

/** Pushes metrics to where `telemetry` says. */
export const pushMetrics = async (
  meters: Meters,
  { config, version, logger, now }: Readonly<{ config: Config; version: string; logger: Logger; now: () => number }>,
): Promise<Readonly<{ close: () => Promise<void> }>> => {
  const { otlp, applicationInsights } = config.telemetry
  const resource = defaultResource().merge(
    resourceFromAttributes({
      'service.name': 'streamvane',
      'service.version': version,
      'service.instance.id': `${process.pid}`,
      'streamvane.tenant': config.tenant,
    }),
  )
  const common = { resource, logger, now }
  const pushes: Readonly<{ close: () => Promise<void> }>[] = []
  if (otlp !== undefined) {
    const { endpoint, headers, intervalMs, timeoutMs } = otlp
    const read = (): Readonly<Record<string, string>> =>
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.read()]))
    const exporter = await otlpExporter(endpoint, { headers: read, timeoutMs })
    pushes.push(startPush(meters, { ...common, to: 'otlp', exporter, everyMs: intervalMs, timeoutMs }))
  }
  if (applicationInsights !== undefined) {
    const { connectionString, intervalMs } = applicationInsights
    const exporter = await insightsMetrics(connectionString.read())
    const to = 'application-insights'
    pushes.push(startPush(meters, { ...common, to, exporter, everyMs: intervalMs, timeoutMs: INSIGHTS_TIMEOUT_MS }))
  }
  return { close: async () => void (await Promise.all(pushes.map((push) => push.close()))) }
}
