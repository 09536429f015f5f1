import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../src/credentials/secret.js'
import { startHealthServer } from '../../src/http/health-server.js'
import type { MetricsPage } from '../../src/http/metrics.js'
import { Meters } from '../../src/telemetry/metrics/meters.js'
import { servedAdmin } from './admin/served-admin.js'
import { answerOf, served } from './served.js'

const TOKEN = 'a-token-of-prometheus'
const LOOPBACK = '127.0.0.1'
const EVERYWHERE = '0.0.0.0'

const pageOf = (more: Partial<MetricsPage> = {}): MetricsPage => ({
  ...{ path: '/metrics', meters: new Meters(), isForAnyone: false },
  ...more,
})

const withToken = (more: Partial<MetricsPage> = {}): MetricsPage => pageOf({ token: Secret.literal(TOKEN), ...more })

/** Servers with a page of metrics; each resolves with its address on this machine. */
const SERVERS = {
  'the ingress': async (metrics: MetricsPage, host: string) =>
    (await served({ metrics, host, token: 'a-token-of-the-ingress' })).url,
  'a process without an ingress': async (metrics: MetricsPage, host: string) => {
    const health = () => ({ ready: true, stages: {}, log: { kind: 'well' } }) as const
    const server = await startHealthServer({ ...{ host, port: 0, health, metrics }, isDraining: () => false })
    onTestFinished(() => server.close())
    return server.url
  },
  'the admin API': async (metrics: MetricsPage, host: string) =>
    (await servedAdmin({ process: { metrics }, settings: { host } })).url,
}

/** The status that a reader gets who sends this. */
const readWith = async (url: string, authorization?: string): Promise<number> =>
  (
    await fetch(new URL('/metrics', url.replace(EVERYWHERE, LOOPBACK)), {
      headers: authorization === undefined ? {} : { authorization },
    })
  ).status

describe.each(Object.entries(SERVERS))('/metrics of %s', (_, serve) => {
  test('is read by whoever sends the token that is configured, and by nobody else, on this machine too', async () => {
    for (const host of [LOOPBACK, EVERYWHERE]) {
      const url = await serve(withToken(), host)
      expect(await readWith(url, `Bearer ${TOKEN}`)).toBe(200)
      expect(await readWith(url)).toBe(401)
      expect(await readWith(url, 'Bearer a-token-of-the-ingress')).toBe(401)
      expect(await readWith(url, `Bearer ${TOKEN.slice(1)}`)).toBe(401)
    }
  })

  test('asks for the token also where anyone could read without one', async () => {
    const url = await serve(withToken({ isForAnyone: true }), EVERYWHERE)
    expect(await readWith(url)).toBe(401)
    expect(await readWith(url, `Bearer ${TOKEN}`)).toBe(200)
  })

  test('needs no token on this machine, where none is configured', async () => {
    expect(await readWith(await serve(pageOf(), LOOPBACK))).toBe(200)
  })

  test('is refused beyond this machine where no token is configured, unless anyone may read', async () => {
    expect(await readWith(await serve(pageOf(), EVERYWHERE))).toBe(401)
    expect(await readWith(await serve(pageOf({ isForAnyone: true }), EVERYWHERE))).toBe(200)
  })
})

describe('a reader of /metrics that is refused', () => {
  test('is told what to send, and nothing of the metrics or of the token', async () => {
    const url = await SERVERS['a process without an ingress'](withToken(), LOOPBACK)
    const { status, headers, body } = await answerOf(fetch(`${url}/metrics`))
    expect(status).toBe(401)
    expect(headers.get('www-authenticate')).toContain('Bearer')
    expect(body).toEqual({ error: 'unauthorized', detail: expect.stringContaining('telemetry.metrics.token') })
    expect(JSON.stringify(body)).not.toContain(TOKEN)
  })

  test('by the admin API gets in with a token of that API', async () => {
    const { url, tokens } = await servedAdmin({ process: { metrics: withToken() } })
    expect(await readWith(url, `Bearer ${tokens.viewer}`)).toBe(200)
  })
})

test.each(['the ingress', 'a process without an ingress'] as const)(
  'health of %s needs no token where /metrics needs one',
  async (server) => {
    const url = await SERVERS[server](withToken(), LOOPBACK)
    expect(await readWith(url)).toBe(401)
    for (const path of ['/livez', '/readyz']) expect((await fetch(`${url}${path}`)).status, path).toBe(200)
  },
)

describe('a token of /metrics in a file', () => {
  const inFile = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'streamvane-metrics-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'token')
    await writeFile(file, `${TOKEN}\n`)
    return { file, url: await SERVERS['the ingress'](pageOf({ token: Secret.file(file) }), LOOPBACK) }
  }

  test('that is replaced counts from the next request, without a restart', async () => {
    const { file, url } = await inFile()
    expect(await readWith(url, `Bearer ${TOKEN}`)).toBe(200)
    await writeFile(file, 'another-token\n')
    expect(await readWith(url, `Bearer ${TOKEN}`)).toBe(401)
    expect(await readWith(url, 'Bearer another-token')).toBe(200)
  })

  test('that is empty lets nobody in', async () => {
    const { file, url } = await inFile()
    await writeFile(file, '')
    for (const authorization of [undefined, 'Bearer ', 'Basic Og==', `Bearer ${TOKEN}`])
      expect(await readWith(url, authorization)).toBe(401)
  })

  test('that is gone lets nobody in, and the answer names the setting, not the file', async () => {
    const { file, url } = await inFile()
    await unlink(file)
    const { status, body } = await answerOf(fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } }))
    expect(status).toBe(503)
    expect(body['detail']).toContain('telemetry.metrics.token')
    expect(JSON.stringify(body)).not.toContain(file)
    await writeFile(file, TOKEN)
    expect(await readWith(url, `Bearer ${TOKEN}`)).toBe(200)
  })
})
