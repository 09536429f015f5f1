import * as E from 'fp-ts/lib/Either.js'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { deliverTo } from '../../src/ingress/ingest.js'
import type { AppendFailure, EventLog } from '../../src/log/event-log.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { allEvents } from '../ingress/log-content.js'
import { answerOf, asArray, asLines, events, served } from './served.js'

/** A log whose appends resolve when the test says so. `begun` resolves once so many are waiting. */
const heldLog = () => {
  const inner = memoryLog()
  const waiting: (() => void)[] = []
  const watchers: (() => void)[] = []
  const log: EventLog = {
    ...inner,
    append: async (appends) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
        watchers.forEach((look) => look())
      })
      return inner.append(appends)
    },
  }
  const begun = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => (waiting.length >= count ? resolve() : undefined)
      watchers.push(look)
      look()
    })
  return { log, inner, begun, release: () => waiting.splice(0).forEach((resolve) => resolve()) }
}

const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = events(2)

test('a request is answered after its events are stored, not before', async () => {
  const { log, begun, release } = heldLog()
  const { post, url } = await served({ log })
  let answered = false
  const answer = post(first).finally(() => (answered = true))
  await begun(1)
  // Others are answered meanwhile, so an answer that did not wait would be here as well.
  for (let i = 0; i < 5; i++) await fetch(`${url}/livez`)
  expect(answered).toBe(false)
  release()
  expect(await answer).toMatchObject({ status: 200, body: { stored: 1 } })
})

