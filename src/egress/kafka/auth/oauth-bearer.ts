import type { AuthenticationProviderArgs } from 'kafkajs'
import { AuthenticationRefused } from '../../../credentials/connection-faults.js'
import type { Token } from '../../../credentials/token-source.js'

/**
 * The exchange of SASL OAUTHBEARER (RFC 7628) with extensions (KIP-342). Throws `AuthenticationRefused` with the words
 * of the broker if it does not accept the token.
 *
 * The exchange of kafkajs takes a refused token for an accepted one: the broker says no in a first answer without an
 * error code, and closes the connection when the next request comes.
 */
export const oauthBearerExchange = async (
  { saslAuthenticate }: AuthenticationProviderArgs,
  token: Token,
  extensions: Readonly<Record<string, string>>,
): Promise<void> => {
  const fields = Object.entries(extensions).map(([name, value]) => `${name}=${value}${SEPARATOR}`)
  const first = `n,,${SEPARATOR}auth=Bearer ${token.value}${SEPARATOR}${fields.join('')}${SEPARATOR}`
  const answer = await saslAuthenticate({ request: { encode: () => lengthPrefixed(first) }, response: TEXT })
  if (answer === undefined || answer === '') return
  // The broker tells the error of the protocol once the refusal is acknowledged.
  const words = await saslAuthenticate({ request: { encode: () => lengthPrefixed(SEPARATOR) } }).then(
    () => '',
    (cause: unknown) => (cause instanceof Error ? `: ${cause.message}` : ''),
  )
  throw new AuthenticationRefused(`the broker does not accept the token (${statusIn(answer)}${words})`)
}

/** Bytes as kafkajs takes them in an authentication: an int32 for the length, then the bytes. */
export const lengthPrefixed = (text: string): Buffer => {
  const bytes = Buffer.from(text)
  const prefixed = Buffer.alloc(4 + bytes.length)
  prefixed.writeInt32BE(bytes.length)
  bytes.copy(prefixed, 4)
  return prefixed
}

const SEPARATOR = '\u0001'

const TEXT = {
  decode: (raw: Buffer) => raw.subarray(4),
  parse: (bytes: Buffer) => bytes.toString('utf8'),
}

/** `invalid_token` and the like; what the broker answers is JSON. */
const statusIn = (answer: string): string => {
  try {
    const { status } = JSON.parse(answer) as { status?: unknown }
    return typeof status === 'string' ? status.slice(0, STATUS_MAX) : 'no status'
  } catch {
    return 'no status'
  }
}

const STATUS_MAX = 200
