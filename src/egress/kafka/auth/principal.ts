import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ConnectionSettings } from '../connection.js'

/**
 * As whom a broker with Kafka's default principals knows this connection: `User:<name>`. The protocol does not tell it,
 * so it is derived from the credentials: the user name, the subject of the token, or the subject of the client
 * certificate.
 */
export const principalOf = async ({ tls, sasl }: ConnectionSettings): Promise<string> => {
  if (sasl?.mechanism === 'oauthbearer') return `User:${subjectOf((await sasl.tokens.current()).value)}`
  if (sasl !== undefined) return `User:${sasl.username}`
  if (tls?.clientCertificateFile === undefined) return 'User:ANONYMOUS'
  // Kafka writes the parts of a name in the order of RFC 2253, the most specific first.
  const { subject } = new X509Certificate(readFileSync(tls.clientCertificateFile))
  return `User:${subject.split('\n').toReversed().join(',')}`
}

/** The `sub` of a token that is a JWT; tokens of other kinds do not say. */
const subjectOf = (token: string): string => {
  try {
    const { sub } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub?: unknown }
    return typeof sub === 'string' ? sub : UNKNOWN
  } catch {
    return UNKNOWN
  }
}

const UNKNOWN = '<as the broker names it>'
