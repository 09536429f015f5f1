import type { GoogleIdentity } from '../../../credentials/google-identity.js'
import type { Token, TokenSource } from '../../../credentials/token-source.js'

/**
 * Tokens for Google Cloud Managed Service for Apache Kafka, as its `GcpLoginCallbackHandler` makes them: three parts in
 * base64url, a header, claims with the e-mail address of the service account, and the access token in the place of a
 * signature. A bare access token is refused.
 */
export const googleKafkaTokens = ({ tokens, email }: GoogleIdentity, now: () => number = Date.now): TokenSource => {
  const accessTokens = new WeakMap<Token, Token>()
  return {
    current: async () => {
      const accessToken = await tokens.current()
      const token = { value: wrapped(accessToken, await email(), now()), expiresAt: accessToken.expiresAt }
      accessTokens.set(token, accessToken)
      return token
    },
    discard: (token) => tokens.discard(accessTokens.get(token) ?? token),
  }
}

const wrapped = ({ value, expiresAt }: Token, sub: string, at: number): string =>
  [
    JSON.stringify({ typ: 'JWT', alg: 'GOOG_OAUTH2_TOKEN' }),
    JSON.stringify({ exp: seconds(expiresAt), iss: 'Google', iat: seconds(at), scope: 'kafka', sub }),
    value,
  ]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')

const seconds = (ms: number): number => Math.floor(ms / 1_000)
