import { writeFileSync } from 'node:fs'
import { Agent, get } from 'node:https'
import { createServer } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Endpoint } from '../../src/app/config/tls-schema.js'
import type { FollowedCertificate } from '../../src/app/tls/followed-certificate.js'
import { startFeedServer } from '../../src/http/feeds/server.js'
import { startHealthServer } from '../../src/http/health-server.js'
import { feedConfig, feedLog } from '../support/feed-log.js'
import { silent } from '../support/pipeline.js'
import { certificateFor, certificatesOfFile, derOf, tlsFiles, tlsSettings } from '../support/tls/files.js'
import { askedByTls, oldClient, resumed, shakenHands } from '../support/tls/handshake.js'
import { servedAdmin } from './admin/served-admin.js'
import { served } from './served.js'

const made = certificatesOfFile()
const { ca } = made
/** Of another authority. */
const stranger = certificatesOfFile().user

/** How each endpoint is started, and a path of it that is answered to anybody. */
const ENDPOINTS: Readonly<Record<Endpoint, Readonly<{ path: string; start: Start }>>> = {
  ingress: { path: '/livez', start: async (certificate) => (await served({ certificate })).url },
  health: {
    path: '/livez',
    start: async (certificate) => {
      const health = () => ({ ready: true, stages: {}, log: { kind: 'well' } }) as const
      const server = await startHealthServer({
        ...{ host: '127.0.0.1', port: 0, health, isDraining: () => false, certificate },
      })
      onTestFinished(() => server.close())
      return server.url
    },
  },
  admin: { path: '/v1/openapi.json', start: async (certificate) => (await servedAdmin({ certificate })).url },
  feeds: {
    path: '/openapi.json',
    start: async (certificate) => {
      const config = feedConfig([], { feeds: { server: { port: 0 } } })
      const process = { config, logs: (await feedLog()).logs, logger: silent, version: '0', now: Date.now }
      const server = await startFeedServer(config.feeds.server!, process, certificate)
      onTestFinished(() => server.close())
      return server.url
    },
  },
}
type Start = (certificate: FollowedCertificate | undefined) => Promise<string>

const each = Object.entries(ENDPOINTS).map(([endpoint, { path, start }]) => ({
  endpoint: endpoint as Endpoint,
  ...{ path, start },
}))

/** Headers that every answer has. */
const SAFE = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}

describe.each(each)('the endpoint $endpoint', ({ endpoint, path, start }) => {
  test('speaks TLS 1.2 and 1.3 with its certificate, and refuses 1.0 and 1.1', async () => {
    const url = await start(certificateFor(endpoint, tlsSettings(tlsFiles(made, made.server))))
    expect(url).toMatch(/^https:/)
    const answer = await askedByTls(url + path, { ca })
    expect(answer).toMatchObject({ status: 200, shown: derOf(made.server.certificate) })
    await expect(askedByTls(url + path, { ca: made.user.certificate })).rejects.toThrow(/certificate/)
    expect(await shakenHands(url, {})).toMatchObject({ version: 'TLSv1.3' })
    expect(await shakenHands(url, { maxVersion: 'TLSv1.2' })).toMatchObject({ version: 'TLSv1.2' })
    for (const version of ['TLSv1', 'TLSv1.1'] as const)
      await expect(shakenHands(url, oldClient(version))).rejects.toThrow(/protocol version/)
  })

  test('sends headers of safety, HSTS under TLS alone, and no name of its program, with what it refuses too', async () => {
    const plain = await start(undefined)
    const secure = await start(certificateFor(endpoint, tlsSettings(tlsFiles(made, made.server))))
    for (const place of [path, '/nothing-is-here']) {
      const { headers } = await fetch(plain + place)
      expect(Object.fromEntries(headers)).toMatchObject(SAFE)
      expect(headers.get('strict-transport-security')).toBeNull()
      const answer = await askedByTls(secure + place, { ca })
      expect(answer.headers).toMatchObject({ ...SAFE, 'strict-transport-security': 'max-age=300' })
      for (const banner of ['server', 'x-powered-by']) expect(answer.headers).not.toHaveProperty(banner)
    }
  })

  test('that requires client certificates answers one of the authority, and refuses the others in words', async () => {
    const files = tlsFiles(made, made.server)
    const settings = tlsSettings(files, { clientCaFile: files.caFile, clientCertificates: 'required' })
    const url = `${await start(certificateFor(endpoint, settings))}/nothing-is-here`
    const { certificate: cert, key } = made.user
    expect(await askedByTls(url, { ca, cert, key })).toMatchObject({ status: 404 })
    const none = await askedByTls(url, { ca })
    expect(none).toMatchObject({ status: 403, headers: SAFE })
    expect(JSON.parse(none.body)).toMatchObject({
      error: 'client-certificate',
      detail: 'present a client certificate of an authority in clientCaFile',
    })
    const strange = await askedByTls(url, { ca, cert: stranger.certificate, key: stranger.key })
    expect(strange).toMatchObject({ status: 403, body: expect.stringContaining('is not accepted') as string })
  })
})

