import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { clientCredentialsTokens } from '../../../src/credentials/client-credentials.js'
import { entraTokens } from '../../../src/credentials/entra-id.js'
import { tokenSource } from '../../../src/credentials/token-source.js'
import { Secret } from '../../../src/credentials/secret.js'
import type { SecureBroker } from '../../support/secure-kafka/secure-broker.js'
import { standInIssuer } from '../../support/secure-kafka/token-issuer.js'
import { attempt } from './attempt.js'

/** The broker verifies the signatures of a stand-in token issuer by its public keys. */
export const oauthSuite = (started: () => SecureBroker) =>
  describe('SASL OAUTHBEARER to a real broker', () => {
    beforeEach(() => started().issuer.decide(() => undefined))
    const tls = () => ({ caFile: started().authority.caFile })
    const secret = Secret.literal('planted-client-secret')
    const tokens = (clientSecret = secret) =>
      clientCredentialsTokens({
        tokenUrl: `${started().issuer.url}/token`,
        clientId: 'streamvane',
        clientSecret,
        scope: 'kafka',
        tls: tls(),
      })
    const connect = (source = tokens(), extensions = {}) =>
      attempt(started().at('OAUTH'), { tls: tls(), sasl: { mechanism: 'oauthbearer', tokens: source, extensions } })

    test('a token by client credentials from an issuer with an own authority is accepted', async () => {
      expect(await connect()).toBe('connected')
      const asked = started().issuer.asked.at(-1)
      expect(Object.fromEntries(asked?.form ?? [])).toEqual({ grant_type: 'client_credentials', scope: 'kafka' })
      const basic = Buffer.from('streamvane:planted-client-secret').toString('base64')
      expect(asked?.headers.authorization).toBe(`Basic ${basic}`)
    })

    test('a token that the broker does not accept is refused with its words', async () => {
      const forged = { value: 'e30.e30.e30', expiresAt: Date.now() + 60_000 }
      expect(await connect(tokenSource(async () => forged))).toMatch(
        /^refused: the broker does not accept the token \(invalid_token/,
      )
    })

    test('a kept token that the broker no longer accepts is fetched anew at once', async () => {
      const valid = { value: started().issuer.token(), expiresAt: Date.now() + 60_000 }
      const revoked = { value: 'e30.e30.e30', expiresAt: Date.now() + 60_000 }
      const given = [revoked, valid]
      const source = tokenSource(async () => given.shift() as typeof valid)
      await source.current() // it was used before
      expect(await connect(source)).toBe('connected')
    })

    test('an issuer that refuses the client is a refusal with its reason, without the secret', async () => {
      const error = { error: 'invalid_client', error_description: 'the client is unknown' }
      started().issuer.decide(() => ({ status: 401, body: error }))
      const told = await connect()
      expect(told).toMatch(
        /^refused: the token endpoint at https:\/\/127\.0\.0\.1:\d+\/token answers 401: invalid_client: the client is unknown/,
      )
      expect(told).not.toContain('planted')
    })

    test('an issuer that is away is tried again', async () => {
      started().issuer.decide(() => ({ status: 503, body: 'busy' }))
      expect(await connect()).toMatch(/^failed: .*the token endpoint at .* answers 503/)
    })

    test('a client secret that changed in its file is used at once', async () => {
      const file = join(started().dir, 'client-secret')
      writeFileSync(file, 'planted-old')
      started().issuer.decide(({ headers }) => {
        const basic = Buffer.from((headers.authorization ?? '').slice('Basic '.length), 'base64').toString()
        if (basic.endsWith('planted-new')) return undefined
        writeFileSync(file, 'planted-new') // rotated while the request is under way
        return { status: 401, body: { error: 'invalid_client' } }
      })
      expect(await connect(tokens(Secret.file(file)))).toBe('connected')
    })

    test('extensions are sent with the token: the broker takes words as their names, and refuses others', async () => {
      expect(await connect(tokens(), { logicalCluster: 'lkc-1', identityPoolId: 'pool-1' })).toBe('connected')
      expect(await connect(tokens(), { 'not-a-word': 'x' })).toMatch(/^refused: /)
    })

    test('Entra ID: a client secret, a federated token file and a managed identity each give an accepted token', async () => {
      const entra = await standInIssuerOf(started)
      const scope = 'https://hubs.servicebus.windows.net/.default'
      const file = join(started().dir, 'federated-token')
      writeFileSync(file, 'planted-assertion\n')
      const tenant = { scope, authorityHost: entra.url, tenantId: 'tenant-1', clientId: 'client-1' }
      const env = { IDENTITY_ENDPOINT: `${entra.url}/msi/token`, IDENTITY_HEADER: 'planted-header' }
      try {
        expect(await connect(entraTokens({ kind: 'secret', clientSecret: secret, ...tenant }))).toBe('connected')
        expect(await connect(entraTokens({ kind: 'federated', tokenFile: file, ...tenant }))).toBe('connected')
        expect(await connect(entraTokens({ kind: 'managed', scope, clientId: 'client-1' }, env))).toBe('connected')
      } finally {
        await entra.close()
      }
      const [bySecret, byFile, byMachine] = entra.asked
      expect([bySecret?.path, Object.fromEntries(bySecret?.form ?? [])]).toEqual([
        '/tenant-1/oauth2/v2.0/token',
        { grant_type: 'client_credentials', client_id: 'client-1', scope, client_secret: 'planted-client-secret' },
      ])
      expect(Object.fromEntries(byFile?.form ?? [])).toEqual({
        grant_type: 'client_credentials',
        client_id: 'client-1',
        scope,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: 'planted-assertion',
      })
      expect(byMachine?.headers['x-identity-header']).toBe('planted-header')
      expect(Object.fromEntries(new URL(byMachine?.path ?? '', entra.url).searchParams)).toEqual({
        'api-version': '2019-08-01',
        resource: 'https://hubs.servicebus.windows.net',
        client_id: 'client-1',
      })
    })
  })

/** Answers as Entra ID and the managed identity endpoint do, with tokens of the issuer that the broker knows. */
const standInIssuerOf = async (started: () => SecureBroker) => {
  const entra = await standInIssuer()
  entra.decide(() => ({ status: 200, body: { access_token: started().issuer.token(), expires_in: '300' } }))
  return entra
}
