import { gunzipSync } from 'node:zlib'
import { request } from 'undici'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import { readOperations } from '../../../src/app/operations/journal/read-operations.js'
import { answer, list } from '../../../src/http/admin/operation.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { computedLog, servedAdmin } from './served-admin.js'

let log: EventLog
beforeAll(async () => {
  log = await computedLog('acme')
})

type Page = Readonly<{ items: readonly Readonly<{ key: string }>[]; next: string | null }>

const keysOf = ({ items }: Page): readonly string[] => items.map(({ key }) => key)

describe('a list', () => {
  test('comes in pages that together are all of it, each row once and in order', async () => {
    const { call, tokens } = await servedAdmin({ log })
    const pageAt = async (query: string): Promise<Page> =>
      (await (await call(`/rows?family=agent&${query}`, { token: tokens.viewer })).json()) as Page
    const whole = await pageAt('limit=1000')
    expect(whole.next).toBeNull()
    const keys: string[] = []
    let page = await pageAt('limit=7')
    for (keys.push(...keysOf(page)); page.next !== null; keys.push(...keysOf(page)))
      page = await pageAt(`limit=7&cursor=${page.next}`)
    expect(keys).toEqual(whole.items.map(({ key }) => key))
    expect(keys.length).toBeGreaterThan(14)
  })

  test('comes whole as lines of JSON where lines are asked for', async () => {
    const { call, tokens } = await servedAdmin({ log })
    const options = { token: tokens.viewer, headers: { accept: 'application/x-ndjson' } }
    const answered = await call('/rows?family=agent', options)
    expect(answered.headers.get('content-type')).toContain('application/x-ndjson')
    const lines = (await answered.text()).trimEnd().split('\n')
    const page = (await (await call('/rows?family=agent&limit=1000', { token: tokens.viewer })).json()) as Page
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(page.items)
  })

  test('that breaks off in the middle breaks the connection, so that nobody takes a part for all', async () => {
    const broken = list({
      ...{ id: 'broken', method: 'GET', path: '/broken', access: 'figures', summary: 'two items' },
      ...{ input: z.object({}), item: z.object({ text: z.string() }) },
      run: async function* () {
        yield { text: 'x'.repeat(200_000) }
        await Promise.resolve()
        throw new Error('the disk is gone')
      },
    })
    const { call, tokens } = await servedAdmin({ operations: [broken] })
    const answered = await call('/broken', { token: tokens.viewer, headers: { accept: 'application/x-ndjson' } })
    await expect(answered.text()).rejects.toThrow()
    const page = await call('/broken', { token: tokens.viewer })
    expect(page.status).toBe(500)
    expect(await page.text()).not.toContain('disk')
  })

  test.each(['next', 'e30', 'WyIxIl0'])('refuses the cursor %s, which no answer gave', async (cursor) => {
    const { call, tokens } = await servedAdmin({ log })
    expect((await call(`/rows?family=queue&cursor=${cursor}`, { token: tokens.viewer })).status).toBe(422)
  })
})

