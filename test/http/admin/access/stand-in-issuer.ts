import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWK } from 'jose'
import { onTestFinished } from 'vitest'
import { standInPeople, type StandInPeople } from './stand-in-people.js'

type Key = Readonly<{ kid: string; privateKey: CryptoKey; jwk: JWK }>

export type Claims = Readonly<Record<string, unknown>>

export type TokenOptions = Readonly<{ expires?: string; audience?: string; issuer?: string }>

export type StandInIssuer = Readonly<{
  url: string
  /** A token as the issuer signs it; `claims` are added to, or replace, those of a good one. */
  token: (claims?: Claims, options?: TokenOptions) => Promise<string>
  /** Signed by a key that is not the issuer's, under the id of its key. */
  forged: (claims?: Claims) => Promise<string>
  unsigned: (claims?: Claims) => string
  /** Signed with the public key as a shared secret: the old confusion of algorithms. */
  confused: () => Promise<string>
  /** From now on tokens are signed by a new key; the old one is no longer published. */
  rotate: () => Promise<void>
  /** Answers are held back until `release`. */
  hold: () => void
  release: () => void
  /** Answers 503 from now on. */
  fail: (isFailing: boolean) => void
  /** How often the keys were fetched. */
  fetched: () => number
  /** Who signs in at its pages: claims of the ID token besides those of a good one. */
  people: StandInPeople
}>

export const AUDIENCE = 'streamvane'

const newKey = async (kid: string): Promise<Key> => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } }
}

const metadataOf = (url: string): object => ({
  ...{
    issuer: url,
    jwks_uri: `${url}/keys`,
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
  },
  ...{
    response_types_supported: ['code'],
    id_token_signing_alg_values_supported: ['ES256'],
    code_challenge_methods_supported: ['S256'],
  },
})

/** An OpenID Connect issuer on a free port, with discovery and a key set; stopped when the test ends. */
export const standInIssuer = async (): Promise<StandInIssuer> => {
  let serial = 1
  let key = await newKey('key-1')
  let held: (() => void)[] | undefined
  let [isFailing, fetched] = [false, 0]
  const server = createServer((request, response) => {
    const answer = (): void => {
      if (isFailing) return void response.writeHead(503).end()
      response.setHeader('content-type', 'application/json')
      const asked = new URL(request.url ?? '/', url)
      if (asked.pathname === '/.well-known/openid-configuration')
        return void response.end(JSON.stringify(metadataOf(url)))
      if (asked.pathname === '/authorize') return void response.writeHead(302, { location: people.sent(asked) }).end()
      if (asked.pathname === '/token') return void people.answerToken(request, response)
      fetched += 1
      response.end(JSON.stringify({ keys: [key.jwk] }))
    }
    if (held === undefined) answer()
    else held.push(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const good = (claims: Claims = {}) => ({ sub: 'jane', roles: ['viewer'], tenant: 'acme', ...claims })
  const built = (
    claims: Claims | undefined,
    kid: string,
    { expires = '5m', audience = AUDIENCE, issuer = url }: TokenOptions = {},
  ): SignJWT =>
    new SignJWT(good(claims))
      .setProtectedHeader({ alg: 'ES256', kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(expires)
  const people = standInPeople((claims, options) => built(claims, key.kid, options).sign(key.privateKey))
  return {
    url,
    people,
    token: (claims, options) => built(claims, key.kid, options).sign(key.privateKey),
    forged: async (claims) => built(claims, key.kid).sign((await newKey(key.kid)).privateKey),
    unsigned: (claims) =>
      new UnsecuredJWT(good(claims)).setIssuer(url).setAudience(AUDIENCE).setExpirationTime('5m').encode(),
    confused: () =>
      new SignJWT(good())
        .setProtectedHeader({ alg: 'HS256', kid: key.kid })
        .setIssuer(url)
        .setAudience(AUDIENCE)
        .setExpirationTime('5m')
        .sign(new TextEncoder().encode(JSON.stringify(key.jwk))),
    rotate: async () => {
      serial += 1
      key = await newKey(`key-${serial}`)
    },
    hold: () => void (held = []),
    release: () => {
      const waiting = held ?? []
      held = undefined
      for (const answer of waiting) answer()
    },
    fail: (failing) => void (isFailing = failing),
    fetched: () => fetched,
  }
}