test('a hundred requests at once, every event sent twice: each is stored exactly once', async () => {
  const { post, log } = await served()
  const raws = events(500)
  const requests = Array.from({ length: 100 }, (_, i) => raws.slice((i % 50) * 10, (i % 50) * 10 + 10))
  const answers = await Promise.all(
    requests.map((batch, i) =>
      i % 2 === 0 ? post(asArray(batch)) : post(asLines(batch), { 'content-type': 'application/x-ndjson' }),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual(requests.map(() => 200))
  const total = (name: string): number => answers.reduce((sum, { body }) => sum + Number(body[name]), 0)
  expect([total('stored'), total('duplicate'), total('deadLettered')]).toEqual([500, 500, 0])
  const stored = (await allEvents(log)).map(({ data }) => Buffer.from(data).toString())
  expect(stored.sort()).toEqual(raws.map(String).sort())
})

describe('a log that does not store a batch', () => {
  const failingUntil = (failure: AppendFailure) => {
    const inner = memoryLog()
    const state = { fails: true }
    const append: EventLog['append'] = async (appends) =>
      state.fails ? appends.map(() => E.left(failure)) : inner.append(appends)
    return { state, log: { ...inner, append } }
  }

  test('for now: send it again, after a while', async () => {
    const { state, log } = failingUntil({ tag: 'NotAvailable', cause: 'disk full' })
    const { post } = await served({ log })
    const answer = await post(asArray([first, second]))
    expect(answer).toMatchObject({
      status: 503,
      body: { error: 'log-not-available', detail: expect.stringContaining('send it again') as string },
    })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    state.fails = false
    expect(await post(asArray([first, second]))).toMatchObject({ status: 200, body: { stored: 2 } })
  })

  test.each<AppendFailure>([
    { tag: 'Refused', reason: 'secret: the log is closed' },
    { tag: 'NotAvailable', cause: Object.assign(new Error('secret: no such user'), { code: 16 }) },
  ])('until an operator mends it (%j): nobody is told to send it again', async (failure) => {
    const { state, log } = failingUntil(failure)
    const { post } = await served({ log })
    const answer = await post(asArray([first, second]))
    expect(answer).toMatchObject({
      status: 500,
      body: { error: 'log-refused', detail: expect.stringContaining('an operator') as string },
    })
    expect(answer.headers.get('retry-after')).toBeNull()
    expect(JSON.stringify(answer.body)).not.toMatch(/send it again|secret/)
    state.fails = false
    expect(await post(asArray([first, second]))).toMatchObject({ status: 200, body: { stored: 2 } })
  })

  test('for an unexpected reason: nothing is acknowledged, and the answer does not contain the cause', async () => {
    const inner = memoryLog()
    const log = { ...inner, append: () => Promise.reject(new Error('secret path /var/x')) }
    const { post } = await served({ log })
    const answer = await post(first)
    expect(answer).toMatchObject({ status: 500, body: { error: 'unexpected' } })
    expect(JSON.stringify(answer.body)).not.toContain('secret')
  })

  test('after the append (a clock that cannot tick): sending again is safe', async () => {
    let fails = true
    const store = deliverTo({ log: memoryLog(), tenant: 'acme', now: Date.now })
    const { post } = await served({
      deliver: async (batch) => {
        const receipt = await store(batch)
        if (fails) throw new Error('no tick')
        return receipt
      },
    })
    expect(await post(first)).toMatchObject({ status: 500 })
    fails = false
    expect(await post(first)).toMatchObject({ status: 200, body: { stored: 0, duplicate: 1 } })
  })
})

describe('requests in flight', () => {
  test('beyond the limit are refused with 503 and Retry-After', async () => {
    const { log, begun, release } = heldLog()
    const { post } = await served({ log, requestsMax: 2 })
    const inside = [post(first), post(second)]
    await begun(2)
    const turnedAway = await post(first)
    expect(turnedAway).toMatchObject({ status: 503, body: { error: 'busy', detail: expect.any(String) as string } })
    expect(Number(turnedAway.headers.get('retry-after'))).toBeGreaterThan(0)
    release()
    expect((await Promise.all(inside)).map(({ status }) => status)).toEqual([200, 200])
    const after = post(first)
    await begun(1)
    release()
    expect(await after).toMatchObject({ status: 200, body: { duplicate: 1 } })
  })

  test('beyond the limit of bytes are refused too, but a single request always continues', async () => {
    const { log, begun, release } = heldLog()
    const { post } = await served({ log, bytesInFlightMax: 10 })
    const inside = post(first)
    await begun(1)
    expect(await post(second)).toMatchObject({
      status: 503,
      body: { error: 'busy', detail: expect.stringContaining('memory') as string },
    })
    release()
    expect(await inside).toMatchObject({ status: 200, body: { stored: 1 } })
  })
})

describe('closing the server', () => {
  test('finishes the requests in flight and refuses new ones', async () => {
    const { log, inner, begun, release } = heldLog()
    const { post, url, close } = await served({ log })
    const inside = post(first)
    await begun(1)
    let closed = false
    const closing = close().then(() => (closed = true))
    const refused = await post(second)
    expect(refused).toMatchObject({ status: 503, body: { error: 'shutting-down' } })
    expect([refused.headers.get('connection'), refused.headers.get('retry-after')]).toEqual(['close', '1'])
    expect(await answerOf(fetch(`${url}/readyz`))).toMatchObject({
      status: 503,
      body: { ready: false, draining: true },
    })
    expect(closed).toBe(false)
    release()
    expect(await inside).toMatchObject({ status: 200, body: { stored: 1 } })
    await closing
    expect(await allEvents(inner)).toHaveLength(1)
    await expect(fetch(`${url}/livez`)).rejects.toThrow()
  })

  test('cuts off requests that do not finish in time', async () => {
    const { log, begun, release } = heldLog()
    const { post, close } = await served({ log, drainMaxMs: 20 })
    const inside = post(first).then(
      () => 'answered',
      () => 'cut off',
    )
    await begun(1)
    await close()
    expect(await inside).toBe('cut off')
    release()
  })
})

test('the log lines of requests contain neither bodies nor tokens nor queries', async () => {
  const lines: string[] = []
  const token = 'a-token-of-some-length'
  let seen: () => void = () => undefined
  const logged = new Promise<void>((resolve) => (seen = resolve))
  const logger = pino(
    { level: 'debug' },
    { write: (line) => (lines.push(line), line.includes('/v1/events') ? seen() : undefined) },
  )
  const { url } = await served({ token, logger })
  const init = {
    method: 'POST',
    body: first,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
  }
  await fetch(`${url}/v1/events?secret=query`, init)
  await logged
  expect(JSON.parse(lines.at(-1) ?? '{}')).toMatchObject({ method: 'POST', path: '/v1/events', status: 200 })
  expect(lines.join('')).not.toMatch(/a-token|record-0|secret/)
})
