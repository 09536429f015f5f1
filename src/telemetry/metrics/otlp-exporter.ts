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
