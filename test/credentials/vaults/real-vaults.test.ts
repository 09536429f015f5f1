import { expect, test } from 'vitest'
import { openConfig, withStores } from '../../../src/app/config/load.js'
import { secretsOf } from '../../../src/app/config/secrets/secrets.js'

/**
 * Real places, which are read as the identity of the environment: `VAULT_REFERENCES=keyvault:https://…,gcp-secret:…` and
 * `SETTINGS_STORE=appconfig:https://…`. Without them these tests are left out; the stand-ins answer the same questions.
 */
const references = (process.env['VAULT_REFERENCES'] ?? '').split(',').filter((each) => each !== '')
const store = process.env['SETTINGS_STORE'] ?? ''

test.skipIf(references.length === 0)(
  'real vaults give what is referred to, and a version of it',
  async () => {
    const tokens = references.map((reference) => ({ ...process.env, STREAMVANE_TELEMETRY__METRICS__TOKEN: reference }))
    const configs = await Promise.all(tokens.map((env) => openConfig({ env })))
    const states = configs.flatMap((config) => secretsOf(config).map(({ secret }) => secret.held?.state()))
    expect(states).toEqual(
      references.map(
        () => expect.objectContaining({ kind: 'current', version: expect.stringMatching(/./) as string }) as unknown,
      ),
    )
  },
  60_000,
)

test.skipIf(store === '')(
  'a real store of App Configuration is read',
  async () => {
    const sources = await withStores({ file: store, env: process.env })
    expect([...(sources.stores?.keys() ?? [])]).toEqual([store])
    await openConfig(sources)
  },
  60_000,
)
