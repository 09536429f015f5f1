import { createHash } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import { httpsReceiver, type HttpsReceiver } from '../../../src/egress/push/https.js'
import type { PushedFile } from '../../../src/egress/push/receiver.js'
import { misbehavingReceiver, type MisbehavingReceiver } from '../../support/misbehaving-receiver.js'

const bytes = Buffer.from('queue,offered\r\nÄrzte,3\r\n')
const file: PushedFile = {
  ...{ feed: 'wfm', number: 7, version: 2, name: 'wfm 7.csv', bytes, contentType: 'text/csv; charset=utf-8' },
  ...{
    sha256: createHash('sha256').update(bytes).digest('hex'),
    manifest: Buffer.from('{"reasons":["späte"]}'),
    complete: false,
  },
}

const receiving = async (more: Partial<HttpsReceiver> = {}) => {
  const server: MisbehavingReceiver = await misbehavingReceiver()
  onTestFinished(() => server.close())
  const receiver = httpsReceiver({
    ...{ url: `${server.url}/in/{file}?via=streamvane`, method: 'PUT', headers: {}, ssl: true, gzip: false },
    ...{ connectTimeoutMs: 2_000, timeoutMs: 2_000 },
    ...more,
  })
  return { server, send: () => receiver.deliver(file, new AbortController().signal)() }
}

test('a file arrives with its number, version, digest and manifest, and is accepted by 2xx', async () => {
  const { server, send } = await receiving({ token: Secret.literal('secret-token'), headers: { 'x-client': 'acme' } })
  server.next.push({ status: 202, body: 'taken' })
  expect(await send()).toEqual(E.right({ status: '202', words: 'taken' }))
  const [arrived] = server.arrived
  expect(arrived).toMatchObject({ method: 'PUT', path: '/in/wfm%207.csv?via=streamvane', body: bytes })
  expect(arrived?.headers).toMatchObject({
    ...{ authorization: 'Bearer secret-token', 'x-client': 'acme', 'content-type': 'text/csv; charset=utf-8' },
    ...{ 'idempotency-key': 'wfm/7', 'streamvane-delivery': '7', 'streamvane-layout-version': '2' },
    ...{
      'streamvane-complete': 'false',
      'repr-digest': `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`,
    },
  })
  expect(JSON.parse(Buffer.from(arrived?.headers['streamvane-manifest'] ?? '', 'base64').toString())).toEqual({
    reasons: ['späte'],
  })
})

test('a file is compressed, and the receiver signed in to by name and password, where that is configured', async () => {
  const { server, send } = await receiving({ gzip: true, method: 'POST', username: 'u', password: Secret.literal('p') })
  await send()
  expect(server.arrived[0]).toMatchObject({ method: 'POST', body: bytes })
  expect(server.arrived[0]?.headers).toMatchObject({
    'content-encoding': 'gzip',
    authorization: `Basic ${btoa('u:p')}`,
  })
})

test.each([400, 409, 413, 415, 422])('%i is a judgement of the file: it is refused', async (status) => {
  const { server, send } = await receiving()
  server.next.push({ status, body: 'unknown\n queue' })
  expect(await send()).toEqual(
    E.left({ tag: 'FileRefused', status: String(status), why: `it answered ${status}: unknown queue` }),
  )
})

test.each([401, 403, 404, 408, 425, 500, 502, 503, 301, 302])(
  '%i is none: the file is sent again later',
  async (status) => {
    const { server, send } = await receiving()
    server.next.push({ status, headers: { location: `${server.url}/elsewhere` } })
    expect(await send()).toMatchObject(E.left({ tag: 'NotDelivered', why: `it answered ${status}` }))
    expect(server.arrived).toHaveLength(1)
  },
)

test('429 and 503 say when the receiver wants to be asked again', async () => {
  const { server, send } = await receiving()
  server.next.push({ status: 429, headers: { 'retry-after': '7' } })
  server.next.push({ status: 503, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() } })
  expect(await send()).toMatchObject(E.left({ retryAfterMs: 7_000 }))
  const dated = await send()
  expect(E.isLeft(dated) && dated.left.tag === 'NotDelivered' && (dated.left.retryAfterMs ?? 0) > 30_000).toBe(true)
})

test.each([
  ['drop before', /cannot be reached/],
  ['drop after', /cannot be reached/],
  ['silence', /did not answer within 300 ms/],
] as const)('a receiver that does this is asked again: %s', async (behaviour, why) => {
  const { server, send } = await receiving({ timeoutMs: 300 })
  server.next.push(behaviour)
  expect(await send()).toMatchObject(E.left({ tag: 'NotDelivered', why: expect.stringMatching(why) }))
  expect(E.isRight(await send())).toBe(true)
})

test('a secret that cannot be read stops nothing but this attempt, and stands in no message', async () => {
  const { send } = await receiving({ token: Secret.file('/nowhere/token') })
  expect(await send()).toMatchObject(E.left({ tag: 'NotDelivered', why: expect.stringContaining('/nowhere/token') }))
})
