import { once } from 'node:events'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConfigError } from '../../src/app/config/schema.js'
import { loadConfig } from '../../src/app/config/load.js'
import { isLoopback } from '../../src/app/config/runnable.js'
import { bearerCheck } from '../../src/http/bearer.js'
import { RAW_BYTES_MAX } from '../../src/ingress/raw-event.js'
import { allEvents } from '../ingress/log-content.js'
import { answerOf, asArray, asLines, events, served } from './served.js'

const one = String(events(1)[0])

describe('the size of a request', () => {
  test.each<[string, Uint8Array, Record<string, string>, RegExp]>([
    ['as sent', Buffer.alloc(5_001, ' '), {}, /larger than 5000 bytes/],
    [
      'as inflated',
      gzipSync(Buffer.alloc(2_000_000, ' ')),
      { 'content-encoding': 'gzip' },
      /inflates to more than 5000 bytes/,
    ],
  ])('a body too large %s is refused with the limit', async (_, sent, headers, detail) => {
    const { post, log } = await served({ bodyMaxBytes: 5_000 })
    expect(await post(sent, headers)).toMatchObject({
      status: 413,
      body: { error: 'too-large', detail: expect.stringMatching(detail) as string },
    })
    expect(await allEvents(log)).toHaveLength(0)
    expect(await post(one)).toMatchObject({ status: 200 })
  })

  test('a body that does not say its length is counted as it comes', async () => {
    const { url, log } = await served({ bodyMaxBytes: 5_000 })
    let sent = 0
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => (sent++ < 200 ? controller.enqueue(Buffer.alloc(1_000, ' ')) : controller.close()),
    })
    const init = { method: 'POST', body: endless, duplex: 'half', headers: { 'content-type': 'application/json' } }
    expect(await answerOf(fetch(`${url}/v1/events`, init as RequestInit))).toMatchObject({
      status: 413,
      body: { error: 'too-large' },
    })
    expect(await allEvents(log)).toHaveLength(0)
  })

  test('a body just within the limit is taken', async () => {
    const { post } = await served({ bodyMaxBytes: one.length })
    expect(await post(one)).toMatchObject({ status: 200, body: { stored: 1 } })
    expect(await post(`${one} `)).toMatchObject({ status: 413 })
  })

  test('an event that is larger than one may be becomes a dead letter that the answer names; the others are stored', async () => {
    const { post, log } = await served({ bodyMaxBytes: 2 * RAW_BYTES_MAX })
    const large = Buffer.concat([
      Buffer.from(one.slice(0, -1)),
      Buffer.from(`,"padding":"${'x'.repeat(RAW_BYTES_MAX)}"}`),
    ])
    expect(await post(asArray([...events(2, 5), large, ...events(2, 7)]))).toMatchObject({
      status: 200,
      body: { stored: 4, deadLettered: 1, problems: [{ index: 2, reason: 'too-large' }] },
    })
    expect(await post(large)).toMatchObject({ status: 422, body: { error: 'too-large', deadLettered: 1 } })
    expect(await allEvents(log)).toHaveLength(5)
  })

  test.each([
    ['an array', asArray, 'application/json'],
    ['lines', asLines, 'application/x-ndjson'],
  ])('too many events in %s are refused, and as many as may be are taken', async (_, form, type) => {
    const { post, log } = await served({ batchMax: 3 })
    const refused = await post(form(events(4)), { 'content-type': type })
    expect(refused).toMatchObject({
      status: 413,
      body: { error: 'too-many-events', detail: expect.stringContaining('more than 3 events') as string },
    })
    expect(await allEvents(log)).toHaveLength(0)
    expect(await post(form(events(3)), { 'content-type': type })).toMatchObject({ status: 200, body: { stored: 3 } })
  })
})

describe('a body that comes slowly', () => {
  /** A connection that has sent half of a body. `answered` resolves with what comes back until it is closed. */
  const half = async (url: string, body = one) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    let received = ''
    socket.on('error', () => undefined)
    const closed = once(socket, 'close')
    const head = `POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`
    // The server asks for the rest once it has begun with the request.
    socket.write(`${head}\r\nExpect: 100-continue\r\n\r\n`)
    const begun = new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString()
        if (received.includes('100 Continue')) resolve()
      })
    })
    await begun
    socket.write(body.slice(0, body.length / 2))
    return { socket, answered: closed.then(() => received) }
  }

  test('does not keep others from storing: 256 of them, as many as are stored at a time', async () => {
    const { url, post } = await served()
    await Promise.all(Array.from({ length: 256 }, () => half(url)))
    expect(await post(one)).toMatchObject({ status: 200, body: { stored: 1 } })
  })

  test('makes room when its place is needed, and is told to come again', async () => {
    const { url, post } = await served({ receivingMax: 4, slowGraceMs: 0, bytesPerSecondMin: 1e9 })
    const slow = await Promise.all(Array.from({ length: 4 }, () => half(url)))
    expect(await post(one)).toMatchObject({ status: 200, body: { stored: 1 } })
    const answer = await Promise.race(slow.map(({ answered }) => answered))
    expect(answer).toMatch(/ 408 .*"error":"too-slow"/s)
    expect(answer).toMatch(/retry-after: 1/i)
  })

  test('makes room when the memory for bodies is needed', async () => {
    const { url, post } = await served({ bytesInFlightMax: one.length, slowGraceMs: 0, bytesPerSecondMin: 1e9 })
    const { answered } = await half(url)
    expect(await post(one)).toMatchObject({ status: 200, body: { stored: 1 } })
    expect(await answered).toMatch(/ 408 .*"error":"too-slow"/s)
  })

  test('is cut off after a while also if nobody needs its place', async () => {
    const { url, log } = await served({ slowAfterMs: 20 })
    const { answered } = await half(url)
    expect(await answered).toMatch(/ 408 .*"error":"too-slow"/s)
    expect(await allEvents(log)).toHaveLength(0)
  })

  test('keeps its place while it is within the grace, and a new request is told to come again', async () => {
    const { url, post } = await served({ receivingMax: 2, slowGraceMs: 60_000 })
    const [first] = await Promise.all([half(url), half(url)])
    expect(await post(one)).toMatchObject({ status: 503, body: { error: 'busy' } })
    first?.socket.write(one.slice(one.length / 2))
    first?.socket.end()
    expect(await first?.answered).toMatch(/ 200 /)
  })

  test('that breaks off leaves nothing behind, and holds nobody up', async () => {
    const { url, post, log, close } = await served({ requestsMax: 1 })
    const { socket } = await half(url)
    socket.destroy()
    await once(socket, 'close')
    expect(await post(one)).toMatchObject({ status: 200, body: { stored: 1 } })
    expect(await allEvents(log)).toHaveLength(1)
    await close()
  })
})

