import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { settingsStore } from '../../../../src/azure/app-configuration.js'
import { originAt } from '../../../../src/app/config/layers/layer.js'
import {
  configLayers,
  loadConfig,
  openConfig,
  withStores,
  type ConfigSources,
} from '../../../../src/app/config/load.js'
import { azureStandIn, type AzureStandIn, type KeyValue } from '../../../support/vaults/azure.js'

let azure: AzureStandIn
let folder: string
beforeAll(async () => {
  azure = await azureStandIn()
  folder = mkdtempSync(join(tmpdir(), 'streamvane-store-'))
})
afterEach(() => azure.failWith(undefined))
afterAll(async () => {
  await azure.close()
  rmSync(folder, { recursive: true })
})

const holding = (...settings: readonly KeyValue[]): void => {
  azure.settings.splice(0, Infinity, ...settings)
}
const store = (query = ''): string => `appconfig:${azure.url}${query}`
const opened = async (sources: ConfigSources) =>
  openConfig(await withStores({ ...sources, env: { ...azure.env, ...sources.env } }))

describe('App Configuration as a source of the configuration', () => {
  test('a key is the path of a setting; numbers, lists and JSON have the type that the setting wants', async () => {
    holding(
      { key: 'tenant', value: '007' },
      { key: 'ingress:port', value: '9000' },
      { key: 'egress/kafka/brokers', value: 'a:1, b:2' },
      { key: 'egress:kafka:format', value: 'json' },
      { key: 'profile:kpis', value: '[]', contentType: 'application/json' },
      { key: 'projector:acceptCheckpoint', value: '[]', contentType: 'application/vnd.acme+json; charset=utf-8' },
      { key: '.appconfig.featureflag/beta', value: '{}', contentType: 'application/vnd.microsoft.appconfig.ff+json' },
    )
    const config = await opened({ file: store() })
    expect(config).toMatchObject({ tenant: '007', ingress: { port: 9000 } })
    expect(config.egress.kafka.brokers).toEqual(['a:1', 'b:2'])
  })

  test('settings with the label count over those without, and other labels are not read', async () => {
    holding(
      { key: 'sv:tenant', value: 'everywhere' },
      { key: 'sv:tenant', value: 'of-production', label: 'prod' },
      { key: 'sv:tenant', value: 'of-tests', label: 'test' },
      { key: 'sv:logLevel', value: 'warn' },
      { key: 'other:thing', value: 'of another application' },
    )
    const config = await opened({ file: store('?label=prod&prefix=sv:') })
    expect(config).toMatchObject({ tenant: 'of-production', logLevel: 'warn' })
    expect(await opened({ file: store('?prefix=sv:') })).toMatchObject({ tenant: 'everywhere' })
    await expect(opened({ file: store('?label=pord&prefix=sv:') })).rejects.toThrow(/no settings with the label pord/)
  })

  test('files, stores, variables and flags are laid over each other in the order in which they are named', async () => {
    holding({ key: 'tenant', value: 'store' }, { key: 'data', value: 'store' }, { key: 'logLevel', value: 'warn' })
    const base = join(folder, 'base.yaml')
    const over = join(folder, 'over.yaml')
    writeFileSync(base, 'tenant: base\ningress: { port: 1 }\n')
    writeFileSync(over, 'data: over\n')
    const sources = await withStores({
      file: [base, store(), over],
      env: { ...azure.env, STREAMVANE_LOG_LEVEL: 'error' },
    })
    expect(await openConfig(sources)).toMatchObject({
      ...{ tenant: 'store', data: 'over', logLevel: 'error' },
      ingress: { port: 1 },
    })
    expect(originAt(configLayers(sources), ['tenant'])).toBe(store())
  })

  test('all pages are read', async () => {
    azure.pageSize.of = 2
    holding(
      ...['a', 'b', 'c', 'd', 'e'].map((name) => ({ key: `aaa:${name}`, value: 'x', label: 'other' })),
      { key: 'data', value: 'page-1' },
      { key: 'ingress:port', value: '1' },
      { key: 'logLevel', value: 'warn' },
      { key: 'tenant', value: 'page-2' },
      { key: 'health:port', value: '2' },
    )
    const before = azure.asked.length
    expect(await opened({ file: store() })).toMatchObject({ data: 'page-1', tenant: 'page-2', health: { port: 2 } })
    expect(azure.asked.slice(before).filter(({ path }) => path === '/kv')).toHaveLength(3)
    azure.pageSize.of = 100
  })

  test('a reference to Key Vault is followed, and one that stands where no secret is, is refused', async () => {
    azure.vault.set('token', 'planted-token-of-the-ingress')
    const value = JSON.stringify({ uri: `${azure.url}/secrets/token` })
    const contentType = 'application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8'
    holding({ key: 'ingress:token', value, contentType })
    expect((await opened({ file: store() })).ingress.token?.read()).toBe('planted-token-of-the-ingress')
    holding({ key: 'tenant', value, contentType })
    await expect(opened({ file: store() })).rejects.toThrow(
      'tenant: a reference to Key Vault stands where no secret is',
    )
  })

  test('a secret does not stand in the store as it is', async () => {
    holding({ key: 'genesys:clientSecret', value: 'planted' })
    const open = opened({ file: store() })
    await expect(open).rejects.toThrow(/genesys\.clientSecret: a secret does not stand in the file/)
    await expect(open).rejects.not.toThrow(/planted/)
  })

  test.each([
    [
      { status: 403, body: { title: 'Forbidden' } },
      /answers 403 to the managed identity.*App Configuration Data Reader/,
    ],
    [{ status: 429, headers: { 'retry-after': '9' } }, /answers 429/],
    [{ status: 503 }, /answers 503/],
  ])('a store that refuses (%j) is told with its address, who asked and what helps', async (reply, message) => {
    azure.failWith(reply, ({ path }) => path === '/kv')
    const open = opened({ file: store() })
    await expect(open).rejects.toThrow(`${store()}: App Configuration 127.0.0.1`)
    await expect(open).rejects.toThrow(message)
  })

  test('a token that is no longer accepted is replaced by a fresh one', async () => {
    holding({ key: 'tenant', value: 'acme' })
    azure.revokeTokens()
    expect(await opened({ file: store() })).toMatchObject({ tenant: 'acme' })
  })

  test('a key that is no path is refused by name', async () => {
    holding({ key: 'ingress port', value: '1' })
    await expect(opened({ file: store() })).rejects.toThrow('the key "ingress port" is no path of a setting')
  })

  test.each([
    'http://acme.azconfig.io',
    'https://acme.azconfig.io.example.com',
    'https://acme.azconfig.io/kv',
    'https://acme.azconfig.io?labels=prod',
    'https://user@acme.azconfig.io',
    'acme',
  ])('a token for App Configuration is sent to no other host: %s is refused', (address) => {
    expect(() => settingsStore(address)).toThrow('appconfig:https://<name>.azconfig.io')
  })

  test('where no store is read, one is refused instead of being taken for a file', () => {
    expect(() => loadConfig({ file: store() })).toThrow('a store of settings is not read here')
  })
})
