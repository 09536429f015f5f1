import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { sinkSettings } from '../../../../src/app/config/sinks/egress-sinks.js'
import { loadConfig, redacted } from '../../../../src/app/config/load.js'

const PAGE = readFileSync(join(import.meta.dirname, '../../../../docs/sinks/object-storage.md'), 'utf8')
const env = { KEY: 'the-secret-key' }
const loaded = (...sinks: readonly object[]) => loadConfig({ flags: { egress: { sinks } }, env })
const problemOf = (...sinks: readonly object[]): string => {
  try {
    loaded(...sinks)
    return 'none'
  } catch (cause) {
    return (cause as Error).message
  }
}

const s3 = { name: 'lake', use: 's3', bucket: 'kpis' }
const azure = { name: 'fabric', use: 'azure-blob', container: 'kpis' }
const account = { endpoint: 'https://acme.blob.core.windows.net' }

describe('sinks of object storage', () => {
  test('get final rows alone, whatever `only` says, below the prefix streamvane', () => {
    const [sink] = sinkSettings(loaded({ ...s3, only: 'all' }).egress)
    expect(sink).toMatchObject({ filter: { only: 'final' }, settings: { prefix: 'streamvane' } })
  })

  test('are configured as the page shows', () => {
    const [, yaml = ''] = /```yaml\n([^]*?)```/.exec(PAGE) ?? []
    const { egress } = parse(yaml) as Readonly<{ egress: object }>
    expect(sinkSettings(loadConfig({ flags: { egress }, env }).egress).map(({ use }) => use)).toEqual([
      ...['kafka', 's3', 'azure-blob'],
    ])
  })

  test.each([
    { key: 'secretAccessKey', sink: { ...s3, accessKeyId: 'AKID', secretAccessKey: { env: 'KEY' } } },
    { key: 'storageConnectionString', sink: { ...azure, storageConnectionString: { env: 'KEY' } } },
    { key: 'accountKey', sink: { ...azure, ...account, accountKey: { env: 'KEY' } } },
    { key: 'sas', sink: { ...azure, ...account, sas: { env: 'KEY' } } },
  ])('$key is a reference, and is never shown', ({ key, sink }) => {
    const config = loaded(sink)
    expect(JSON.stringify(redacted(config))).toContain(`"${key}":"***"`)
    expect(JSON.stringify(config)).not.toContain(env.KEY)
  })

  test.each([
    { what: 'half of a key pair', sinks: [{ ...s3, accessKeyId: 'AKID' }], says: 'secretAccessKey go together' },
    { what: 'nobody who writes', sinks: [azure], says: 'write one of storageConnectionString' },
    {
      what: 'an identity that proves nothing',
      sinks: [{ ...azure, ...account, identity: { clientId: 'id' } }],
      says: 'managedIdentity: true',
    },
    {
      what: 'an identity without an account',
      sinks: [{ ...azure, identity: { managedIdentity: true } }],
      says: 'https://<account>.blob.core.windows.net',
    },
    { what: 'a prefix that leaves the prefix', sinks: [{ ...s3, prefix: 'a/../b' }], says: 'no part may be' },
    {
      what: 'two sinks of which one lies within the other',
      sinks: [
        { ...s3, prefix: 'kpis' },
        { ...s3, name: 'second', prefix: 'kpis/second' },
      ],
      says: 'it is that of lake, or within it',
    },
  ])('$what is refused', ({ sinks, says }) => {
    expect(problemOf(...sinks)).toContain(says)
  })

  test('two prefixes of which none lies within the other share a bucket', () => {
    expect(problemOf({ ...s3, prefix: 'kpis' }, { ...s3, name: 'second', prefix: 'kpis-2' })).toBe('none')
  })
})
