import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** The first line and the headers of an answer, as they came. */
export type Head = Readonly<{ status: number; headers: ReadonlyMap<string, string> }>

/** Opens a connection; over TLS its certificate is another check's business. Rejects where nothing listens. */
export const connected = async (url: string, withinMs: number): Promise<Socket> => {
  const { protocol, hostname, port } = new URL(url)
  const place = { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }
  const isTls = protocol === 'https:'
  const socket = isTls ? connectTls({ ...place, rejectUnauthorized: false }) : connectPlain(place)
  await once(socket, isTls ? 'secureConnect' : 'connect', { signal: AbortSignal.timeout(withinMs) })
  return socket
}

/**
 * Sends text as it is and reads the head of the answer: what no HTTP client would send can be sent so. `undefined` where
 * the connection ends without one. Rejects where none comes within the time, or nothing listens.
 */
export const answerTo = async (url: string, text: string, withinMs: number): Promise<Head | undefined> => {
  const socket = await connected(url, withinMs)
  const late = setTimeout(() => socket.destroy(new Error(`no answer within ${withinMs} ms`)), withinMs)
  socket.on('error', () => undefined) // it may be cut off while we write
  socket.write(text)
  let head = ''
  try {
    for await (const part of socket) {
      head += String(part)
      if (head.includes('\r\n\r\n')) break
    }
  } catch (cause) {
    if (!head.includes('\r\n\r\n') && (cause as NodeJS.ErrnoException).code === undefined) throw cause
  } finally {
    clearTimeout(late)
    socket.destroy()
  }
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(head) ?? []
  return status === undefined ? undefined : { status: Number(status), headers: headersIn(head) }
}

const headersIn = (head: string): ReadonlyMap<string, string> =>
  new Map(
    (head.split('\r\n\r\n')[0] as string)
      .split('\r\n')
      .slice(1)
      .map((line) => [line.split(':')[0]?.toLowerCase() ?? '', line.replace(/^[^:]*:\s*/, '')] as const),
  )

/** The text of a request, with the headers that HTTP demands. */
export const requestText = (
  url: string,
  {
    method,
    path,
    headers = {},
  }: Readonly<{ method: string; path: string; headers?: Readonly<Record<string, string>> }>,
): string =>
  [
    ...[`${method} ${path} HTTP/1.1`, `host: ${new URL(url).host}`, 'connection: close'],
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '\r\n',
  ].join('\r\n')

/** Whether the server ends a connection on which nothing comes any more after `text`. */
export const endsSlow = async (url: string, text: string, withinMs: number, overTls: boolean): Promise<boolean> => {
  const socket = await connected(overTls ? url : url.replace(/^https:/, 'http:'), withinMs)
  socket.on('error', () => undefined)
  socket.resume()
  if (text !== '') socket.write(text)
  try {
    await once(socket, 'close', { signal: AbortSignal.timeout(withinMs) })
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
