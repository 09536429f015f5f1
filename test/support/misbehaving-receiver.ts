import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

/** A request as it arrived. `body` is unzipped. */
export type Arrived = Readonly<{
  method: string
  path: string
  headers: Readonly<Record<string, string>>
  body: Buffer
}>

/**
 * What the receiver does with the next request: answers so, drops the connection before or after it has the file, or
 * never answers.
 */
export type Behaviour =
  | Readonly<{ status: number; headers?: Readonly<Record<string, string>>; body?: string }>
  | 'drop before'
  | 'drop after'
  | 'silence'

export type MisbehavingReceiver = Readonly<{
  url: string
  arrived: readonly Arrived[]
  /** The next behaviours, in order; afterwards 201. */
  next: Behaviour[]
  close: () => Promise<void>
}>

/** A receiver of files by HTTP that misbehaves as it is told. */
export const misbehavingReceiver = async (): Promise<MisbehavingReceiver> => {
  const arrived: Arrived[] = []
  const next: Behaviour[] = []
  const server: Server = createServer((request, response) => {
    void (async () => {
      const behaviour = next.shift() ?? { status: 201 }
      if (behaviour === 'drop before') return request.socket.destroy()
      const one = await read(request)
      arrived.push(one)
      if (behaviour === 'drop after') return request.socket.destroy()
      if (behaviour === 'silence') return undefined
      response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body ?? '')
    })().catch(() => undefined)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    ...{ url: `http://127.0.0.1:${port}`, arrived, next },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const read = async (request: IncomingMessage): Promise<Arrived> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const whole = Buffer.concat(chunks)
  return {
    ...{ method: request.method ?? '', path: request.url ?? '' },
    headers: request.headers as Record<string, string>,
    body: request.headers['content-encoding'] === 'gzip' ? gunzipSync(whole) : whole,
  }
}
