import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export type RegistryRequest = Readonly<{ method: string; path: string; body: unknown; headers: IncomingHttpHeaders }>
export type RegistryReply = Readonly<{ status?: number; body: object | string }>

/** A schema registry that answers as `answer` says, and remembers what it was asked. */
export const standInRegistry = async (
  answer: (request: RegistryRequest) => RegistryReply,
): Promise<Readonly<{ url: string; requests: readonly RegistryRequest[]; close: () => Promise<void> }>> => {
  const requests: RegistryRequest[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const asked = {
        method: request.method ?? '',
        path: decodeURIComponent(request.url ?? ''),
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
        headers: request.headers,
      }
      requests.push(asked)
      const { status = 200, body } = answer(asked)
      response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
