import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import Fastify from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { newToken } from '../../../src/http/admin/access/tokens.js'
import { addConsoleFiles } from '../../../src/http/console/files.js'
import type { Flow, SessionView } from '../../../src/http/console/shapes.js'
import { scratchFolder } from '../../support/streamvane.js'
import { certificateFor, certificatesOfFile, tlsFiles, tlsSettings } from '../../support/tls/files.js'
import { askedByTls } from '../../support/tls/handshake.js'
import { computedLog, servedAdmin, type ServedAdmin, type ServedOptions } from '../admin/served-admin.js'

const made = certificatesOfFile()
const OURS = { 'x-streamvane-console': '1', 'sec-fetch-site': 'same-origin' }

const served = (options: ServedOptions = {}) =>
  servedAdmin({ ...options, settings: { ...options.settings, console: { enabled: true } } })

/** Signs in with a token; the cookie. */
const signedIn = async (admin: ServedAdmin, role: keyof ServedAdmin['tokens'] = 'viewer'): Promise<string> => {
  const answer = await admin.call('/v1/session', { method: 'POST', token: admin.tokens[role], headers: OURS })
  expect(answer.status).toBe(200)
  return cookieOf(answer)
}
const cookieOf = (answer: Response): string => answer.headers.get('set-cookie')?.split(';')[0] ?? ''

test('a token is exchanged for a cookie that no script can read and no other site sends', async () => {
  const admin = await served()
  const answer = await admin.call('/v1/session', { method: 'POST', token: admin.tokens.viewer, headers: OURS })
  expect(answer.headers.get('set-cookie')).toMatch(/; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/)
  const cookie = cookieOf(answer)
  const view = (await (await admin.call('/v1/session', { headers: { ...OURS, cookie } })).json()) as SessionView
  expect(view).toMatchObject({ kind: 'token', name: 'viewer', roles: ['viewer'], tenant: 'acme', isReadOnly: false })
  expect((await admin.call('/stages', { headers: { ...OURS, cookie } })).status).toBe(200)
})

