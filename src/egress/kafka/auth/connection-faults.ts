/**
 * Faults of a connection in plain words: TLS, the wrong port, credentials. `refused`: trying again does not help,
 * because somebody has to change a setting or a certificate.
 */
export type ConnectionFault = Readonly<{ refused: boolean; words: string }>

/** A plain connection was answered with a TLS record. kafkajs keeps the code of a socket's error, and not its class. */
export class PlaintextToTls extends Error {
  override readonly name = 'PlaintextToTls'
  readonly code = 'PLAINTEXT_TO_TLS'
  constructor() {
    super('the peer answers a plain connection with TLS')
  }
}

/**
 * The broker or the token endpoint does not accept us, and says so; trying again does not help. kafkajs tries errors
 * again that do not say that they are not retriable.
 */
export class AuthenticationRefused extends Error {
  override readonly name = 'AuthenticationRefused'
  readonly retriable = false
}

/** What can be said about an error of a socket, of kafkajs or of undici; `undefined` where it is none of these faults. */
export const connectionFault = (cause: unknown): ConnectionFault | undefined => {
  for (let error = cause, depth = 0; error instanceof Error && depth < CAUSES_MAX; error = error.cause, depth++) {
    if (error instanceof AuthenticationRefused) return { refused: true, words: error.message }
    const { code } = error as NodeJS.ErrnoException
    const words = code === undefined ? undefined : (FAULTS[code] ?? certificateAlert(code))
    if (words !== undefined) return { refused: !MAY_PASS.has(code as string), words: `${words} (${code})` }
    if (CLOSED_BY_BROKER.test(error.message)) return { refused: false, words: CLOSED }
    if (CLOSED_BEFORE_TLS.test(error.message)) return { refused: false, words: `${CLOSED_IN_HANDSHAKE} (${code})` }
  }
  return undefined
}

const CAUSES_MAX = 5
const SSL = 'egress.kafka.ssl'
const OWN_CA = `name the file with the certificate of the authority that signed it (${SSL}.caFile)`
const CLIENT_CERTIFICATE =
  `the broker demands a client certificate that it trusts: check that ${SSL}.clientCertificateFile and ` +
  `${SSL}.clientKey are set, signed by an authority that the broker knows, and valid now`
const CLIENT_KEY = `the client key cannot be opened: give its passphrase as ${SSL}.clientKeyPassphrase`
const CLOSED_IN_HANDSHAKE =
  `the peer closed the connection during the TLS handshake: either it speaks no TLS at this port (then remove ${SSL}, ` +
  `or use its TLS port), or it is starting or stopping`
const CLOSED =
  `the broker closed the connection: it is starting or stopping, or this is a port with other settings for TLS ` +
  `(${SSL}) or credentials (egress.kafka.sasl)`

const FAULTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: `the certificate of the peer is signed by itself: ${OWN_CA}`,
  SELF_SIGNED_CERT_IN_CHAIN: `the certificate of the peer is signed by an authority that is not trusted: ${OWN_CA}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `the certificate of the peer is signed by an authority that is not known: ${OWN_CA}`,
  UNABLE_TO_GET_ISSUER_CERT: `the certificate of the peer is signed by an authority that is not known: ${OWN_CA}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `the certificate of the peer is signed by an authority that is not known: ${OWN_CA}`,
  CERT_SIGNATURE_FAILURE: `the certificate of the peer is not signed by the authority in ${SSL}.caFile: ${OWN_CA}`,
  CERT_HAS_EXPIRED: 'the certificate of the peer has expired: renew it there',
  CERT_NOT_YET_VALID: 'the certificate of the peer is not valid yet: compare the clocks of the two machines',
  CERT_REVOKED: 'the certificate of the peer is revoked: renew it there',
  ERR_TLS_CERT_ALTNAME_INVALID:
    `the certificate of the peer is for another name than that of its address: use the name in the certificate as the ` +
    `address (egress.kafka.brokers, and advertised.listeners of the broker), or give it as ${SSL}.serverName`,
  ERR_SSL_WRONG_VERSION_NUMBER: `the peer does not speak TLS at this port: remove ${SSL}, or use its TLS port`,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: `the peer does not speak TLS at this port: remove ${SSL}, or use its TLS port`,
  EPROTO: `the TLS handshake failed: check that this is the TLS port, and that both sides allow a common version`,
  PLAINTEXT_TO_TLS: `the peer speaks TLS at this port: set ${SSL}: true, or use its plain port`,
  ERR_OSSL_BAD_DECRYPT: CLIENT_KEY,
  ERR_OSSL_EVP_BAD_DECRYPT: CLIENT_KEY,
  ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED: CLIENT_KEY,
  ERR_OSSL_UI_PROCESSING_ERROR: CLIENT_KEY,
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: `the client certificate and the client key do not belong together (${SSL})`,
  ERR_OSSL_PEM_NO_START_LINE: `a certificate or key file is not in PEM form (${SSL})`,
}

/** A broker that refuses the client's certificate, or misses it, says so in an alert. */
const certificateAlert = (code: string): string | undefined =>
  /^ERR_SSL_.*ALERT_(.*CERTIFICATE.*|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)$/.test(code)
    ? CLIENT_CERTIFICATE
    : undefined

/** A certificate file that is replaced in two steps does not match its key for a moment. */
const MAY_PASS: ReadonlySet<string> = new Set(['ERR_OSSL_X509_KEY_VALUES_MISMATCH'])

const CLOSED_BY_BROKER = /^(Closed connection|Connection closed by the server)$/
const CLOSED_BEFORE_TLS = /before secure TLS connection was established/
