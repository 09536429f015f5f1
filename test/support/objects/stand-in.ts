import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as a stand-in reads it. */
export type Asked = Readonly<{
  method: string
  /** As it was sent, with its escapes. */
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: Buffer
}>

export type Answer = Readonly<{
  status: number
  headers?: Readonly<Record<string, string>>
  body?: string | Uint8Array
}>

/**
 * What a stand-in does in place of an answer. `drop`: the socket breaks before anything is done. `drop-answer`: it is
 * done, and the socket breaks before the answer. `answer`: says so, and does nothing.
 */
export type Fault = Readonly<{ of?: (asked: Asked) => boolean }> &
  (Readonly<{ kind: 'drop' | 'drop-answer' }> | Readonly<{ kind: 'answer'; answer: Answer }>)

/** An HTTP server that stands in for a service, and misbehaves on command. */
export class StandIn {
  /** Applied to the next requests that they are for, each once. */
  readonly faults: Fault[] = []
  readonly requests: Asked[] = []
  private readonly handle: (asked: Asked) => Answer
  private server: Server | undefined
  private port = 0

  constructor(handle: (asked: Asked) => Answer) {
    this.handle = handle
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.serve(request, response))
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve))
    this.port = (server.address() as AddressInfo).port
    this.server = server
  }

  /** Ends at once: connections break. */
  async stop(): Promise<void> {
    const { server } = this
    this.server = undefined
    server?.closeAllConnections()
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())))
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return // the client went away
    }
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url)
    const { method = '', headers } = request
    const asked: Asked = { method, path: pathname, query: searchParams, headers, body: Buffer.concat(chunks) }
    this.requests.push(asked)
    const at = this.faults.findIndex(({ of = () => true }) => of(asked))
    const [fault] = at < 0 ? [] : this.faults.splice(at, 1)
    if (fault?.kind === 'drop') return void request.socket.destroy()
    const answer = fault?.kind === 'answer' ? fault.answer : this.handle(asked)
    if (fault?.kind === 'drop-answer') return void request.socket.destroy()
    response.writeHead(answer.status, { date: new Date().toUTCString(), ...answer.headers })
    response.end(method === 'HEAD' ? undefined : answer.body)
  }
}

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
