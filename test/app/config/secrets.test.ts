import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { signerKeyIn } from '../../../src/app/config/audit-keys.js'
import { loadConfig, openConfig, redacted } from '../../../src/app/config/load.js'
import { kafkaSinks } from '../../../src/app/config/sinks/egress-sinks.js'
import { assertSecretsRead } from '../../../src/app/config/secrets/read-secrets.js'
import { secretsOf } from '../../../src/app/config/secrets/secrets.js'
import { signerKeyOf } from '../../../src/audit/note.js'
import { accessOf } from '../../../src/app/pipeline/logs/eventstoredb-logs.js'
import { azureStandIn, type AzureStandIn } from '../../support/vaults/azure.js'

let azure: AzureStandIn
let folder: string
beforeAll(async () => {
  azure = await azureStandIn()
  folder = mkdtempSync(join(tmpdir(), 'streamvane-secrets-'))
})
afterEach(() => azure.failWith(undefined))
afterAll(async () => {
  await azure.close()
  rmSync(folder, { recursive: true })
})

const fileOf = (name: string, text: string): string => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}
const inVault = (name: string, value: string): string => {
  azure.vault.set(name, value)
  return `${azure.url}/secrets/${name}`
}
const TOKEN = 'planted-token-of-the-ingress'
const tokenOf = async (env: Readonly<Record<string, string>>) =>
  (await openConfig({ env: { ...azure.env, ...env } })).ingress.token?.read()

describe('references to secrets', () => {
  test('a text in a variable names a vault, a variable or a file, so that Helm values can carry it', async () => {
    const file = fileOf('token', `${TOKEN}\n`)
    const place = inVault('token', TOKEN)
    expect(await tokenOf({ STREAMVANE_INGRESS__TOKEN: `keyvault:${place}` })).toBe(TOKEN)
    expect(await tokenOf({ STREAMVANE_INGRESS__TOKEN: `file:${file}` })).toBe(TOKEN)
    expect(await tokenOf({ STREAMVANE_INGRESS__TOKEN: 'env:OTHER', OTHER: TOKEN })).toBe(TOKEN)
    expect(await tokenOf({ STREAMVANE_INGRESS__TOKEN: 'env:OTHER', OTHER: `keyvault:${place}` })).toBe(TOKEN)
    expect(await tokenOf({ STREAMVANE_INGRESS__TOKEN: TOKEN })).toBe(TOKEN)
  })

  test('a file may hold references as mappings and as texts, and no secret as it is', async () => {
    const place = inVault('password', 'planted-password')
    const kafka = (password: string): string =>
      `egress:\n  kafka:\n    brokers: [a:1]\n    format: json\n    ssl: true\n    sasl: { mechanism: plain, username: u, password: ${password} }\n`
    for (const [name, written] of [
      ['mapping', `{ keyvault: '${place}' }`],
      ['text', `'keyvault:${place}'`],
    ] as const) {
      const config = await openConfig({ file: fileOf(`${name}.yaml`, kafka(written)), env: azure.env })
      expect(secretsOf(config)).toEqual([
        {
          path: 'egress.kafka.sasl.password',
          secret: expect.objectContaining({ from: `keyvault:${place}` }) as unknown,
        },
      ])
      expect(JSON.stringify(redacted(config))).not.toContain('planted')
    }
    expect(() => loadConfig({ file: fileOf('literal.yaml', kafka('planted-password')) })).toThrow(
      /egress\.kafka\.sasl\.password: a secret does not stand in the file: write .*keyvault/,
    )
  })

  test.each([
    ['a vault elsewhere', 'keyvault:https://example.com/secrets/x', 'a secret of Key Vault is'],
    ['a name where Google wants a path', 'gcp-secret:x', 'a secret of Google Cloud is'],
    ['a variable that is not there', 'env:NOWHERE', 'the environment has no NOWHERE'],
    ['a file that is not there', 'file:/nowhere/x', 'ENOENT'],
  ])('%s is refused with the key of the setting', (_, reference, message) => {
    const load = () => loadConfig({ env: { STREAMVANE_INGRESS__TOKEN: reference } })
    expect(load).toThrow('ingress.token: ')
    expect(load).toThrow(message)
  })

  test.each([
    { keyvault: 'https://v.vault.azure.net/secrets/x', env: 'X' },
    { env: 'X', region: 'eu-west-1' },
    { 'aws-secret': 'x', region: 5 },
    { 'aws-secret': 'x', other: 'y' },
    {},
  ])('a mapping that is no reference is refused: %j', (token) => {
    expect(() => loadConfig({ flags: { ingress: { token } } })).toThrow('ingress.token: a reference to a secret is')
  })

  test('what is in a vault passes the checks of its setting', async () => {
    const place = inVault('short', 'short')
    await expect(tokenOf({ STREAMVANE_INGRESS__TOKEN: `keyvault:${place}` })).rejects.toThrow(
      'ingress.token: at least 16 characters',
    )
  })

  test('a connection string of Event Hubs in a vault says where the broker is', async () => {
    const place = inVault(
      'hubs',
      'Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=cGxhbnRlZA==',
    )
    const env = {
      ...{ ...azure.env, STREAMVANE_EGRESS__SINK: 'kafka', STREAMVANE_EGRESS__KAFKA__FORMAT: 'json' },
      STREAMVANE_EGRESS__KAFKA__PRESET: 'event-hubs',
      STREAMVANE_EGRESS__KAFKA__EVENT_HUBS_CONNECTION_STRING: `keyvault:${place}`,
    }
    const [sink] = kafkaSinks((await openConfig({ env })).egress)
    expect(sink?.settings.brokers).toEqual(['acme.servicebus.windows.net:9093'])
  })

  test('the password of EventStoreDB and the key that signs the log may be in a vault', async () => {
    const { signer, text } = signerKeyOf('acme', new Uint8Array(32).fill(1))
    const config = await openConfig({
      env: {
        ...azure.env,
        STREAMVANE_LOG__EVENTSTOREDB__CONNECTION_STRING: 'esdb://host:2113?tls=true',
        STREAMVANE_LOG__EVENTSTOREDB__USERNAME: 'admin',
        STREAMVANE_LOG__EVENTSTOREDB__PASSWORD: `keyvault:${inVault('eventstore', 'planted-password')}`,
        STREAMVANE_AUDIT__KEY: `keyvault:${inVault('signer', text)}`,
      },
    })
    expect(accessOf(config.log.eventstoredb).credentials).toEqual({ username: 'admin', password: 'planted-password' })
    expect(signerKeyIn(config.audit, {})?.verifier.id).toBe(signer.verifier.id)
  })
})

