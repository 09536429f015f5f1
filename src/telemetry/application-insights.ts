import { SpanKind } from '@opentelemetry/api'
import type * as Insights from '@azure/monitor-opentelemetry-exporter'
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base'

/** Loaded where it is configured, because most processes have none of it. */
const exporters = (): Promise<typeof Insights> => {
  // Both are read when an exporter is made: figures of its own use, which it would send to Microsoft.
  process.env['APPLICATION_INSIGHTS_NO_STATSBEAT'] ??= '1'
  process.env['APPLICATIONINSIGHTS_STATSBEAT_DISABLED'] ??= '1'
  return import('@azure/monitor-opentelemetry-exporter')
}

/** Nothing is kept on disk for a receiver that is away. */
const optionsOf = (connectionString: string) => ({ connectionString, disableOfflineStorage: true })

/**
 * Metrics to Application Insights of Azure Monitor, by the names of the catalogue. The exporter makes `https` of an
 * ingestion endpoint that is written with `http`.
 */
export const insightsMetrics = async (connectionString: string): Promise<PushMetricExporter> =>
  new (await exporters()).AzureMonitorMetricExporter(optionsOf(connectionString))

/** Spans to Application Insights: those of servers and consumers become requests, the others dependencies. */
export const insightsSpans = async (connectionString: string): Promise<SpanExporter> => {
  const exporter: SpanExporter = new (await exporters()).AzureMonitorTraceExporter(optionsOf(connectionString))
  return {
    export: (spans, done) => exporter.export(spans.map(withOperation), done),
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  }
}

/** The exporter takes the name of a request from the operation, which it knows of servers alone. */
const withOperation = (span: ReadableSpan): ReadableSpan =>
  span.kind === SpanKind.CONSUMER
    ? (Object.create(span, {
        attributes: { value: { ...span.attributes, 'ai.operation.name': span.name } },
      }) as ReadableSpan)
    : span
