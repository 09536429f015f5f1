import {
  createTraceState,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Link,
  type Span,
  type SpanContext,
  type SpanKind,
  type Tracer,
} from '@opentelemetry/api'
import type { TraceContext } from '../../log/trace-context.js'

/** Links of one span, at most. */
export const LINKS_MAX = 32

export type SpanOf = Readonly<{
  name: string
  kind: SpanKind
  /** Absent: the span begins a trace. */
  parent?: TraceContext | undefined
  links?: readonly TraceContext[]
  attributes?: Attributes
  /** Epoch milliseconds; absent: now. */
  beganAt?: number
}>

export const startSpan = (
  tracer: Tracer,
  { name, kind, parent, links = [], attributes = {}, beganAt }: SpanOf,
): Span => {
  const within = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remoteContext(parent))
  const options = { kind, attributes, links: links.slice(0, LINKS_MAX).map(linkTo), root: parent === undefined }
  return tracer.startSpan(name, { ...options, startTime: beganAt ?? epochNow() }, within)
}

/** `failure`: why what the span stands for did not succeed. */
export const endSpan = (span: Span, failure?: string, endedAt = epochNow()): void => {
  if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure })
  span.end(endedAt)
}

export const contextOf = (span: Span): TraceContext => {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  const state = traceState?.serialize()
  const sampled = (traceFlags & TraceFlags.SAMPLED) !== 0
  return { traceId, spanId, sampled, ...(state !== undefined && state !== '' && { state }) }
}

const linkTo = (context: TraceContext): Link => ({ context: remoteContext(context) })

const remoteContext = ({ traceId, spanId, sampled, state }: TraceContext): SpanContext => ({
  ...{ traceId, spanId, isRemote: true, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE },
  ...(state !== undefined && { traceState: createTraceState(state) }),
})

/** More than this apart, the monotonic clock is set by the wall clock again. */
const DRIFT_MAX_MS = 20
let origin = performance.timeOrigin

/** Epoch milliseconds with their fractions, which `Date.now` lacks: a fold takes less than one. */
export const epochNow = (): number => {
  const [wall, monotonic] = [Date.now(), performance.now()]
  if (Math.abs(origin + monotonic - wall) > DRIFT_MAX_MS) origin = wall - monotonic
  return origin + monotonic
}
