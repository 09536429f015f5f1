import { SpanKind, type Tracer } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base'
import { readTraceContext } from '../../log/trace-context.js'
import { egressTrace } from './egress-trace.js'
import { projectorTrace } from './projector-trace.js'
import { contextOf, endSpan, LINKS_MAX, startSpan } from './spans.js'
import type { Tracing } from './tracing.js'

export type OtelTracingOptions = Readonly<{
  /** Share of the traces begun here that are sampled: 0 to 1. A trace that a sender began is as that decided. */
  sampleRatio: number
  /** Each gets every span. What they do not take is lost after a while: telemetry holds up no event. */
  exporters: readonly SpanExporter[]
  resource: Resource
}>

/** Spans that wait to be sent, at most; those beyond are dropped. */
const QUEUE_MAX = 4_096
const EXPORT_MAX = 512
const EXPORT_EVERY_MS = 2_000
const EXPORT_TIMEOUT_MS = 10_000

/** Traces by OpenTelemetry's SDK. */
export const otelTracing = ({ sampleRatio, exporters, resource }: OtelTracingOptions): Tracing => {
  const provider = new BasicTracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanLimits: { linkCountLimit: LINKS_MAX, attributeValueLengthLimit: 500 },
    spanProcessors: exporters.map(
      (exporter) =>
        new BatchSpanProcessor(exporter, {
          ...{ maxQueueSize: QUEUE_MAX, maxExportBatchSize: EXPORT_MAX },
          ...{ scheduledDelayMillis: EXPORT_EVERY_MS, exportTimeoutMillis: EXPORT_TIMEOUT_MS },
        }),
    ),
  })
  const tracer = provider.getTracer('streamvane')
  return {
    request: (headers) => requestTrace(tracer, headers),
    storing: (parent, source) => storingTrace(tracer, parent, source),
    projector: (generation) => projectorTrace(tracer, generation),
    egress: (sink) => egressTrace(tracer, sink),
    close: () => provider.shutdown().catch(() => undefined), // a collector that is away holds up no end
  }
}

const requestTrace = (tracer: Tracer, headers: Parameters<Tracing['request']>[0]): ReturnType<Tracing['request']> => {
  const { traceparent, tracestate } = headers as Readonly<Record<string, string | undefined>>
  const span = startSpan(tracer, {
    name: 'POST /v1/events',
    kind: SpanKind.SERVER,
    parent: readTraceContext(traceparent, tracestate),
    attributes: { 'http.request.method': 'POST', 'http.route': '/v1/events', 'url.path': '/v1/events' },
  })
  return {
    context: contextOf(span),
    answered: (status) => {
      span.setAttribute('http.response.status_code', status)
      // By the conventions for HTTP an answer of 4xx is no error of the server.
      endSpan(span, status >= 500 ? `answered ${status}` : undefined)
    },
  }
}

const storingTrace: (
  tracer: Tracer,
  parent: Parameters<Tracing['storing']>[0],
  source: string,
) => ReturnType<Tracing['storing']> = (tracer, parent, source) => {
  if (parent?.sampled === false) return undefined
  const span = startSpan(tracer, {
    ...{ name: 'append raw events', kind: SpanKind.PRODUCER, parent },
    attributes: {
      'messaging.system': 'streamvane',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'raw log',
      'streamvane.source': source,
    },
  })
  const context = contextOf(span)
  if (!context.sampled) return undefined
  return {
    context,
    ended: ({ stored, deadLettered, failure }) => {
      if (stored !== undefined) span.setAttribute('messaging.batch.message_count', stored)
      if (deadLettered !== undefined) span.setAttribute('streamvane.dead_lettered', deadLettered)
      endSpan(span, failure)
    },
  }
}
