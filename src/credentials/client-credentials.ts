import type { Secret } from './secret.js'
import { AuthenticationRefused } from './connection-faults.js'
import type { TlsSettings } from './tls.js'
import { askIssuer, tokenIn } from './token-request.js'
import { tokenSource, type TokenSource } from './token-source.js'

export type ClientCredentials = Readonly<{
  tokenUrl: string
  clientId: string
  clientSecret: Secret
  scope?: string | undefined
  audience?: string | undefined
  tls?: TlsSettings | undefined
}>

/**
 * Tokens of an OAuth 2.0 or OpenID Connect issuer by client credentials (RFC 6749, 4.4). Id and secret are sent in the
 * Authorization header, which every issuer must take (2.3.1), each form-encoded first.
 */
export const clientCredentialsTokens = (settings: ClientCredentials, now: () => number = Date.now): TokenSource => {
  const { tokenUrl, clientId, clientSecret, scope, audience, tls } = settings
  const what = 'the token endpoint'
  return tokenSource(
    () =>
      withReread(clientSecret, async (secret) => {
        const asked = now()
        const basic = Buffer.from(`${formEncoded(clientId)}:${formEncoded(secret)}`).toString('base64')
        const text = await askIssuer({
          what,
          method: 'POST',
          url: tokenUrl,
          headers: { authorization: `Basic ${basic}` },
          form: { grant_type: 'client_credentials', scope, audience },
          tls,
        })
        return tokenIn(text, what, asked)
      }),
    now,
  )
}

/** Asks with the secret as it is now; if it is refused and is another one by then, asks once more. */
export const withReread = async <A>(secret: Secret, ask: (value: string) => Promise<A>): Promise<A> => {
  const value = secret.read()
  try {
    return await ask(value)
  } catch (cause) {
    if (!(cause instanceof AuthenticationRefused)) throw cause
    const again = await secret.readAgain()
    if (again === value) throw cause
    return ask(again)
  }
}

const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1)
