import { startCollector } from './collector.js'
import { attributesOf, fieldsOf, messagesIn, numberIn, textIn, type Field } from './protobuf.js'

/** A span as a collector receives it. `kind` and `status` by their numbers in OTLP; times in nanoseconds. */
export type ReceivedSpan = Readonly<{
  traceId: string
  spanId: string
  /** Empty for the first of a trace. */
  parentId: string
  name: string
  kind: number
  beganAt: bigint
  endedAt: bigint
  attributes: Readonly<Record<string, string | number>>
  events: readonly string[]
  links: readonly Readonly<{ traceId: string; spanId: string }>[]
  status: number
  resource: Readonly<Record<string, string | number>>
}>

export type TraceCollector = Readonly<{
  /** Base address: traces are taken at `/v1/traces` below it. */
  url: string
  /** Resolves with all spans once they are what is waited for. */
  until: (isThere: (spans: readonly ReceivedSpan[]) => boolean) => Promise<readonly ReceivedSpan[]>
  spans: () => readonly ReceivedSpan[]
}>

/** A collector of traces, which reads them without the SDK that wrote them. */
export const startTraceCollector = async (): Promise<TraceCollector> => {
  const spans: ReceivedSpan[] = []
  const collector = await startCollector('/v1/traces', (body) => spans.push(...spansOf(body)))
  return {
    url: collector.url,
    spans: () => spans,
    until: async (isThere) => {
      await collector.until(() => isThere(spans))
      return [...spans]
    },
  }
}

/** The spans of an `ExportTraceServiceRequest` (opentelemetry-proto, trace.proto). */
const spansOf = (body: Buffer): readonly ReceivedSpan[] =>
  messagesIn(fieldsOf(body), 1).flatMap((resourceSpans) => {
    const fields = fieldsOf(resourceSpans)
    const resource = Object.assign(
      {},
      ...messagesIn(fields, 1).map((each) => attributesOf(fieldsOf(each), 1)),
    ) as Record<string, string>
    return messagesIn(fields, 2).flatMap((scope) =>
      messagesIn(fieldsOf(scope), 2).map((span) => spanOf(fieldsOf(span), resource)),
    )
  })

const spanOf = (fields: readonly Field[], resource: ReceivedSpan['resource']): ReceivedSpan => ({
  traceId: idIn(fields, 1),
  spanId: idIn(fields, 2),
  parentId: idIn(fields, 4),
  name: textIn(fields, 5),
  kind: Number(numberIn(fields, 6)),
  beganAt: numberIn(fields, 7),
  endedAt: numberIn(fields, 8),
  attributes: attributesOf(fields, 9),
  events: messagesIn(fields, 11).map((event) => textIn(fieldsOf(event), 2)),
  links: messagesIn(fields, 13).map((link) => ({ traceId: idIn(fieldsOf(link), 1), spanId: idIn(fieldsOf(link), 2) })),
  status: messagesIn(fields, 15).reduce((_, status) => Number(numberIn(fieldsOf(status), 3)), 0),
  resource,
})

const idIn = (fields: readonly Field[], number: number): string => messagesIn(fields, number)[0]?.toString('hex') ?? ''
