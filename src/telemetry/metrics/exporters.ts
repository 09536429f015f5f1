import type { PushMetricExporter } from '@opentelemetry/sdk-metrics'

/** OTLP by HTTP with protobuf. `headers` are read at every push, so that a token that was renewed is used. */
export const otlpExporter = async (
  endpoint: string,
  { headers, timeoutMs }: Readonly<{ headers: () => Readonly<Record<string, string>>; timeoutMs: number }>,
): Promise<PushMetricExporter> => {
  const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto')
  return new OTLPMetricExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/metrics`,
    headers: () => Promise.resolve({ ...headers() }),
    timeoutMillis: timeoutMs,
  })
}

/** Azure Monitor. Its exporter keeps nothing on disk, and tells Microsoft nothing of itself beside the metrics. */
export const applicationInsightsExporter = async (connectionString: string): Promise<PushMetricExporter> => {
  // Both are read when the exporter is made: figures of its own use, which it would send to Microsoft.
  process.env['APPLICATION_INSIGHTS_NO_STATSBEAT'] ??= '1'
  process.env['APPLICATIONINSIGHTS_STATSBEAT_DISABLED'] ??= '1'
  const { AzureMonitorMetricExporter } = await import('@azure/monitor-opentelemetry-exporter')
  return new AzureMonitorMetricExporter({ connectionString, disableOfflineStorage: true })
}
