import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { loadConfig, redacted } from '../../../src/app/config/load.js'
import type { Config } from '../../../src/app/config/schema.js'
import { scratchFolder } from '../../support/streamvane.js'

const load = async (genesys: object, env: Readonly<Record<string, string>> = {}): Promise<Config> => {
  const file = join(await scratchFolder(), 'streamvane.yaml')
  writeFileSync(file, stringify({ genesys }))
  return loadConfig({ file, env })
}

const client = { region: 'eu-central-1', clientId: 'a-client', clientSecret: { env: 'GENESYS_SECRET' } }
const secrets = { GENESYS_SECRET: 'the-secret' }

test('an organisation is a region, and a client whose secret is a reference and is never shown', async () => {
  const config = await load({ ...client, sync: { every: 'PT15M' } }, secrets)
  expect(config.genesys).toMatchObject({ region: 'eu-central-1', requestsPerMinute: 300, sync: { every: 900_000 } })
  expect(config.genesys?.clientSecret.read()).toBe('the-secret')
  expect(JSON.stringify(redacted(config))).not.toContain('the-secret')
})

test('a secret that stands in the file is refused', async () => {
  await expect(load({ ...client, clientSecret: 'the-secret' })).rejects.toThrow(
    'genesys.clientSecret: a secret does not stand in the file',
  )
})

test('a region that does not exist is refused with those that do', async () => {
  await expect(load({ ...client, region: 'eu-central-9' }, secrets)).rejects.toThrow(
    /genesys\.region: one of us-east-1, .*eu-central-1/,
  )
})

test('one of region and url is written', async () => {
  await expect(load({ ...client, url: 'http://127.0.0.1:1' }, secrets)).rejects.toThrow(
    'genesys.region: write region, or url in place of it',
  )
  const { region: _, ...rest } = client
  await expect(load(rest, secrets)).rejects.toThrow('genesys.region: write region, or url in place of it')
  expect((await load({ ...rest, url: 'http://127.0.0.1:1' }, secrets)).genesys?.url).toBe('http://127.0.0.1:1')
})

test('a period of the sync that is none is refused', async () => {
  await expect(load({ ...client, sync: { every: 'hourly' } }, secrets)).rejects.toThrow('genesys.sync.every')
})
