import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { EndpointSeen } from '../../../../src/app/operations/hardening/endpoint.js'
import { probeHttp } from '../../../../src/app/operations/hardening/http-probe.js'
import { probeTls } from '../../../../src/app/operations/hardening/tls-probe.js'
import { startHealthServer } from '../../../../src/http/health-server.js'
import { certificateFor, certificatesOfFile, tlsFiles, tlsSettings } from '../../../support/tls/files.js'

const made = certificatesOfFile()
const patience = { answerMs: 20_000, slowMs: 60_000 }

const seenAt = (url: string, more: Partial<EndpointSeen> = {}): EndpointSeen => ({
  ...{ endpoint: 'health', url, isReachable: true, isTls: url.startsWith('https:'), open: '/livez' },
  ...{ guarded: [], hasConsole: false, ...more },
})

const listening = async (server: Server): Promise<string> => {
  server.listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
    if ('closeAllConnections' in server) (server as ReturnType<typeof createServer>).closeAllConnections()
  })
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const health = async (isTls: boolean): Promise<string> => {
  const certificate = isTls ? certificateFor('health', tlsSettings(tlsFiles(made, made.server))) : undefined
  const server = await startHealthServer({
    ...{ host: '127.0.0.1', port: 0, isDraining: () => false, certificate },
    health: () => ({ ready: true, stages: {}, log: { kind: 'well' } }),
  })
  onTestFinished(() => server.close())
  return server.url
}

const saysOf = (found: readonly Readonly<{ what: string; says: string }>[]): readonly string[] =>
  found.map(({ what, says }) => `${what}: ${says}`)

describe('an endpoint of ours', () => {
  test('by TLS has nothing that is found', { timeout: 120_000 }, async () => {
    const seen = seenAt(await health(true))
    expect(await probeTls(seen, { ca: made.ca, now: Date.now() - 30 * 86_400_000, patience })).toEqual([])
    expect(await probeHttp(seen, patience)).toEqual([])
  })

  test('by plain HTTP is found where others can reach it, and not where only this machine can', async () => {
    const url = await health(false)
    const options = { ca: undefined, now: Date.now(), patience }
    expect(saysOf(await probeTls(seenAt(url), options))).toEqual(['TLS: it speaks plain HTTP to other machines'])
    expect(await probeTls(seenAt(url, { isReachable: false }), options)).toEqual([])
  })

  test('whose certificate expires, or is of another authority, is found', async () => {
    const seen = seenAt(await health(true))
    const found = (ca: Buffer | undefined, days: number) =>
      probeTls(seen, { ca, now: Date.now() + days * 86_400_000, patience }).then((all) =>
        all.map(({ state, says }) => `${state}: ${says}`),
      )
    expect(await found(made.ca, 0)).toEqual([expect.stringMatching(/^warning: it expires in [01] days/)])
    expect(await found(made.ca, 5)).toEqual([expect.stringMatching(/^failure: it expired at/)])
    expect(await found(undefined, -30)).toEqual([expect.stringMatching(/^warning: its authority is not trusted here/)])
    expect(await found(made.user.certificate, -30)).toEqual([expect.stringMatching(/^failure: its authority is not/)])
  })
})

/** A server with every fault. */
const careless: RequestListener = (request, response) => {
  response.setHeader('server', 'careless/1.0')
  response.setHeader('content-security-policy', "script-src 'unsafe-inline'")
  if (Number(request.headers['content-length'] ?? 0) > 1_000) return // it waits for the rest
  response.end('anything')
}

describe('faults that are planted', () => {
  test('in what a server answers and takes are each found', async () => {
    const server = createServer({ maxHeaderSize: 1 << 20, headersTimeout: 0, requestTimeout: 0 }, careless)
    const url = `http://${await listening(server)}`
    const guarded = [{ method: 'POST', path: '/v1/raw/appends' }] as const
    const found = saysOf(await probeHttp(seenAt(url, { guarded }), { answerMs: 5_000, slowMs: 1_000 }))
    expect(found).toEqual([
      ...['/livez', '/nothing-is-here'].flatMap((path) => [
        `headers: ${path}: the answer has no x-content-type-options`,
        `headers: ${path}: content-security-policy is script-src 'unsafe-inline'`,
        `headers: ${path}: the answer has no x-frame-options`,
        `headers: ${path}: the answer has no referrer-policy`,
        `headers: ${path}: the answer tells its program: server: careless/1.0`,
      ]),
      ...['TRACE', 'PUT', 'DELETE', 'PATCH', 'PROPFIND'].map((method) => `methods: it takes ${method} /livez`),
      'limits: it takes headers of 64 KiB',
      'limits: it reads on where a body of 1 TiB is announced',
      'slow clients: headers that never end are waited for longer than 1 s',
      'access: POST /v1/raw/appends asks for no token',
    ])
  })

  test('in the TLS of a server are each found', async () => {
    const { certificate: cert, key } = made.server
    const options = { cert, key, minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' } as const
    const url = `https://${await listening(createTlsServer(options, careless))}`
    const found = saysOf(await probeTls(seenAt(url), { ca: made.ca, now: Date.now() - 30 * 86_400_000, patience }))
    expect(found).toEqual([
      ...['TLSv1: it speaks TLSv1', 'TLSv1.1: it speaks TLSv1.1'],
      'ciphers: it takes the cipher ECDHE-ECDSA-AES256-SHA384',
    ])
    const silent = { answerMs: 5_000, slowMs: 1_000 }
    const slow = saysOf(await probeHttp(seenAt(url), silent)).filter((said) => said.startsWith('slow'))
    expect(slow).toContain('slow clients: a TLS handshake that never begins is waited for longer than 1 s')
  })
})
