import type { Tracing } from './tracing.js'

/** Which process this is, as its spans name it. */
export type Described = Readonly<{ version: string; tenant: string; stages: readonly string[] }>

export type TracesTo = Readonly<{
  sampleRatio: number
  /** Base address of a collector that takes OTLP by HTTP. */
  endpoint: string
  headers: Readonly<Record<string, string>>
  /** How long one request may take. */
  timeoutMs: number
}>

/** Opens traces. The SDK is loaded here, because most processes have none. */
export const openTracing = async (
  { sampleRatio, endpoint, headers, timeoutMs }: TracesTo,
  { version, tenant, stages }: Described,
): Promise<Tracing> => {
  const [{ otelTracing }, { OTLPTraceExporter }, { defaultResource, resourceFromAttributes }] = await Promise.all([
    import('./otel-tracing.js'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
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
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers,
    timeoutMillis: timeoutMs,
  })
  return otelTracing({ sampleRatio, exporters: [exporter], resource })
}
