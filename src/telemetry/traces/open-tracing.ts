import type { SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { Tracing } from './tracing.js'

/** Which process this is, as its spans name it. */
export type Described = Readonly<{ version: string; tenant: string; stages: readonly string[] }>

export type TracesTo = Readonly<{
  sampleRatio: number
  otlp?: OtlpTo | undefined
  /** The connection string of Application Insights. */
  applicationInsights?: string | undefined
}>

type OtlpTo = Readonly<{
  /** Base address of a collector that takes OTLP by HTTP. */
  endpoint: string
  headers: Readonly<Record<string, string>>
  /** How long one request may take. */
  timeoutMs: number
}>

/** Opens traces, to each receiver that is given. The SDK is loaded here, because most processes have none. */
export const openTracing = async (
  { sampleRatio, otlp, applicationInsights }: TracesTo,
  { version, tenant, stages }: Described,
): Promise<Tracing> => {
  const [{ otelTracing }, { defaultResource, resourceFromAttributes }] = await Promise.all([
    import('./otel-tracing.js'),
    import('@opentelemetry/resources'),
  ])
  const resource = defaultResource().merge(
    resourceFromAttributes({
      'service.name': 'streamvane',
      'service.version': version,
      'service.instance.id': `${process.pid}`,
      'streamvane.tenant': tenant,
      'streamvane.stages': [...stages],
    }),
  )
  const exporters = [
    ...(otlp === undefined ? [] : [await otlpSpans(otlp)]),
    ...(applicationInsights === undefined
      ? []
      : [await (await import('../application-insights.js')).insightsSpans(applicationInsights)]),
  ]
  return otelTracing({ sampleRatio, exporters, resource })
}

const otlpSpans = async ({ endpoint, headers, timeoutMs }: OtlpTo): Promise<SpanExporter> => {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto')
  return new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers,
    timeoutMillis: timeoutMs,
  })
}