describe('an answer', () => {
  test('has an ETag, and is 304 for whoever has it already', async () => {
    const { call, tokens } = await servedAdmin({ log })
    const first = await call('/rows?family=queue', { token: tokens.viewer })
    const etag = first.headers.get('etag') ?? ''
    const again = await call('/rows?family=queue', { token: tokens.viewer, headers: { 'if-none-match': etag } })
    expect([first.status, again.status, await again.text()]).toEqual([200, 304, ''])
  })

  test.each(['application/json', 'application/x-ndjson'])(
    'as %s is compressed for whoever takes gzip, and for nobody else',
    async (accept) => {
      const { url, tokens } = await servedAdmin({ log })
      const get = async (encoding: string) => {
        const { headers, body } = await request(`${url}/v1/tenants/acme/rows?family=agent`, {
          headers: { authorization: `Bearer ${tokens.viewer}`, accept, 'accept-encoding': encoding },
        })
        return { encoding: headers['content-encoding'], bytes: Buffer.from(await body.arrayBuffer()) }
      }
      const [zipped, plain, refused] = [await get('br, gzip'), await get('identity'), await get('gzip;q=0')]
      expect([zipped.encoding, plain.encoding, refused.encoding]).toEqual(['gzip', undefined, undefined])
      expect(gunzipSync(zipped.bytes).equals(plain.bytes)).toBe(true)
      expect(zipped.bytes.length).toBeLessThan(plain.bytes.length / 2)
    },
  )

  test('is not stored, not guessed at, and not given to other origins', async () => {
    const { call, tokens } = await servedAdmin()
    const asked = { token: tokens.viewer, headers: { origin: 'https://evil.example' } }
    for (const answered of [await call('/stages', asked), await call('/nothing', asked), await call('/stages')]) {
      expect(answered.headers.get('cache-control')).toBe('no-store')
      expect(answered.headers.get('x-content-type-options')).toBe('nosniff')
      expect(answered.headers.get('access-control-allow-origin')).toBeNull()
    }
    const preflight = await call('/stages', { method: 'OPTIONS', headers: { origin: 'https://evil.example' } })
    expect([preflight.status, preflight.headers.get('allow')]).toEqual([405, 'GET'])
  })

  test('that takes too long is a problem that says how to ask for less, and its work is told to stop', async () => {
    let stopped = false
    const endless = answer({
      ...{ id: 'endless', method: 'GET', path: '/endless', access: 'figures', summary: 'never' },
      ...{ input: z.object({}), output: z.object({}) },
      run: ({ signal }) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(((stopped = true), new Error('stopped')))),
        ),
    })
    const { call, tokens } = await servedAdmin({ operations: [endless], settings: { answerMaxMs: 100 } })
    const answered = await call('/endless', { token: tokens.viewer })
    expect(answered.status).toBe(503)
    expect(((await answered.json()) as { detail: string }).detail).toContain('smaller range')
    expect(stopped).toBe(true)
  })
})

describe('a request that cannot be used', () => {
  test('is a problem with type, place and what is wrong with each part', async () => {
    const { call, tokens } = await servedAdmin()
    const answered = await call('/rows?family=teapot&from=yesterday', { token: tokens.viewer })
    expect(answered.headers.get('content-type')).toContain('application/problem+json')
    expect(await answered.json()).toMatchObject({
      ...{ type: 'urn:streamvane:problem:not-valid', status: 422, instance: '/v1/tenants/acme/rows' },
      errors: [{ at: 'family' }, { at: 'from' }],
    })
  })

  test.each([
    ['is not JSON', '{', 400],
    ['is a list', '[1]', 400],
    ['is too large', JSON.stringify({ why: 'x'.repeat(2_000) }), 413],
  ])('because its body %s is refused, and nothing is done', async (_, body, status) => {
    const { call, tokens } = await servedAdmin({ settings: { bodyMaxBytes: 1_024 } })
    expect((await call('/clock/tick', { method: 'POST', token: tokens.operator, body })).status).toBe(status)
  })

  test('without a token is refused before its body is read', async () => {
    const { call } = await servedAdmin({ settings: { bodyMaxBytes: 1_024 } })
    expect((await call('/clock/tick', { method: 'POST', body: 'x'.repeat(5_000) })).status).toBe(401)
  })
})

describe('an Idempotency-Key', () => {
  const counting = () => {
    let count = 0
    const operation = answer({
      ...{ id: 'count', method: 'POST', path: '/count', access: 'change', summary: 'counts' },
      ...{ input: z.object({ by: z.int() }), output: z.object({ count: z.int() }) },
      run: (_, { by }) => {
        if (by < 0) throw Object.assign(new Error('away'), { name: 'LogUnavailable' })
        return Promise.resolve({ count: (count += by) })
      },
    })
    return { operation, count: () => count }
  }

  test('makes a call that is sent again get the same answer, and be done once, also at the same moment', async () => {
    const { operation, count } = counting()
    const { call, tokens } = await servedAdmin({ operations: [operation] })
    const send = (by: number, key: string) =>
      call('/count', { method: 'POST', token: tokens.operator, body: { by }, headers: { 'idempotency-key': key } })
    const bodies = await Promise.all(
      [send(1, 'a'), send(1, 'a'), send(1, 'a')].map(async (each) => (await each).json()),
    )
    expect(bodies).toEqual([{ count: 1 }, { count: 1 }, { count: 1 }])
    expect((await send(2, 'a')).status).toBe(422)
    expect(await (await send(2, 'b')).json()).toEqual({ count: 3 })
    expect(count()).toBe(3)
  })

  test('of a call that failed can be used again', async () => {
    const { operation, count } = counting()
    const { call, tokens } = await servedAdmin({ operations: [operation] })
    const send = (by: number) =>
      call('/count', { method: 'POST', token: tokens.operator, body: { by }, headers: { 'idempotency-key': 'a' } })
    expect((await send(-1)).status).toBe(503)
    expect((await send(5)).status).toBe(200)
    expect(count()).toBe(5)
  })
})

