import { z } from 'zod'
import { httpUrl, secret } from './secrets/secret-schema.js'

/** What the process tells of itself, and to whom (docs/telemetry). Nothing is sent where nothing is configured. */
export const telemetrySchema = z.strictObject({
  /** What Prometheus reads, from the ingress, the health server and the admin API. */
  metrics: z
    .strictObject({
      enabled: z.boolean().default(true),
      path: z
        .string()
        .regex(/^(\/[\w.-]+)+$/, 'a path as /metrics')
        .default('/metrics'),
      /** Bearer token that a reader has to have. */
      token: secret.optional(),
      /** `anyone`: also a server that listens beyond loopback gives metrics without a token. */
      access: z.enum(['token', 'anyone']).default('token'),
    })
    .prefault({}),
  /** A collector that takes OTLP by HTTP with protobuf. */
  otlp: z
    .strictObject({
      /** Base address, as http://collector:4318: metrics go to `/v1/metrics` below it, traces to `/v1/traces`. */
      endpoint: httpUrl,
      /** Headers of each request. Their values are secrets. */
      headers: z.record(z.string().regex(/^[\w-]+$/, 'the name of a header'), secret).default({}),
      intervalMs: z.number().int().min(1_000).max(3_600_000).default(30_000),
      /** How long one request may take. */
      timeoutMs: z.number().int().min(100).max(60_000).default(5_000),
    })
    .optional(),
  /** Application Insights of Azure Monitor. */
  applicationInsights: z
    .strictObject({
      connectionString: secret,
      intervalMs: z.number().int().min(1_000).max(3_600_000).default(60_000),
    })
    .optional(),
  /** Traces of events from the request to the transaction; absent: none. */
  traces: z
    .strictObject({
      /** Share of the traces begun here that are sampled. What a sender samples by `traceparent` is sampled here. */
      sampleRatio: z.number().min(0).max(1).default(0.01),
    })
    .optional(),
})

export type TelemetrySettings = z.output<typeof telemetrySchema>

/** A fault of the settings as a whole: what is wrong with traces. */
export const telemetryFault = ({ otlp, applicationInsights, traces }: TelemetrySettings): string | undefined =>
  traces !== undefined && otlp === undefined && applicationInsights === undefined
    ? 'traces go nowhere: say where by telemetry.otlp.endpoint or telemetry.applicationInsights.connectionString'
    : undefined
