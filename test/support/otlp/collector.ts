import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'

export type Collector = Readonly<{
  /** Base address. */
  url: string
  /** Resolves once this holds; it is looked at after each request that was taken. */
  until: (holds: () => boolean) => Promise<void>
}>

/** A stand-in of a collector that takes OTLP by HTTP with protobuf at one path below its base address. */
export const startCollector = async (path: string, take: (body: Buffer) => void): Promise<Collector> => {
  let watchers: (() => void)[] = []
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const isTaken = request.method === 'POST' && request.url === path
      if (!isTaken || request.headers['content-type'] !== 'application/x-protobuf') {
        response.writeHead(404).end()
        return
      }
      take(body)
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
    until: async (holds) => {
      while (!holds()) await new Promise<void>((resolve) => (watchers = [...watchers, resolve]))
    },
  }
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
}
