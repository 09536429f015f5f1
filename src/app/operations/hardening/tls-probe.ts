import { once } from 'node:events'
import { connect, type ConnectionOptions, type PeerCertificate } from 'node:tls'
import type { Finding } from './finding.js'
import type { EndpointSeen, Patience } from './endpoint.js'

type Amiss = Omit<Finding, 'area'>

/** Offered one by one: no forward secrecy, no authenticated encryption, or long broken. */
const WEAK = ['AES128-SHA', 'AES256-GCM-SHA384', 'ECDHE-RSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'DES-CBC3-SHA']
const DAY_MS = 86_400_000
const EXPIRES_SOON_DAYS = 14

/** Versions and ciphers that an endpoint takes, found by handshakes, and whether its certificate is trusted. */
export const probeTls = async (
  { url, isReachable, isTls }: EndpointSeen,
  { ca, now, patience }: Readonly<{ ca: Buffer | undefined; now: number; patience: Patience }>,
): Promise<readonly Amiss[]> => {
  if (!isTls)
    return isReachable
      ? [
          {
            ...{ what: 'TLS', state: 'warning', says: 'it speaks plain HTTP to other machines' },
            mend: 'tls.certificateFile and tls.privateKey, unless a proxy with TLS stands before it (docs/deploy/tls.md)',
          },
        ]
      : []
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const shake = (options: ConnectionOptions) =>
    handshake({ host, port: Number(port), rejectUnauthorized: false, ...options }, patience.answerMs)
  const amiss: Amiss[] = []
  for (const version of ['TLSv1', 'TLSv1.1'] as const)
    if ((await shake({ minVersion: version, maxVersion: version, ciphers: 'ALL@SECLEVEL=0' })) !== undefined)
      amiss.push({ what: version, state: 'failure', says: `it speaks ${version}`, mend: 'minVersion: TLSv1.2' })
  for (const cipher of WEAK)
    if ((await shake({ maxVersion: 'TLSv1.2', ciphers: `${cipher}@SECLEVEL=0` })) !== undefined)
      amiss.push({ what: 'ciphers', state: 'failure', says: `it takes the cipher ${cipher}`, mend: 'update Node.js' })
  const seen = await shake({ ...(ca !== undefined && { ca }) })
  if (seen === undefined) {
    amiss.push({ what: 'TLS', state: 'failure', says: 'it completes no handshake of TLS 1.2 or 1.3' })
    return amiss
  }
  const days = Math.floor((Date.parse(seen.certificate.valid_to) - now) / DAY_MS)
  if (days < EXPIRES_SOON_DAYS)
    amiss.push({
      ...{ what: 'certificate', state: days < 0 ? 'failure' : 'warning' },
      says: days < 0 ? `it expired at ${seen.certificate.valid_to}` : `it expires in ${days} days`,
      mend: 'renew it: the files are read again by themselves',
    })
  if (seen.notTrusted !== undefined)
    amiss.push({
      ...{ what: 'certificate', state: ca === undefined ? 'warning' : 'failure' },
      says: `its authority is not trusted here (${seen.notTrusted})`,
      mend:
        ca === undefined
          ? 'streamvane doctor --hardening --ca FILE, with its authority'
          : 'have it signed by the authority of --ca',
    })
  return amiss
}

type Shaken = Readonly<{ certificate: PeerCertificate; notTrusted: string | undefined }>

/** `undefined` where there is no handshake. The name in the certificate is that by which others reach it. */
const handshake = async (options: ConnectionOptions, withinMs: number): Promise<Shaken | undefined> => {
  let socket: ReturnType<typeof connect> | undefined
  try {
    socket = connect({ ...options, checkServerIdentity: () => undefined }) // may throw: this OpenSSL has no such cipher
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(withinMs) })
    const { authorized, authorizationError } = socket
    return {
      certificate: socket.getPeerCertificate(),
      notTrusted: authorized ? undefined : String(authorizationError),
    }
  } catch {
    return undefined
  } finally {
    socket?.destroy()
  }
}