describe('a vault that does not give a secret', () => {
  const env = () => ({ ...azure.env, STREAMVANE_INGRESS__TOKEN: `keyvault:${azure.url}/secrets/late` })
  const never = new AbortController().signal

  test('leaves the configuration as it is for a command that does without; who reads it is told why', async () => {
    const config = await openConfig({ env: env() })
    expect(() => config.ingress.token?.read()).toThrow(/cannot read keyvault:.*late: .*make the secret late/)
  })

  test('is asked again at the start for half a minute, and the start goes on once it gives it', async () => {
    azure.failWith({ status: 503 })
    const config = await openConfig({ env: env() })
    const pauses: number[] = []
    await assertSecretsRead(config, {
      signal: never,
      pause: async (ms) => {
        pauses.push(ms)
        if (pauses.length < 3) return
        azure.vault.set('late', TOKEN)
        azure.failWith(undefined)
      },
    })
    expect(pauses).toEqual([1_000, 2_000, 4_000])
    expect(config.ingress.token?.read()).toBe(TOKEN)
  })

  test('is a start error that names setting, reference, identity and remedy', async () => {
    azure.failWith({ status: 403, body: { error: { code: 'Forbidden', message: 'no' } } }, ({ path }) =>
      path.startsWith('/secrets/'),
    )
    const config = await openConfig({ env: env() })
    const start = assertSecretsRead(config, { signal: never, pause: async () => undefined })
    await expect(start).rejects.toThrow(
      /^a secret cannot be read:\n {2}ingress\.token: keyvault:.*late: .*answers 403 to the managed identity of this machine: Forbidden: no: give the identity the role Key Vault Secrets User/,
    )
  })
})
