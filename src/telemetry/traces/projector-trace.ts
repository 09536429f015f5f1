import { SpanKind, type Span, type Tracer } from '@opentelemetry/api'
import type { Position } from '../../log/event-log.js'
import { traceContextIn, writeTraceContext, type TraceContext } from '../../log/trace-context.js'
import { fanIn } from './fan-in.js'
import { contextOf, endSpan, epochNow, startSpan } from './spans.js'
import type { ProjectorTrace } from './tracing.js'

/** Sampled contexts that wait for their append, at most: those beyond are not followed. */
const PENDING_MAX = 128

/** Sampled events of one context that were received and not appended yet. */
type Pending = {
  readonly context: TraceContext
  readonly first: Position
  last: Position
  events: number
  readonly receivedAt: number
  decodedAt?: number
  foldedAt?: number
}

/**
 * Keeps what became of the sampled events that a projector was given until the append that holds their rows, and makes
 * the spans then: `process raw events` (received → durable) with `decode`, `fold` and `append rows` in it.
 */
export const projectorTrace = (tracer: Tracer, generation: string): ProjectorTrace => {
  let pending: Pending[] = []

  const take = (through: Position): readonly Pending[] => {
    const taken = pending.filter(({ first }) => first <= through)
    pending = pending.flatMap((each) => {
      if (each.last <= through) return []
      // A context whose events lie on both sides goes on with those behind.
      return [each.first > through ? each : { ...each, first: through + 1n }]
    })
    return taken
  }

  const begun = (
    { context, events, receivedAt, decodedAt, foldedAt }: Pending,
    links: readonly TraceContext[],
  ): Span => {
    const attributes = {
      'messaging.system': 'streamvane',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'raw log',
      'messaging.batch.message_count': events,
      'streamvane.generation': generation,
    }
    const beganAt = receivedAt
    const process = startSpan(tracer, {
      ...{ name: 'process raw events', kind: SpanKind.CONSUMER, parent: context, links, attributes, beganAt },
    })
    const within = contextOf(process)
    const internal = (name: string, from: number, to: number): void =>
      endSpan(startSpan(tracer, { name, kind: SpanKind.INTERNAL, parent: within, beganAt: from }), undefined, to)
    if (decodedAt !== undefined) internal('decode', receivedAt, decodedAt)
    if (decodedAt !== undefined && foldedAt !== undefined) internal('fold', decodedAt, foldedAt)
    return process
  }

  return {
    received: (events) => {
      const now = epochNow()
      let current: Pending | undefined
      for (const event of events) {
        const context = traceContextIn(event.metadata)
        if (context?.sampled !== true) continue
        const { position } = event
        if (current?.context.spanId !== context.spanId)
          current = pending.find((each) => each.context.spanId === context.spanId && each.decodedAt === undefined)
        if (current !== undefined) {
          current.last = position
          current.events += 1
        } else if (pending.length < PENDING_MAX) {
          current = { context, first: position, last: position, events: 1, receivedAt: now }
          pending.push(current)
        }
      }
    },
    decoded: (through) => {
      if (pending.length === 0) return
      const now = epochNow()
      for (const each of pending) if (each.last <= through) each.decodedAt ??= now
    },
    folded: (through) => {
      if (pending.length === 0) return
      const now = epochNow()
      for (const each of pending) if (each.last <= through) each.foldedAt ??= now
    },
    appending: (through, rows) => {
      const taken = pending.length === 0 ? [] : take(through)
      if (taken.length === 0) return undefined
      const spans = fanIn(taken).map(({ of, links }) => {
        const process = begun(of, links)
        const append = startSpan(tracer, {
          ...{ name: 'append rows', kind: SpanKind.PRODUCER, parent: contextOf(process), links },
          attributes: {
            'messaging.system': 'streamvane',
            'messaging.operation.type': 'send',
            'messaging.destination.name': 'KPI log',
            'messaging.batch.message_count': rows,
            'streamvane.generation': generation,
          },
        })
        return { process, append }
      })
      return {
        contexts: spans.map(({ append }) => writeTraceContext(contextOf(append))),
        ended: (failure) => {
          const now = epochNow()
          for (const { process, append } of spans) {
            endSpan(append, failure, now)
            endSpan(process, failure, now)
          }
        },
      }
    },
    unchanged: () => {
      for (const { of, links } of fanIn(pending)) endSpan(begun(of, links), undefined, of.foldedAt)
      pending = []
    },
  }
}
