import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { loadConfig, redacted } from '../../../src/app/config/load.js'
import { tlsKeyOf, tlsOf } from '../../../src/app/config/tls-schema.js'
import { Secret } from '../../../src/credentials/secret.js'
import { endpoints } from '../../../src/telemetry/catalogue.js'
import { scratchFolder } from '../../support/streamvane.js'

const env = { KEY: 'the key of all', OTHER: 'the key of the admin API' }
const ofAll = { certificateFile: '/tls/tls.crt', privateKey: { env: 'KEY' } }
const loaded = (flags: object) => loadConfig({ flags: { ...flags }, env })

describe('TLS of an endpoint', () => {
  test('is that of all, unless the endpoint says something else or false', () => {
    const config = loaded({
      tls: ofAll,
      health: { tls: false },
      admin: { tls: { minVersion: 'TLSv1.3', certificateFile: '/admin/tls.crt', privateKey: { env: 'OTHER' } } },
      feeds: { server: { tls: { hstsMaxAgeS: 0 } } },
    })
    const [ingress, health, admin, feeds] = endpoints.map((endpoint) => tlsOf(config, endpoint))
    expect(ingress).toMatchObject({
      ...{ certificateFile: '/tls/tls.crt', minVersion: 'TLSv1.2', clientCertificates: 'none' },
      hstsMaxAgeS: 31_536_000,
    })
    expect(ingress?.privateKey.read()).toBe('the key of all')
    expect(health).toBeUndefined()
    expect(admin).toMatchObject({ certificateFile: '/admin/tls.crt', minVersion: 'TLSv1.3' })
    expect(admin?.privateKey.read()).toBe('the key of the admin API')
    expect(feeds).toMatchObject({ certificateFile: '/tls/tls.crt', hstsMaxAgeS: 0 })
    expect(endpoints.map((endpoint) => tlsKeyOf(config, endpoint))).toEqual([
      ...['tls', 'health.tls', 'admin.tls', 'feeds.server.tls'],
    ])
  })

  test('is none where nothing is said', () => {
    expect(endpoints.map((endpoint) => tlsOf(loaded({}), endpoint))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  test('requires client certificates where it has their authority, unless it says optional or none', () => {
    const clientsOf = (more: object) => tlsOf(loaded({ tls: { ...ofAll, ...more } }), 'ingress')?.clientCertificates
    expect(clientsOf({ clientCaFile: '/tls/ca.crt' })).toBe('required')
    expect(clientsOf({ clientCaFile: '/tls/ca.crt', clientCertificates: 'optional' })).toBe('optional')
    expect(clientsOf({ clientCaFile: '/tls/ca.crt', clientCertificates: 'none' })).toBe('none')
  })

  test('is given by variables too', () => {
    const config = loadConfig({
      env: { STREAMVANE_TLS__CERTIFICATE_FILE: '/tls/tls.crt', STREAMVANE_TLS__PRIVATE_KEY: 'pem' },
    })
    expect(tlsOf(config, 'ingress')?.privateKey.read()).toBe('pem')
  })
})

test.each([
  [{ tls: { certificateFile: '/tls/tls.crt' } }, /^ {2}tls: certificateFile and privateKey go together/m],
  [{ ingress: { tls: { minVersion: 'TLSv1.3' } } }, /^ {2}ingress\.tls: certificateFile and privateKey go together/m],
  [{ tls: { ...ofAll, clientCertificates: 'required' } }, /^ {2}tls: .*give clientCaFile/m],
  [{ tls: { ...ofAll, minVersion: 'TLSv1.1' } }, /tls\.minVersion: .*TLSv1\.2/],
  [
    {
      admin: { tokens: [{ name: 'a', roles: ['viewer'], tenants: ['t'], sha256: '0'.repeat(64), certificate: 'cn' }] },
    },
    /^ {2}admin\.tokens: the token a is bound to a client certificate, .*admin\.tls\.clientCaFile/m,
  ],
])('what cannot be meant is refused with its key, once: %j', (flags, message) => {
  expect(() => loaded(flags)).toThrow(message)
  expect(() => loaded(flags)).toThrow(/has a problem:/)
})

test('a private key is read at every use, is not shown, and does not stand in a file as it is', async () => {
  const folder = await scratchFolder()
  const keyFile = join(folder, 'tls.key')
  writeFileSync(keyFile, 'one')
  const settings = { certificateFile: '/tls/tls.crt', privateKey: { file: keyFile } }
  for (const tree of [{ tls: settings }, { ingress: { tls: settings } }, { admin: { tls: settings } }]) {
    const file = join(folder, 'streamvane.yaml')
    writeFileSync(file, stringify(tree))
    const config = loadConfig({ file })
    const key = tlsOf(config, 'admin' in tree ? 'admin' : 'ingress')?.privateKey
    expect(key).toBeInstanceOf(Secret)
    writeFileSync(keyFile, 'two')
    expect(key?.read()).toBe('two')
    expect(JSON.stringify(redacted(config))).not.toMatch(/two/)
    writeFileSync(file, stringify(tree).replace(/privateKey:\s+file: .*/, 'privateKey: a literal'))
    expect(() => loadConfig({ file })).toThrow(/tls\.privateKey: a secret does not stand in the file/)
  }
})
