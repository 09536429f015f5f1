import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import { readOperations } from '../../../src/app/operations/journal/read-operations.js'
import { operationsStream } from '../../../src/domain/stream-name.js'
import { contentId } from '../../../src/log/content-id.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { job, type Call } from '../../../src/http/admin/operation.js'
import { endedJob, servedAdmin } from './served-admin.js'

/** A job whose steps the test decides: `begun` resolves with its call once it is at work. */
const steered = (access: 'change' | 'evidence' = 'change') => {
  let begin: (call: Call) => void = () => undefined
  let finish: () => void = () => undefined
  const begun = new Promise<Call>((resolve) => (begin = resolve))
  const operation = job({
    ...{ id: 'work', command: 'work', method: 'POST', path: '/work', access, summary: 'works' },
    ...{ input: z.object({ why: z.string().optional() }), output: z.object({ done: z.boolean() }) },
    run: (call) =>
      new Promise((resolve, reject) => {
        finish = () => resolve({ done: true })
        call.signal.addEventListener('abort', () => reject(Object.assign(new Error('stopped'), { name: 'AbortError' })))
        begin(call)
      }),
  })
  return { operation, begun, finish: () => finish() }
}

const post = { method: 'POST', body: {} }
type Json = Readonly<Record<string, unknown>>

describe('a long operation', () => {
  test('is answered 202 with the place of its job, which tells progress as server-sent events and then its result', async () => {
    const { operation, begun, finish } = steered()
    const served = await servedAdmin({ operations: [operation] })
    const token = served.tokens.operator
    const answer = await served.call('/work', { ...post, token })
    expect(answer.status).toBe(202)
    const { id } = (await answer.json()) as { id: string }
    expect(answer.headers.get('location')).toBe(`/v1/jobs/${id}`)
    const { onProgress } = await begun
    const events = await served.call(`/v1/jobs/${id}/events`, { token })
    expect(events.headers.get('content-type')).toBe('text/event-stream')
    onProgress({ done: 1, of: 4, unit: 'positions' })
    finish()
    const text = await events.text()
    expect(text).toMatch(/^event: progress\ndata: \{.*\}\n\n/)
    expect(text).toMatch(/event: ended\ndata: .*"state":"done".*"result":\{"done":true\}/)
    expect(await (await served.call(`/v1/jobs/${id}`, { token })).json()).toMatchObject({
      ...{ state: 'done', result: { done: true }, progress: { done: 1, of: 4 } },
    })
  })

  test('is cancelled by DELETE, and the audit log says that it was stopped', async () => {
    const { operation, begun } = steered()
    const served = await servedAdmin({ operations: [operation] })
    const token = served.tokens.operator
    const { id } = (await (await served.call('/work', { ...post, token })).json()) as { id: string }
    await begun
    const cancelled = await served.call(`/v1/jobs/${id}`, { method: 'DELETE', token })
    expect(await cancelled.json()).toMatchObject({ state: 'cancelling' })
    await (await served.call(`/v1/jobs/${id}/events`, { token })).text()
    expect(await (await served.call(`/v1/jobs/${id}`, { token })).json()).toMatchObject({ state: 'cancelled' })
    expect(await readOperations(served.log, 'acme')).toMatchObject([{ id, operation: 'work', result: 'stopped' }])
  })

  test('is refused with 429 while as many run as may', async () => {
    const { operation, begun } = steered()
    const served = await servedAdmin({ operations: [operation], settings: { jobs: { runningMax: 1 } } })
    const token = served.tokens.operator
    await served.call('/work', { ...post, token })
    await begun
    const second = await served.call('/work', { ...post, token })
    expect(second.status).toBe(429)
    expect(second.headers.get('retry-after')).not.toBeNull()
  })

  test('is not shown to those who may not start it', async () => {
    const { operation, finish, begun } = steered('evidence')
    const served = await servedAdmin({ operations: [operation] })
    const answer = await served.call('/work', { ...post, token: served.tokens.auditor })
    const { id } = (await answer.clone().json()) as { id: string }
    await begun
    finish()
    await endedJob(served, answer, served.tokens.auditor)
    for (const token of [served.tokens.operator, served.tokens.viewer]) {
      expect(await (await served.call('/v1/jobs', { token })).json()).toEqual({ items: [] })
      for (const path of [`/v1/jobs/${id}`, `/v1/jobs/${id}/events`])
        expect((await served.call(path, { token })).status).toBe(404)
      expect((await served.call(`/v1/jobs/${id}`, { method: 'DELETE', token })).status).toBe(404)
    }
    expect((await served.call('/v1/jobs')).status).toBe(401)
  })

  test('is stopped when the process ends, and whoever watches it is told', async () => {
    const { operation, begun } = steered()
    const served = await servedAdmin({ operations: [operation] })
    const token = served.tokens.operator
    const { id } = (await (await served.call('/work', { ...post, token })).json()) as { id: string }
    const { signal } = await begun
    const events = await served.call(`/v1/jobs/${id}/events`, { token })
    await served.close()
    expect(signal.aborted).toBe(true)
    expect(await events.text()).toContain('event: progress')
    expect(await readOperations(served.log, 'acme')).toMatchObject([{ id, result: 'stopped' }])
  })
})

describe('a job of an earlier process', () => {
  const began = (id: string, details: Json) => ({
    ...{ id, operation: 'work', by: 'token:jane', via: 'api', at: '2026-01-05T08:00:00.000Z', details },
    process: { pid: 999_999_999, host: 'gone', command: 'node', boot: 'other', pidNamespace: 'other', started: '0' },
  })

  test('is shown as interrupted if its end was never recorded; its operation is known by the audit log', async () => {
    const log = memoryLog()
    const id = '6f1c1c1c-0000-4000-8000-000000000001'
    const event = (data: Json) => ({
      ...{ id: contentId('test', JSON.stringify(data)), type: 'OperationBegan' },
      ...{ data: Buffer.from(JSON.stringify(data)), metadata: Buffer.from('{}') },
    })
    const events = [
      event(began(id, { job: true, call: 'work' })),
      event(began(`${id.slice(0, -1)}2`, { call: 'work' })),
    ]
    await log.append([{ stream: operationsStream('acme'), expected: 'any', events }])
    const { operation } = steered()
    const { call, tokens } = await servedAdmin({ log, operations: [operation], process: { logs: singleLog(log) } })
    const { items } = (await (await call('/v1/jobs', { token: tokens.operator })).json()) as { items: readonly Json[] }
    expect(items).toMatchObject([{ id, operation: 'work', by: 'token:jane', state: 'interrupted', endedAt: null }])
    const events_ = await call(`/v1/jobs/${id}/events`, { token: tokens.operator })
    expect(await events_.text()).toContain('"state":"interrupted"')
  })
})
