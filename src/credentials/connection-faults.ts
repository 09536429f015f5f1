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
export const connectionFault = (cause: unknown, ssl = 'egress.kafka.ssl'): ConnectionFault | undefined => {
  const faults = faultsOf(ssl)
  for (let error = cause, depth = 0; error instanceof Error && depth < CAUSES_MAX; error = error.cause, depth++) {
    if (error instanceof AuthenticationRefused) return { refused: true, words: error.message }
    const { code } = error as NodeJS.ErrnoException
    const words =
      code === undefined
        ? undefined
        : (faults.byCode[code] ?? (isCertificateAlert(code) ? faults.clientCertificate : undefined))
    if (words !== undefined) return { refused: !MAY_PASS.has(code as string), words: `${words} (${code})` }
    if (CLOSED_BY_BROKER.test(error.message)) return { refused: false, words: faults.closed }
    if (CLOSED_BEFORE_TLS.test(error.message)) return { refused: false, words: `${faults.closedInHandshake} (${code})` }
  }
  return undefined
}

const CAUSES_MAX = 5
/** `ssl` is the key of the settings that the words name. */
const faultsOf = (ssl: string) => {
  const ownCa = `name the file with the certificate of the authority that signed it (${ssl}.caFile)`
  const unknownAuthority = `the certificate of the peer is signed by an authority that is not known: ${ownCa}`
  const noTls = `the peer does not speak TLS at this port: remove ${ssl}, or use its TLS port`
  const clientKey = `the client key cannot be opened: give its passphrase as ${ssl}.clientKeyPassphrase`
  const byCode: Readonly<Record<string, string>> = {
    DEPTH_ZERO_SELF_SIGNED_CERT: `the certificate of the peer is signed by itself: ${ownCa}`,
    SELF_SIGNED_CERT_IN_CHAIN: `the certificate of the peer is signed by an authority that is not trusted: ${ownCa}`,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
    UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
    CERT_SIGNATURE_FAILURE: `the certificate of the peer is not signed by the authority in ${ssl}.caFile: ${ownCa}`,
    CERT_HAS_EXPIRED: 'the certificate of the peer has expired: renew it there',
    CERT_NOT_YET_VALID: 'the certificate of the peer is not valid yet: compare the clocks of the two machines',
    CERT_REVOKED: 'the certificate of the peer is revoked: renew it there',
    ERR_TLS_CERT_ALTNAME_INVALID:
      `the certificate of the peer is for another name than that of its address: use the name in the certificate as ` +
      `the address (of a broker: advertised.listeners, too), or give it as ${ssl}.serverName`,
    ERR_SSL_WRONG_VERSION_NUMBER: noTls,
    ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
    EPROTO: 'the TLS handshake failed: check that this is the TLS port, and that both sides allow a common version',
    PLAINTEXT_TO_TLS: `the peer speaks TLS at this port: set ${ssl}: true, or use its plain port`,
    ERR_OSSL_BAD_DECRYPT: clientKey,
    ERR_OSSL_EVP_BAD_DECRYPT: clientKey,
    ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED: clientKey,
    ERR_OSSL_UI_PROCESSING_ERROR: clientKey,
    ERR_OSSL_X509_KEY_VALUES_MISMATCH: `the client certificate and the client key do not belong together (${ssl})`,
    ERR_OSSL_PEM_NO_START_LINE: `a certificate or key file is not in PEM form (${ssl})`,
  }
  return {
    byCode,
    clientCertificate:
      `the peer demands a client certificate that it trusts: check that ${ssl}.clientCertificateFile and ` +
      `${ssl}.clientKey are set, signed by an authority that it knows, and valid now`,
    closedInHandshake:
      `the peer closed the connection during the TLS handshake: either it speaks no TLS at this port (then remove ` +
      `${ssl}, or use its TLS port), or it is starting or stopping`,
    closed:
      `the broker closed the connection: it is starting or stopping, or this is a port with other settings for TLS ` +
      `(${ssl}) or credentials (egress.kafka.sasl)`,
  }
}

/** Whoever refuses the client's certificate, or misses it, says so in an alert. */
const isCertificateAlert = (code: string): boolean =>
  /^ERR_SSL_.*ALERT_(.*CERTIFICATE.*|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)$/.test(code)

/** A certificate file that is replaced in two steps does not match its key for a moment. */
const MAY_PASS: ReadonlySet<string> = new Set(['ERR_OSSL_X509_KEY_VALUES_MISMATCH'])

const CLOSED_BY_BROKER = /^(Closed connection|Connection closed by the server)$/
const CLOSED_BEFORE_TLS = /before secure TLS connection was established/
