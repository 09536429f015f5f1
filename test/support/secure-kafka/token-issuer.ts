import { createSign, generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createPlainServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Issued } from './certificates.js'

/** What a token endpoint was asked. */
export type TokenAsked = Readonly<{
  method: string
  path: string
  headers: IncomingMessage['headers']
  form: URLSearchParams
}>

/** What a stand-in of a token endpoint answers; `undefined`: a token. */
export type Decide = (asked: TokenAsked) => Readonly<{ status: number; body: object | string }> | undefined

export type StandInIssuer = Readonly<{
  url: string
  asked: readonly TokenAsked[]
  /** Public keys as the broker takes them. */
  jwks: string
  /** How long tokens are valid, in seconds, and who they are about. */
  tokens: { lifeS: number; subject: string }
  decide: (by: Decide) => void
  token: (claims?: Readonly<Record<string, unknown>>) => string
  close: () => Promise<void>
}>

export const ISSUER = 'https://issuer.test'
export const AUDIENCE = 'kafka.test'

/**
 * Stands in for the token endpoint of an OAuth issuer, of Entra ID and of the machine's metadata service: it answers any
 * path with a signed token, unless `decide` says otherwise. The tokens are real ones (RS256), which a broker verifies.
 */
export const standInIssuer = async (tls?: Issued): Promise<StandInIssuer> => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const kid = randomUUID()
  const asked: TokenAsked[] = []
  const tokens = { lifeS: 300, subject: 'streamvane' }
  let decide: Decide = () => undefined

  const token: StandInIssuer['token'] = (claims = {}) => {
    const now = Math.floor(Date.now() / 1_000)
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const body = { iss: ISSUER, aud: AUDIENCE, sub: tokens.subject, iat: now, exp: now + tokens.lifeS, ...claims }
    const signed = `${part({ alg: 'RS256', kid, typ: 'JWT' })}.${part(body)}`
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey).toString('base64url')}`
  }

  const answer: RequestListener = (request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const question = { method, path: url, headers, form: new URLSearchParams(text) }
      asked.push(question)
      const { status, body } = decide(question) ?? {
        status: 200,
        body: { access_token: token(), token_type: 'Bearer', expires_in: tokens.lifeS },
      }
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  }
  const server =
    tls === undefined
      ? createPlainServer(answer)
      : createTlsServer({ cert: readFileSync(tls.certificateFile), key: readFileSync(tls.keyFile) }, answer)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    jwks: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }] }),
    tokens,
    decide: (by) => (decide = by),
    token,
    close: async () => {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}
