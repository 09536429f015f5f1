import { once } from 'node:events'
import { request, type RequestOptions } from 'node:https'
import { connect, TLSSocket, type ConnectionOptions } from 'node:tls'

export type TlsAnswer = Readonly<{
  status: number | undefined
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: string
  /** The certificate that was shown, in DER form. */
  shown: Buffer
}>

/** An answer over a connection of its own. The name in the certificate is not compared. */
export const askedByTls = (url: string, options: RequestOptions): Promise<TlsAnswer> =>
  new Promise((resolve, reject) => {
    request(url, { agent: false, checkServerIdentity: () => undefined, ...options }, (response) => {
      const shown = response.socket instanceof TLSSocket ? response.socket.getPeerCertificate().raw : Buffer.alloc(0)
      const { statusCode: status, headers } = response
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.once('end', () => resolve({ status, headers, body: Buffer.concat(parts).toString(), shown }))
    })
      .once('error', reject)
      .end()
  })

/** The version and the cipher that a handshake ends with. Rejects with the reason where it fails. */
export const shakenHands = async (
  url: string,
  options: ConnectionOptions,
): Promise<Readonly<{ version: string | null; cipher: string }>> => {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false, ...options })
  try {
    await once(socket, 'secureConnect')
    return { version: socket.getProtocol(), cipher: socket.getCipher().name }
  } finally {
    socket.destroy()
  }
}

/** What a client of long ago would offer. */
export const oldClient = (version: 'TLSv1' | 'TLSv1.1'): ConnectionOptions => ({
  ...{ minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' },
})

/** The status of an answer, and of that over a second connection which resumes the session of the first. */
export const resumed = async (url: string, options: ConnectionOptions): Promise<readonly (number | undefined)[]> => {
  const { hostname, port, pathname, host } = new URL(url)
  const place = { host: hostname, port: Number(port), rejectUnauthorized: false, ...options }
  let session: Buffer | undefined
  const asked = async (more: ConnectionOptions, isResumed: boolean): Promise<number> => {
    const socket = connect({ ...place, ...more })
    socket.on('session', (ticket) => (session = ticket))
    await once(socket, 'secureConnect')
    if (socket.isSessionReused() !== isResumed) throw new Error(`resumed: ${socket.isSessionReused()}`)
    socket.write(`GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
    let text = ''
    for await (const part of socket) text += String(part)
    return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1])
  }
  return [await asked({}, false), await asked({ session }, true)]
}