test('beyond loopback the cookie is sent by HTTPS alone', async () => {
  const admin = await served()
  const { port } = new URL(admin.url)
  // fetch does not let a Host be set.
  const text = await new Promise<string>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1')
    let all = ''
    socket.on('data', (part) => (all += String(part))).on('end', () => resolve(all))
    socket.write(
      `POST /v1/session HTTP/1.1\r\nhost: sv.example\r\nauthorization: Bearer ${admin.tokens.viewer}\r\nx-streamvane-console: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
    )
  })
  expect(text).toMatch(/set-cookie: __Host-streamvane-session=[\w-]+; .*; Secure/)
})

test('by TLS the cookie is sent by HTTPS alone, on loopback too, and has the port in its name', async () => {
  const certificate = certificateFor('admin', tlsSettings(tlsFiles(made, made.server)))
  const admin = await served({ certificate })
  const headers = { ...OURS, authorization: `Bearer ${admin.tokens.viewer}` }
  const { headers: answered } = await askedByTls(`${admin.url}/v1/session`, { ca: made.ca, method: 'POST', headers })
  const { port } = new URL(admin.url)
  expect(String(answered['set-cookie'])).toMatch(
    new RegExp(`^__Host-streamvane-session-${port}=[\\w-]+; Path=/; HttpOnly; .*; Secure$`),
  )
  const cookie = String(answered['set-cookie']).split(';')[0] ?? ''
  const stages = `${admin.url}/v1/tenants/acme/stages`
  expect((await askedByTls(stages, { ca: made.ca, headers: { ...OURS, cookie } })).status).toBe(200)
})

test.each([
  ['another port of this host', { 'sec-fetch-site': 'same-site', 'x-streamvane-console': '1' }],
  ['another site', { 'sec-fetch-site': 'cross-site', 'x-streamvane-console': '1' }],
  [
    'another origin, by a browser without Sec-Fetch-Site',
    { origin: 'http://evil.example', 'x-streamvane-console': '1' },
  ],
  ['a form, which cannot set our header', { 'sec-fetch-site': 'same-origin' }],
])('a change by cookie is refused when it comes from %s', async (_, headers) => {
  const admin = await served({ log: await computedLog('acme') })
  const cookie = await signedIn(admin, 'operator')
  const answer = await admin.call('/generations', { method: 'POST', body: {}, headers: { ...headers, cookie } })
  expect(answer.status).toBe(403)
  const signIn = await admin.call('/v1/session', { method: 'POST', token: admin.tokens.viewer, headers })
  expect(signIn.status).toBe(403)
})

test('a page of another site reads nothing by the cookie', async () => {
  const admin = await served()
  const cookie = await signedIn(admin)
  expect((await admin.call('/stages', { headers: { 'sec-fetch-site': 'cross-site', cookie } })).status).toBe(403)
})

test('a session reaches no other tenant: neither a call nor the live stream tells that there is one', async () => {
  const admin = await served()
  const headers = { ...OURS, cookie: await signedIn(admin, 'auditor') }
  for (const path of ['/v1/tenants/acme-eu/stages', '/v1/tenants/acme-eu/live', '/v1/tenants/acm/rows?family=queue'])
    expect([path, (await admin.call(path, { headers })).status]).toEqual([path, 404])
})

test('a token that is for another tenant begins no session', async () => {
  const { token, sha256 } = newToken()
  const entry = { name: 'elsewhere', roles: ['operator'], tenants: ['acme-eu'], sha256 }
  const admin = await servedAdmin({ settings: { console: { enabled: true }, tokens: [entry] } })
  const answer = await admin.call('/v1/session', { method: 'POST', token, headers: OURS })
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null])
})

test('roles count for sessions as they do for tokens', async () => {
  const admin = await served()
  const cookie = await signedIn(admin, 'viewer')
  const answer = await admin.call('/generations', { method: 'POST', body: {}, headers: { ...OURS, cookie } })
  expect(answer.status).toBe(403)
})

test('a wrong code, and a code that was used, are refused; the address signs in with all roles once', async () => {
  const admin = await served()
  const code = /#code=(.*)$/.exec(admin.consoleUrl('jane'))?.[1]
  const enter = (body: unknown) => admin.call('/v1/session', { method: 'POST', body, headers: OURS })
  expect((await enter({ code: 'wrong' })).status).toBe(401)
  const answer = await enter({ code })
  expect(await answer.json()).toMatchObject({ kind: 'local', name: 'jane', roles: ['operator', 'auditor'] })
  expect((await enter({ code })).status).toBe(401)
})

test('signing out ends the session', async () => {
  const admin = await served()
  const cookie = await signedIn(admin)
  expect((await admin.call('/v1/session', { method: 'DELETE', headers: { ...OURS, cookie } })).status).toBe(204)
  expect((await admin.call('/v1/session', { headers: { ...OURS, cookie } })).status).toBe(401)
  expect((await admin.call('/stages', { headers: { ...OURS, cookie } })).status).toBe(401)
})

test('raw writes are not open to a session', async () => {
  const admin = await served()
  const code = /#code=(.*)$/.exec(admin.consoleUrl('jane'))?.[1]
  const cookie = cookieOf(await admin.call('/v1/session', { method: 'POST', body: { code }, headers: OURS }))
  const answer = await admin.call('/v1/raw/appends', { method: 'POST', body: {}, headers: { ...OURS, cookie } })
  expect(answer.status).toBe(401)
})

test('the live stream tells the flow, and ends with the session', async () => {
  const admin = await served({ log: await computedLog('acme') })
  const cookie = await signedIn(admin)
  const answer = await admin.call('/live?rows=queue', { headers: { ...OURS, cookie } })
  expect(answer.headers.get('content-type')).toBe('text/event-stream')
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes('\n\n')) text += (await reader.read()).value ?? ''
  const flow = JSON.parse(/^event: flow\ndata: (.*)\n/.exec(text)?.[1] ?? '') as Flow
  expect(flow).toMatchObject({ tenant: 'acme', mode: 'run', deadLetters: 1, kpi: { generation: 'g1' } })
  expect(flow.stages.map(({ stage }) => stage)).toEqual(['ingress', 'projector', 'egress'])
  await admin.call('/v1/session', { method: 'DELETE', headers: { ...OURS, cookie } })
  while (!(await reader.read()).done);
})

/** The files of a built console, with a secret beside its folder. */
const servedFiles = async (isBuilt: boolean): Promise<string> => {
  const parent = await scratchFolder()
  const folder = join(parent, 'console')
  mkdirSync(join(folder, 'assets'), { recursive: true })
  writeFileSync(join(parent, 'secret'), 'secret')
  writeFileSync(join(folder, 'assets', 'index-abc.js'), 'run()')
  if (isBuilt) writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Streamvane</title>')
  const app = Fastify()
  await addConsoleFiles(app, folder)
  onTestFinished(() => app.close())
  return app.listen({ port: 0 })
}

test('the page is sent for every place in the application, under a strict policy', async () => {
  const url = await servedFiles(true)
  for (const path of ['/', '/console', '/console/', '/console/figures?family=queue']) {
    const answer = await fetch(`${url}${path}`)
    expect([path, answer.status, await answer.text()]).toEqual([path, 200, expect.stringContaining('<!doctype')])
    expect(answer.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    )
    expect(answer.headers.get('cache-control')).toBe('no-cache')
  }
  const script = await fetch(`${url}/console/assets/index-abc.js`)
  expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect((await fetch(`${url}/console/assets/none.js`)).status).toBe(404)
})

test.each(['assets/../../secret', 'assets/%2e%2e/%2e%2e/secret', 'assets/..%2f..%2fsecret', 'assets/%00'])(
  'a path that leads out of the folder gets nothing: %s',
  async (path) => {
    const url = new URL(await servedFiles(true))
    const text = await new Promise<string>((resolve) => {
      const socket = connect(Number(url.port), url.hostname.replace(/[[\]]/g, ''))
      let all = ''
      socket.on('data', (part) => (all += String(part))).on('end', () => resolve(all))
      socket.write(`GET /console/${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
    })
    expect(text).not.toMatch(/\r\n\r\nsecret/)
    expect(text).toMatch(/^HTTP\/1\.1 4\d\d /)
  },
)

test('a console that was not built says what to run', async () => {
  const answer = await fetch(`${await servedFiles(false)}/console/`)
  expect(answer.status).toBe(503)
  expect(await answer.text()).toContain('npm run build:console')
})