describe('the audit log', () => {
  const recordedBy = async (served: EventLog) => readOperations(await singleLog(served).control('reader'), 'acme')

  test('tells of a change with who, why and what came of it; of a dry run it tells nothing', async () => {
    const { call, tokens, log: own } = await servedAdmin()
    const tick = (body: object) => call('/clock/tick', { method: 'POST', token: tokens.operator, body })
    expect((await tick({ dryRun: true })).status).toBe(200)
    expect((await tick({ at: '2026-01-05T08:00:00Z', why: 'a backfill' })).status).toBe(200)
    expect(await recordedBy(own)).toMatchObject([
      {
        operation: 'clock tick',
        by: 'token:operator',
        via: 'api',
        why: 'a backfill',
        result: 'done',
        summary: { to: '2026-01-05T08:00:00.000Z' },
      },
    ])
  })

  test('tells of who read what is sensitive, and of what was refused', async () => {
    const { call, tokens, log: own } = await servedAdmin()
    await call('/audit-log', { token: tokens.auditor })
    await call('/audit-log', { token: tokens.viewer })
    await call('/clock/tick', { method: 'POST', token: 'wrong', body: {} })
    await call('/clock/tick', { method: 'POST', token: tokens.operator, body: { at: '2999-01-01' } })
    expect(await recordedBy(own)).toMatchObject([
      { operation: 'audit log', by: 'token:auditor', result: 'done' },
      { operation: 'audit log', by: 'token:viewer', result: 'refused' },
      { operation: 'admin call', by: 'nobody', result: 'refused' },
      { operation: 'clock tick', by: 'token:operator', result: 'refused' },
    ])
  })

  test('tells of thirty refused calls in a minute, and of the others their number', async () => {
    let now = Date.parse('2026-01-05T08:00:00Z')
    const { call, log: own } = await servedAdmin({
      settings: { failedPerMinuteMax: 1_000 },
      process: { now: () => now },
    })
    for (let i = 0; i < 35; i++) await call('/stages')
    expect(await recordedBy(own)).toHaveLength(30)
    now += 60_000
    await call('/stages')
    const recorded = await recordedBy(own)
    expect(recorded).toHaveLength(31)
    expect(recorded.at(-1)?.summary).toMatchObject({ refusedBesides: 5 })
  })

  test('names the user whom a command names only if it read the token in the data folder', async () => {
    const { call, tokens, localToken, log: own } = await servedAdmin()
    const headers = { 'x-streamvane-operator': 'jane' }
    for (const token of [tokens.operator, localToken])
      await call('/stages/none/resume', { method: 'POST', token, body: {}, headers })
    expect(await recordedBy(own)).toMatchObject([
      { by: 'token:operator', via: 'api' },
      { by: 'jane', via: 'cli' },
    ])
  })

  test('must be written before a change begins: where it cannot be, nothing is changed', async () => {
    const logs = { changingControl: () => Promise.reject(Object.assign(new Error('locked'), { name: 'LogLocked' })) }
    const served = await servedAdmin()
    const broken = await servedAdmin({
      log: served.log,
      process: { logs: { ...singleLog(served.log), ...logs } },
    })
    const answered = await broken.call('/clock/tick', { method: 'POST', token: broken.tokens.operator, body: {} })
    expect(answered.status).toBe(503)
    expect(await served.log.head()).toBeUndefined()
  })
})
