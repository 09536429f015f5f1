import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'
import { fieldsOf, messagesIn, numberIn, textIn, type Field } from './protobuf.js'

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

/** A stand-in of a collector that takes OTLP by HTTP with protobuf, and reads it without the SDK that wrote it. */
export const startTraceCollector = async (): Promise<TraceCollector> => {
  const spans: ReceivedSpan[] = []
  let watchers: (() => void)[] = []
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const isTraces = request.method === 'POST' && request.url === '/v1/traces'
      if (!isTraces || request.headers['content-type'] !== 'application/x-protobuf') {
        response.writeHead(404).end()
        return
      }
      spans.push(...spansOf(body))
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
      watchers.splice(0).forEach((look) => look())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: () => spans,
    until: async (isThere) => {
      while (!isThere(spans)) await new Promise<void>((resolve) => (watchers = [...watchers, resolve]))
      return [...spans]
    },
  }
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
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

/** Attributes whose values are texts or whole numbers. */
const attributesOf = (fields: readonly Field[], number: number): Readonly<Record<string, string | number>> =>
  Object.fromEntries(
    messagesIn(fields, number).map((each) => {
      const pair = fieldsOf(each)
      const value = fieldsOf(messagesIn(pair, 2)[0] ?? Buffer.alloc(0))[0]?.value
      return [textIn(pair, 1), typeof value === 'bigint' ? Number(value) : (value?.toString() ?? '')] as const
    }),
  )