describe('the content type and encoding', () => {
  test.each<[string, Record<string, string>]>([
    ['text/plain', {}],
    ['application/x-www-form-urlencoded', {}],
    ['nonsense', {}],
    ['constructor', {}],
    ['application/json; charset=utf-16', {}],
    ['application/json', { 'content-encoding': 'br' }],
  ])('%s %j is refused', async (type, headers) => {
    const { post, log } = await served()
    const { status, body } = await post(one, { 'content-type': type, ...headers })
    expect([status, body['error']]).toEqual([
      415,
      headers['content-encoding'] === undefined ? 'unsupported-content-type' : 'unsupported-encoding',
    ])
    expect(body['detail']).toMatch(/send (application\/json|gzip)/)
    expect(await allEvents(log)).toHaveLength(0)
  })

  test('a missing content-type is refused', async () => {
    const { url } = await served()
    const answer = await answerOf(fetch(`${url}/v1/events`, { method: 'POST', body: Buffer.from(one) }))
    expect(answer).toMatchObject({
      status: 415,
      body: { detail: expect.stringContaining('the content-type is missing') as string },
    })
  })
})

describe('the token', () => {
  const token = 'a-token-of-some-length'

  test.each<[string, string | undefined, number]>([
    ['the token', `Bearer ${token}`, 200],
    ['the token, scheme in lower case', `bearer ${token}`, 200],
    ['no header', undefined, 401],
    ['another token', 'Bearer another-token-of-some', 401],
    ['a beginning of it', `Bearer ${token.slice(0, -1)}`, 401],
    ['another scheme', `Basic ${token}`, 401],
    ['nothing after the scheme', 'Bearer ', 401],
  ])('%s', async (_, authorization, status) => {
    const { post, log } = await served({ token })
    const answer = await post(one, authorization === undefined ? {} : { authorization })
    expect(answer.status).toBe(status)
    if (status === 200) return
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(answer.body).toEqual({ error: 'unauthorized', detail: expect.any(String) as string })
    expect(JSON.stringify(answer.body)).not.toContain(token)
    expect(await allEvents(log)).toHaveLength(0)
  })

  test('can be sent if the configuration accepts it, and is refused by the configuration otherwise', async () => {
    const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)).join('')
    const configured = (given: string) => loadConfig({ flags: { ingress: { token: given } } }).ingress.token?.read()
    expect(configured(printable)).toBe(printable)
    const { post } = await served({ token: printable })
    expect((await post(one, { authorization: `Bearer ${printable}` })).status).toBe(200)
    const basic = Buffer.from(`user:${printable}`).toString('base64')
    expect((await post(one, { authorization: `Basic ${basic}` })).status).toBe(200)
    for (const bad of [
      'a token with some blanks',
      'a-token-with-a-tab\t',
      'ein-schlüssel-mit-umlaut',
      ' leading-blank-token',
    ])
      expect(() => configured(bad)).toThrow(/ingress\.token: printable ASCII without blanks/)
  })

  test('is compared as text, not as a pattern', () => {
    expect(bearerCheck('.+.+.+.+.+.+.+.+')('Bearer abcdefghijklmnop')).toBe(false)
    expect(bearerCheck(token)(undefined)).toBe(false)
  })

  test.each(['0.0.0.0', '::', '192.168.1.7', 'localhost.example.com', '127.0.0.1.example.com'])(
    '%s without a token is not listened on',
    async (host) => {
      expect(isLoopback(host)).toBe(false)
      const start = served({ host })
      await expect(start).rejects.toThrow(ConfigError)
      await expect(start).rejects.toThrow(/without a token: set ingress\.token/)
    },
  )

  test('with a token it may listen on every address', async () => {
    const { url } = await served({ token, host: '0.0.0.0' })
    expect((await fetch(url.replace('0.0.0.0', '127.0.0.1') + '/livez')).status).toBe(200)
  })
})

test('a port that is in use is reported', async () => {
  const { url } = await served()
  await expect(served({ port: Number(new URL(url).port) })).rejects.toThrow(
    /cannot listen on 127\.0\.0\.1, port \d+: .*EADDRINUSE/,
  )
})

describe('other requests', () => {
  test.each<[string, string, number, string]>([
    ['GET', '/v1/events', 405, 'method-not-allowed'],
    ['DELETE', '/v1/events?x=1', 405, 'method-not-allowed'],
    ['GET', '/', 404, 'not-found'],
    ['POST', '/v1/event', 404, 'not-found'],
  ])('%s %s', async (method, path, status, error) => {
    const { url } = await served()
    const answer = await answerOf(fetch(url + path, { method }))
    expect(answer).toMatchObject({ status, body: { error, detail: expect.any(String) as string } })
  })
})
