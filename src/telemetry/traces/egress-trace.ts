import { SpanKind, type Attributes, type Tracer } from '@opentelemetry/api'
import { isCheckpoint, traceContextsIn } from '../../contract/kpi-stream/marks.js'
import type { TraceContext } from '../../log/trace-context.js'
import { fanIn } from './fan-in.js'
import { contextOf, endSpan, startSpan } from './spans.js'
import type { EgressTrace, EgressWrite } from './tracing.js'

/** Sampled batches, and writes, that are remembered to be matched, at most. */
const BATCHES_MAX = 128
const WRITES_MAX = 16

/** Revisions `after` (exclusive) through `through` of a KPI stream; the checkpoint of a batch is not in its range. */
type Range = Readonly<{ after: number; through: number }>
type Batch = Range & Readonly<{ contexts: readonly TraceContext[] }>
type Write = Range & EgressWrite

/**
 * Makes the span `publish` of each write for the sampled batches of rows that are in it. The contexts of a batch stand
 * in the checkpoint behind its rows, which may be read before these rows are written or after that. So both are
 * remembered for a while, and a span is made with the times that it had. One object serves one connection of the sink
 * and one generation.
 */
export const egressTrace = (tracer: Tracer, sink: Readonly<{ name: string; use: string }>): EgressTrace => {
  let batches: readonly Batch[] = []
  let writes: readonly Write[] = []
  let checkpointAt: number | undefined
  let writtenThrough: number | undefined

  const tell = (write: Write, within: readonly Batch[]): void => {
    const { records, beganAt, endedAt, transaction, failure } = write
    const attributes: Attributes = {
      'messaging.system': sink.use,
      'messaging.operation.type': 'send',
      'messaging.batch.message_count': records,
      'streamvane.sink': sink.name,
      'streamvane.kpi.revision': write.through,
    }
    const served = within.flatMap(({ contexts }) => contexts.map((context) => ({ context })))
    for (const { of, links } of fanIn(served)) {
      const parent = of.context
      const publish = startSpan(tracer, {
        ...{ name: `publish ${sink.name}`, kind: SpanKind.PRODUCER, parent, links, attributes, beganAt },
      })
      if (transaction !== undefined) {
        const span = startSpan(tracer, {
          ...{ name: 'transaction', kind: SpanKind.CLIENT, parent: contextOf(publish) },
          ...{ attributes: { 'messaging.system': sink.use }, beganAt: transaction.beganAt },
        })
        span.addEvent('records acknowledged', transaction.sentAt)
        endSpan(span, failure, transaction.committedAt)
      }
      endSpan(publish, failure, endedAt)
    }
  }

  return {
    read: (events) => {
      for (const event of events) {
        checkpointAt ??= event.revision - 1
        if (!isCheckpoint(event)) continue
        const batch = { after: checkpointAt, through: event.revision - 1, contexts: traceContextsIn(event) }
        checkpointAt = event.revision
        if (batch.contexts.length === 0 || batch.through === batch.after) continue
        batches = [...batches, batch].slice(-BATCHES_MAX)
        for (const write of writes) if (overlaps(write, batch)) tell(write, [batch])
      }
    },
    wrote: (told) => {
      const write = { ...told, after: writtenThrough ?? -Infinity }
      // What failed is written again.
      if (told.failure === undefined) {
        writtenThrough = told.through
        writes = [...writes, write].slice(-WRITES_MAX)
      }
      if (told.records === 0) return
      const within = batches.filter((batch) => overlaps(write, batch))
      if (within.length > 0) tell(write, within)
      // A later write may hold the rest of a batch.
      if (told.failure === undefined) batches = batches.filter(({ through }) => through > told.through)
    },
  }
}

const overlaps = (a: Range, b: Range): boolean => a.after < b.through && b.after < a.through