test('a client that refuses 1.0 and 1.1 above would speak them with a server that takes them', async () => {
  const { certificate: cert, key } = made.server
  const server = createServer({ cert, key, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }).listen(0)
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const version of ['TLSv1', 'TLSv1.1'] as const)
    expect(await shakenHands(url, oldClient(version))).toMatchObject({ version })
})

const health = ENDPOINTS.health.start

// Node.js itself takes all three.
test.each(['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES128-SHA256', 'ECDHE-ECDSA-AES256-SHA384'])(
  'the cipher %s, which has no authenticated encryption, is refused',
  async (cipher) => {
    const url = await health(certificateFor('health', tlsSettings(tlsFiles(made, made.server))))
    const offered = { maxVersion: 'TLSv1.2', ciphers: `${cipher}@SECLEVEL=0` } as const
    await expect(shakenHands(url, offered)).rejects.toThrow(/handshake failure/)
  },
)

test('minVersion TLSv1.3 refuses TLS 1.2', async () => {
  const settings = tlsSettings(tlsFiles(made, made.server), { minVersion: 'TLSv1.3' })
  const url = await health(certificateFor('health', settings))
  await expect(shakenHands(url, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/)
  expect(await shakenHands(url, {})).toMatchObject({ version: 'TLSv1.3' })
})

test('a connection that is open outlives a renewal, and a new one is shown the new certificate', async () => {
  const files = tlsFiles(made, made.server)
  const certificate = certificateFor('health', tlsSettings(files), 10)
  const url = `${await health(certificate)}/livez`
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca, checkServerIdentity: () => undefined })
  onTestFinished(() => agent.destroy())
  const socketOf = () =>
    new Promise<unknown>((resolve, reject) => {
      get(url, { agent }, (response) => {
        const { socket } = response
        response.resume().once('end', () => resolve(socket))
      }).once('error', reject)
    })
  const socket = await socketOf()
  const renewed = new Promise((resolve) => certificate.onRenewed(resolve))
  writeFileSync(files.certificateFile, made.elsewhere.certificate)
  writeFileSync(files.keyFile, made.elsewhere.key)
  await renewed
  expect(await socketOf()).toBe(socket)
  expect((await askedByTls(url, { ca })).shown).toEqual(derOf(made.elsewhere.certificate))
})

describe('client certificates', () => {
  const started = async (endpoint: Endpoint, mode: 'optional' | 'required') => {
    const files = tlsFiles(made, made.server)
    const settings = tlsSettings(files, { clientCaFile: files.caFile, clientCertificates: mode })
    return ENDPOINTS[endpoint].start(certificateFor(endpoint, settings))
  }

  test('that are optional may be missing, but one that is presented has to be of the authority', async () => {
    const url = `${await started('ingress', 'optional')}/nothing-is-here`
    expect((await askedByTls(url, { ca })).status).toBe(404)
    const { certificate: cert, key } = stranger
    expect((await askedByTls(url, { ca, cert, key })).status).toBe(403)
  })

  test('are required of a session that is resumed as of a new one', async () => {
    // To Node.js a resumed session of TLS 1.3 without a certificate is `authorized`.
    const url = `${await started('ingress', 'required')}/nothing-is-here`
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect(await resumed(url, { maxVersion })).toEqual([403, 403])
      const { certificate: cert, key } = stranger
      expect(await resumed(url, { cert, key, maxVersion })).toEqual([403, 403])
      expect(await resumed(url, { cert: made.user.certificate, key: made.user.key, maxVersion })).toEqual([404, 404])
    }
  })

  test.each(['/livez', '/readyz', '/health/live', '/readyz/ingress?verbose'])(
    'are not required of a probe of %s',
    async (path) => {
      for (const endpoint of ['ingress', 'health'] as const)
        expect((await askedByTls((await started(endpoint, 'required')) + path, { ca })).status).not.toBe(403)
    },
  )

  test.each(['/livezoo', '/metrics', '/v1/events', '/health/livestock'])('are required at %s', async (path) => {
    for (const endpoint of ['ingress', 'health'] as const)
      expect((await askedByTls((await started(endpoint, 'required')) + path, { ca })).status).toBe(403)
  })
})
