import type { Logger } from 'pino'
import { tlsKeyOf, tlsOf, type Endpoint, type TlsConfig } from '../config/tls-schema.js'
import { FollowedCertificate, type CertificateState } from './followed-certificate.js'

/** The certificates of a process: one for each endpoint that it serves by TLS. */
export type Certificates = Readonly<{
  /** The certificate of an endpoint; `undefined` where it speaks plain HTTP. Throws `ConfigError`. */
  of: (endpoint: Endpoint) => FollowedCertificate | undefined
  /** Of those that were asked for. */
  states: () => readonly CertificateState[]
  close: () => Promise<void>
}>

export const certificatesOf = (
  config: TlsConfig,
  logger: Pick<Logger, 'info' | 'error'>,
  now: () => number,
): Certificates => {
  const all = new Map<Endpoint, FollowedCertificate>()
  const begin = (endpoint: Endpoint): FollowedCertificate | undefined => {
    const settings = tlsOf(config, endpoint)
    if (settings === undefined) return undefined
    const key = tlsKeyOf(config, endpoint)
    const certificate = new FollowedCertificate({ endpoint, settings, key, logger, now })
    all.set(endpoint, certificate)
    return certificate
  }
  return {
    of: (endpoint) => all.get(endpoint) ?? begin(endpoint),
    states: () => [...all.values()].map((certificate) => certificate.state()),
    close: () => {
      for (const certificate of all.values()) certificate.close()
      return Promise.resolve()
    },
  }
}
