import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AuthenticationRefused } from '../../../src/credentials/connection-faults.js'
import { withReread } from '../../../src/credentials/client-credentials.js'
import type { Secret } from '../../../src/credentials/secret.js'
import { vaultReference, type VaultKind } from '../../../src/credentials/vaults/reference.js'
import { vaultsOf } from '../../../src/credentials/vaults/vaults.js'
import { awsStandIn, type AwsStandIn } from '../../support/vaults/aws.js'
import { ASSERTION, azureStandIn, type AzureStandIn } from '../../support/vaults/azure.js'
import { googleStandIn, type GoogleStandIn } from '../../support/vaults/google.js'
import type { Reply, StandIn } from '../../support/vaults/service.js'

let azure: AzureStandIn
let aws: AwsStandIn
let google: GoogleStandIn
let dir: string
beforeAll(async () => {
  azure = await azureStandIn()
  aws = await awsStandIn()
  google = await googleStandIn()
  dir = mkdtempSync(join(tmpdir(), 'streamvane-vaults-'))
})
afterAll(async () => {
  await Promise.all([azure.close(), aws.close(), google.close()])
  rmSync(dir, { recursive: true })
})

const fileWith = (name: string, text: string): string => {
  const file = join(dir, name)
  writeFileSync(file, text)
  return file
}

type Env = Readonly<Record<string, string>>

/** A vault that a test speaks to in the same way as to the others. */
type Place = Readonly<{
  service: StandIn
  kind: VaultKind
  env: Env
  place: (name: string) => string
  put: (name: string, value: string) => void
  /** How it says that the caller may not read the secret. */
  forbidden: Reply
}>

const places: Readonly<Record<string, () => Place>> = {
  'Key Vault': () => ({
    ...{ service: azure, kind: 'keyvault', env: azure.env, place: (name) => `${azure.url}/secrets/${name}` },
    put: (name, value) => azure.vault.set(name, value),
    forbidden: { status: 403, body: { error: { code: 'Forbidden', message: 'Caller is not authorized' } } },
  }),
  'Secrets Manager': () => ({
    ...{ service: aws, kind: 'aws-secret', env: aws.env, place: (name) => name },
    put: (name, value) => aws.secrets.set(name, value),
    forbidden: { status: 400, body: { __type: 'AccessDeniedException', Message: 'User is not authorized' } },
  }),
  'Google Secret Manager': () => ({
    ...{ service: google, kind: 'gcp-secret', env: google.env, place: (name) => `projects/p/secrets/${name}` },
    put: (name, value) => google.secrets.set(name, value),
    forbidden: { status: 403, body: { error: { status: 'PERMISSION_DENIED', message: 'Permission denied' } } },
  }),
}

/** The secret of a place, read once, at a clock that the test moves. */
const loaded = async (kind: VaultKind, place: string, env: Env, more: object = {}) => {
  const clock = { now: Date.now() }
  const vaults = vaultsOf(env, () => clock.now)
  const secret = vaults.secret(vaultReference(kind, place, more))
  await vaults.load()
  return { secret, vaults, clock }
}

const stateOf = (secret: Secret) => {
  if (secret.held === undefined) throw new Error('the secret is in no vault')
  return secret.held.state()
}

describe.each(Object.entries(places))('%s', (_, placeOf) => {
  test('a secret is read by the identity of the machine, without the line feed that a shell appended', async () => {
    const { kind, env, place, put } = placeOf()
    put('password', 'first-value\n')
    const { secret, clock } = await loaded(kind, place('password'), env)
    expect(secret.read()).toBe('first-value')
    expect(stateOf(secret)).toMatchObject({ kind: 'current', readAt: clock.now })
    expect(inspect(secret) + JSON.stringify({ secret }) + String(secret)).not.toContain('first-value')
  })

  test('a secret that was rotated has its new value and version once it is read again', async () => {
    const { kind, env, place, put } = placeOf()
    put('rotated', 'before')
    const { secret } = await loaded(kind, place('rotated'), env)
    const before = stateOf(secret)
    put('rotated', 'after')
    expect(secret.read()).toBe('before')
    await secret.held?.renew()
    expect(secret.read()).toBe('after')
    const after = stateOf(secret)
    if (before.kind !== 'current' || after.kind !== 'current') throw new Error('the secret is not current')
    expect(after.version).not.toBe(before.version)
  })

  test('a refusal reads the secret anew at once, and no more often than every ten seconds', async () => {
    const { kind, env, place, put, service } = placeOf()
    put('refused', 'old')
    const { secret, clock } = await loaded(kind, place('refused'), env)
    put('refused', 'new')
    clock.now += 10_000
    const used: string[] = []
    await withReread(secret, async (value) => {
      used.push(value)
      if (value === 'old') throw new AuthenticationRefused('the destination refuses the old one')
    })
    expect(used).toEqual(['old', 'new'])
    const asked = service.asked.length
    clock.now += 9_999
    await secret.readAgain()
    expect(service.asked).toHaveLength(asked)
  })

  test.each([403, 429, 503])('at %i the last value stays in use, and since when it is old is told', async (status) => {
    const { kind, env, place, put, service, forbidden } = placeOf()
    put('kept', 'last-value')
    const { secret, clock } = await loaded(kind, place('kept'), env)
    service.failWith(status === 403 ? forbidden : { status })
    const failingSince = (clock.now += 60_000)
    await secret.held?.renew()
    clock.now += 60_000
    await secret.held?.renew()
    service.failWith(undefined)
    expect(secret.read()).toBe('last-value')
    expect(stateOf(secret)).toMatchObject({ kind: 'stale', failingSince })
    await secret.held?.renew()
    expect(stateOf(secret)).toMatchObject({ kind: 'current', readAt: clock.now })
  })

  test('a secret that may not be read names the reference, who asked, and the right that is missing', async () => {
    const { kind, env, place, put, service, forbidden } = placeOf()
    put('secret-one', 'planted-value')
    service.failWith(forbidden, ({ path, method }) => path.includes('secret-one') || method === 'POST')
    const { secret } = await loaded(kind, place('secret-one'), env)
    service.failWith(undefined)
    expect(stateOf(secret).kind).toBe('unread')
    expect(() => secret.read()).toThrow(
      new RegExp(`cannot read ${kind}:.*secret-one: .*(answers 403|answers 400) to the .*: .*(give|allow) `),
    )
    expect(() => secret.read()).not.toThrow(/planted/)
  })

  test('a secret that is missing is told as missing', async () => {
    const { kind, env, place } = placeOf()
    const { secret } = await loaded(kind, place('nowhere'), env)
    expect(() => secret.read()).toThrow(/make .*nowhere.*, or correct/)
  })

  test('places with the same reference share one value', async () => {
    const { kind, place, put, env } = placeOf()
    put('shared', 'value')
    const vaults = vaultsOf(env)
    const [one, other] = [
      vaults.secret(vaultReference(kind, place('shared'))),
      vaults.secret(vaultReference(kind, place('shared'))),
    ]
    expect(one).toBe(other)
  })
})

