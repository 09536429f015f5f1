import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { connectionOf } from '../../../../src/app/config/connections/kafka-connection.js'
import { principalOf } from '../../../../src/egress/kafka/auth/principal.js'
import { scratchFolder } from '../../../support/streamvane.js'
import { googleStandIn, type GoogleStandIn } from '../../../support/vaults/google.js'

const google = async (): Promise<GoogleStandIn> => {
  const service = await googleStandIn()
  onTestFinished(() => service.close())
  return service
}

const connection = (env: Readonly<Record<string, string>>) =>
  connectionOf({ brokers: ['b:9092'], clientId: 'c', ssl: true, sasl: { mechanism: 'google' } }, env)

const tokensOf = (env: Readonly<Record<string, string>>) => {
  const { sasl } = connection(env)
  if (sasl?.mechanism !== 'oauthbearer') throw new Error('it signs in by another mechanism')
  return sasl.tokens
}

const partsOf = (token: string): readonly string[] =>
  token.split('.').map((part) => Buffer.from(part, 'base64url').toString())

test('a token for Google Managed Kafka has a header, who it is of and how long, and the access token', async () => {
  const { env } = await google()
  const { value, expiresAt } = await tokensOf(env).current()
  const [header = '', claims = '', accessToken] = partsOf(value)
  expect(JSON.parse(header)).toEqual({ typ: 'JWT', alg: 'GOOG_OAUTH2_TOKEN' })
  const { exp, iat, ...said } = JSON.parse(claims) as { exp: number; iat: number }
  expect(said).toEqual({ iss: 'Google', scope: 'kafka', sub: 'streamvane@p.iam.gserviceaccount.com' })
  expect(exp).toBe(Math.floor(expiresAt / 1_000))
  expect(exp - iat).toBeLessThanOrEqual(3_599)
  expect(accessToken).toMatch(/^[0-9a-f-]{36}$/)
})

test('the key of a service account signs in as that account, and the broker knows it by its address', async () => {
  const service = await google()
  const file = join(await scratchFolder(), 'key.json')
  writeFileSync(file, service.keyFile())
  expect(await principalOf(connection(service.keyEnv(file)))).toBe('User:streamvane@p.iam.gserviceaccount.com')
})

test('an access token is kept while it is valid, and another is fetched where the broker refuses it', async () => {
  const tokens = tokensOf((await google()).env)
  const [first, again] = [await tokens.current(), await tokens.current()]
  expect(partsOf(again.value)[2]).toBe(partsOf(first.value)[2])
  expect(tokens.discard(again)).toBe(true)
  expect(partsOf((await tokens.current()).value)[2]).not.toBe(partsOf(first.value)[2])
})
