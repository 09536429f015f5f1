import { emptyResource } from '@opentelemetry/resources'
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { onTestFinished } from 'vitest'
import { otelTracing } from '../../../src/telemetry/traces/otel-tracing.js'
import type { Tracing } from '../../../src/telemetry/traces/tracing.js'

/** Traces whose spans are kept in memory. `ended` gives those that have ended. */
export const recordedTracing = (
  sampleRatio = 1,
): Readonly<{ tracing: Tracing; ended: () => Promise<readonly ReadableSpan[]> }> => {
  const exporter = new InMemorySpanExporter()
  // `shutdown` empties the exporter.
  const spans: ReadableSpan[] = []
  const tracing = otelTracing({
    sampleRatio,
    resource: emptyResource(),
    exporters: [
      {
        export: (batch, done) => {
          spans.push(...batch)
          exporter.export(batch, done)
        },
        shutdown: () => exporter.shutdown(),
      },
    ],
  })
  onTestFinished(() => tracing.close())
  return { tracing, ended: () => tracing.close().then(() => spans) }
}