test('a version of Key Vault and of Google stays the one that was named', async () => {
  for (const value of ['one', 'two']) {
    azure.vault.set('pinned', value)
    google.secrets.set('pinned', value)
  }
  const ofAzure = await loaded('keyvault', `${azure.url}/secrets/pinned/v1`, azure.env)
  const ofGoogle = await loaded('gcp-secret', 'projects/p/secrets/pinned/versions/1', google.env)
  expect([ofAzure.secret.read(), ofGoogle.secret.read()]).toEqual(['one', 'one'])
})

test.each(['Key Vault', 'Google'])(
  '%s: a token that is no longer accepted is replaced by a fresh one',
  async (name) => {
    const service = name === 'Key Vault' ? azure : google
    azure.vault.set('token', 'value')
    google.secrets.set('token', 'value')
    const { secret, clock } =
      name === 'Key Vault'
        ? await loaded('keyvault', `${azure.url}/secrets/token`, azure.env)
        : await loaded('gcp-secret', 'projects/p/secrets/token', google.env)
    service.revokeTokens()
    clock.now += 1_000
    await secret.held?.renew()
    expect(stateOf(secret)).toMatchObject({ kind: 'current', readAt: clock.now })
  },
)

test('workload identity of AKS: the token of the cluster is exchanged for one of Entra ID', async () => {
  azure.vault.set('workload', 'value')
  const file = fileWith('assertion', `${ASSERTION}\n`)
  const { secret } = await loaded('keyvault', `${azure.url}/secrets/workload`, azure.workloadEnv(file))
  expect(secret.read()).toBe('value')
  writeFileSync(file, 'of another cluster')
  const refused = await loaded('keyvault', `${azure.url}/secrets/workload`, azure.workloadEnv(file))
  expect(() => refused.secret.read()).toThrow(/Entra ID.*answers 401: invalid_client: AADSTS700213/)
})

test('Secrets Manager: the credentials of a container sign, with their session; a wrong key is refused', async () => {
  aws.secrets.set('prod/streamvane', '{"kafkaPassword":"of-kafka","port":9093}')
  const more = { key: 'kafkaPassword' }
  const ofTask = await loaded('aws-secret', 'prod/streamvane', aws.containerEnv, more)
  expect(ofTask.secret.read()).toBe('of-kafka')
  const wrong = { ...aws.env, AWS_SECRET_ACCESS_KEY: 'planted-but-wrong' }
  const refused = await loaded('aws-secret', 'prod/streamvane', wrong, more)
  expect(() => refused.secret.read()).toThrow(
    /AKIAOFTESTS \(InvalidSignatureException\).*allow secretsmanager:GetSecretValue/,
  )
  expect(() => refused.secret.read()).not.toThrow(/planted/)
})

test('Secrets Manager: a key chooses a value of the JSON, by an ARN too, and a key that is not there is refused', async () => {
  aws.secrets.set('json', '{"one":"first","two":2}')
  const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:json-a1B2c3'
  const two = await loaded('aws-secret', `${arn}#two`, aws.env)
  expect(two.secret.read()).toBe('2')
  expect(aws.asked.at(-1)?.request.headers.authorization).toContain('/eu-west-1/secretsmanager/aws4_request')
  const none = await loaded('aws-secret', 'json#three', aws.env)
  expect(() => none.secret.read()).toThrow(/json is no JSON with a text under three/)
})

test('Google: the key of a service account signs for a token; a file of another kind is refused', async () => {
  google.secrets.set('by-key', 'value')
  const file = fileWith('key.json', google.keyFile())
  const { secret } = await loaded('gcp-secret', 'projects/p/secrets/by-key', google.keyEnv(file))
  expect(secret.read()).toBe('value')
  writeFileSync(file, '{"type":"external_account"}')
  const refused = await loaded('gcp-secret', 'projects/p/secrets/by-key', google.keyEnv(file))
  expect(() => refused.secret.read()).toThrow(/is no key of a service account \(its type is external_account\)/)
})

test('a vault that is away and was never reached is told with its address', async () => {
  const gone = await azureStandIn()
  await gone.close()
  const { secret } = await loaded('keyvault', `${gone.url}/secrets/one`, azure.env)
  expect(() => secret.read()).toThrow(
    /cannot read keyvault:.*\/secrets\/one: Key Vault 127\.0\.0\.1:\d+ at .* does not answer \(ECONNREFUSED\)/,
  )
})
