import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Asked = Readonly<{
  method: string
  path: string
  query: URLSearchParams
  request: IncomingMessage
  body: string
}>

/** A body that is a text is sent as it is. */
export type Reply = Readonly<{ status: number; body?: object | string; headers?: Readonly<Record<string, string>> }>

export type StandIn = Readonly<{
  url: string
  host: string
  asked: readonly Asked[]
  /** From now on this is answered to every request, or to those that the test picks; `undefined`: all is well again. */
  failWith: (reply: Reply | undefined, of?: (asked: Asked) => boolean) => void
  close: () => Promise<void>
}>

/** Serves what `answer` says on a free port of this machine, unless the test has it fail. */
export const standIn = async (answer: (asked: Asked) => Reply): Promise<StandIn> => {
  const all: Asked[] = []
  let failing: Readonly<{ reply: Reply; of: (asked: Asked) => boolean }> | undefined
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://stand-in')
      const asked = { method: request.method ?? '', path: url.pathname, query: url.searchParams, request, body }
      all.push(asked)
      const reply = failing?.of(asked) === true ? failing.reply : answer(asked)
      response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
      response.end(typeof reply.body === 'object' ? JSON.stringify(reply.body) : (reply.body ?? ''))
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `http://${host}`,
    host,
    asked: all,
    failWith: (reply, of = () => true) => (failing = reply === undefined ? undefined : { reply, of }),
    close: async () => {
      if (!server.listening) return
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

/** Values by name; each change makes a version. */
export class Kept {
  readonly #versions = new Map<string, string[]>()
  set(name: string, value: string): void {
    this.#versions.set(name, [...(this.#versions.get(name) ?? []), value])
  }
  /** A version, counted from 1; the newest where none is named. */
  get(name: string, version?: number): Readonly<{ value: string; version: number }> | undefined {
    const versions = this.#versions.get(name)
    const at = version ?? versions?.length ?? 0
    const value = versions?.[at - 1]
    return value === undefined ? undefined : { value, version: at }
  }
}
