import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { ConfigError } from '../app/config/schema.js'
import type { FollowedCertificate } from '../app/tls/followed-certificate.js'

export type ListenerOptions = Readonly<{
  /** Absent: plain HTTP. */
  certificate?: FollowedCertificate | undefined
  /** The connection is closed if a request takes longer than this to arrive. */
  requestMaxMs: number
  /** A request that is answered without a client certificate although they are required. */
  mayLackCertificate?: (request: IncomingMessage) => boolean
  logger?: Pick<Logger, 'debug'> | undefined
}>

/** The connection is closed if a TLS handshake, and then the headers of a request, take longer than this to arrive. */
const HANDSHAKE_MAX_MS = 10_000
const HEADERS_MAX_MS = 10_000
/** A connection without a request is kept for so long: longer than balancers keep theirs, so that these close first. */
const KEEP_ALIVE_MS = 72_000

/** Headers of every answer of every endpoint: browsers show none of it as anything but data, and in no frame. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const

/**
 * Makes the servers that Fastify listens with: the same limits, headers and TLS for every endpoint. A certificate that is
 * renewed holds for handshakes from then on; connections that are open stay.
 */
export const serverFactory =
  (options: ListenerOptions) =>
  (handler: RequestListener): Server => {
    const { certificate, requestMaxMs, logger } = options
    const limits = {
      headersTimeout: HEADERS_MAX_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      requestTimeout: requestMaxMs,
      connectionsCheckingInterval: HEADERS_MAX_MS / 2,
    }
    const guarded = guardedBy(options, handler)
    if (certificate === undefined) return createServer(limits, guarded)
    const { used, settings } = certificate
    const server = createTlsServer(
      {
        ...{ ...used.context, ...limits, handshakeTimeout: HANDSHAKE_MAX_MS },
        // A client without one is refused in words, below: an alert of TLS does not say which side has to mend what.
        ...{ requestCert: settings.clientCertificates !== 'none', rejectUnauthorized: false },
      },
      guarded,
    )
    const stop = certificate.onRenewed(({ context }) => server.setSecureContext(context))
    server.once('close', stop)
    server.on('tlsClientError', ({ message }: Error, { remoteAddress: from }: TLSSocket) =>
      logger?.debug({ from, why: message }, 'tls: a handshake failed'),
    )
    return server
  }

const guardedBy = (
  { certificate, mayLackCertificate = () => false }: ListenerOptions,
  handler: RequestListener,
): RequestListener => {
  const mode = certificate?.settings.clientCertificates ?? 'none'
  const hsts = certificate === undefined ? undefined : `max-age=${certificate.settings.hstsMaxAgeS}`
  return (request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    if (hsts !== undefined) response.setHeader('strict-transport-security', hsts)
    const fault = mode === 'none' ? undefined : certificateFault(request.socket, mode)
    if (fault === undefined || mayLackCertificate(request)) handler(request, response)
    else refuse(response, fault)
  }
}

/** Why the certificate of a client is not taken: it is missing, or its authority or time is wrong. */
const certificateFault = (socket: Socket, mode: 'optional' | 'required'): string | undefined => {
  if (!(socket instanceof TLSSocket)) return 'this connection is not encrypted'
  if (!hasCertificate(socket))
    return mode === 'optional' ? undefined : 'present a client certificate of an authority in clientCaFile'
  if (socket.authorized) return undefined
  return `the client certificate is not accepted (${String(socket.authorizationError)}): present one of an authority in clientCaFile that is valid now`
}

/** Asked first: to Node.js a session of TLS 1.3 that is resumed without a certificate is `authorized`. */
const hasCertificate = (socket: TLSSocket): boolean => Object.keys(socket.getPeerCertificate()).length > 0

/**
 * The names in the certificate of a client: common names, DNS names, URIs and mail addresses, as they are written. None
 * where there is no certificate, or one that is not accepted.
 */
export const clientNames = (socket: Socket): readonly string[] => {
  if (!(socket instanceof TLSSocket) || !socket.authorized || !hasCertificate(socket)) return []
  const { subject, subjectaltname = '' } = socket.getPeerCertificate()
  // A name with a comma is quoted by Node.js, so it is never taken for two.
  const alternative = subjectaltname.split(', ').flatMap((name) => /^(?:DNS|URI|email):(.*)$/.exec(name)?.[1] ?? [])
  return [...[subject?.CN ?? []].flat(), ...alternative]
}

/** In the form of every endpoint: `error` and `detail` of the ingress, and a problem as in RFC 9457. */
const refuse = (response: ServerResponse, detail: string): void => {
  const body = {
    error: 'client-certificate',
    type: 'urn:streamvane:problem:client-certificate',
    title: 'Forbidden',
    status: 403,
    detail,
  }
  response
    .writeHead(403, { 'content-type': 'application/problem+json; charset=utf-8', connection: 'close' })
    .end(JSON.stringify(body))
}

/** Listens, and resolves with the address; port 0 takes a free one. Throws `ConfigError`: `what` cannot listen, and the
 * `keys` of the settings that say where. */
export const listen = async (
  app: FastifyInstance,
  {
    host,
    port,
    what,
    keys,
    certificate,
  }: Pick<ListenerOptions, 'certificate'> & Readonly<{ host: string; port: number; what: string; keys: string }>,
): Promise<string> => {
  await app.listen({ host: host.replace(/^\[(.*)\]$/, '$1'), port }).catch((cause: unknown) => {
    throw new ConfigError(`${what} on ${host}, port ${port}: ${(cause as Error).message} (${keys})`)
  })
  const { port: bound } = app.server.address() as AddressInfo
  const shown = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  return `${certificate === undefined ? 'http' : 'https'}://${shown}:${bound}`
}
