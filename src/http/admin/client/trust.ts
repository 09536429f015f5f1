import { TLSSocket } from 'node:tls'
import { Agent, buildConnector } from 'undici'

/** How a client knows the server, beyond the authorities that Node.js brings, and shows who it is. */
export type Trust = Readonly<{
  /** Authorities in PEM form, in place of those that Node.js brings. */
  ca?: Buffer | undefined
  /** Client certificate and its key in PEM form. */
  cert?: Buffer | undefined
  key?: Buffer | undefined
}>

/** Connections to a server whose certificate is checked as usual, with the given authorities. */
export const trusting = ({ ca, cert, key }: Trust): Agent =>
  new Agent({
    connect: {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    },
  })

/**
 * Connections to the process of a data folder, whose address is one of this machine that its certificate need not name.
 * It has written down there which certificate it shows (SHA-256), and no other is taken. `fingerprint` is asked for each
 * connection: the certificate may have been renewed.
 */
export const pinned = (fingerprint: () => string | undefined): Agent => {
  // The authority and the name are not checked, but the certificate itself is, before anything is sent.
  const connect = buildConnector({ rejectUnauthorized: false, maxCachedSessions: 0 })
  return new Agent({
    connect: (options, callback) =>
      connect(options, (...result) => {
        const [, socket] = result
        if (!(socket instanceof TLSSocket) || isShown(socket, fingerprint())) return callback(...result)
        socket.destroy()
        callback(new Error('it shows another certificate than the process of this data folder has written down'), null)
      }),
  })
}

const isShown = (socket: TLSSocket, fingerprint: string | undefined): boolean =>
  fingerprint !== undefined && socket.getPeerX509Certificate()?.fingerprint256 === fingerprint
