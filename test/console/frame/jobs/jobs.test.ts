import { expect, test } from 'vitest'
import type { JobView } from '../../../../src/app/jobs/job.js'
import type { Api } from '../../../../src/console/frame/asking/api.js'
import { finished, followed, type Job } from '../../../../src/console/frame/jobs/jobs.js'

const job = (changed: Partial<Job> = {}): Job => ({
  ...{ id: 'j1', operation: 'rebuild', tenant: 'acme', by: 'ana', state: 'running' },
  ...{ startedAt: '2026-01-05T06:00:00.000Z', endedAt: null, progress: null, ...changed },
})

const event = (name: 'progress' | 'ended', of: Job) => `event: ${name}\ndata: ${JSON.stringify(of)}\n\n`

/** An API whose stream of a job answers with these texts, one a connection; then no more connections are made. */
const apiWith = (streams: readonly string[], begun: Job = job()): Api => {
  const left = [...streams]
  return {
    post: () => Promise.resolve({ ok: true, value: begun }),
    events: () => Promise.resolve({ ok: true, value: new Response(left.shift() ?? '') }),
  } as unknown as Api
}

const never = new AbortController().signal

test('what the console knows of a job is what the server answers', () => {
  const answered: JobView = job()
  const known: Job = answered
  expect(known.id).toBe('j1')
})

test('a job is followed until it has ended', async () => {
  const seen: string[] = []
  const done = job({ state: 'done', endedAt: '2026-01-05T06:01:00.000Z', result: 7 })
  const answer = await followed(
    apiWith([event('progress', job()) + event('ended', done)]),
    'j1',
    ({ state }) => seen.push(state),
    never,
  )
  expect([answer, seen]).toEqual([{ ok: true, value: done }, ['running', 'done']])
})

test('a job whose events break off is asked for again', async () => {
  const done = job({ state: 'done', endedAt: '2026-01-05T06:01:00.000Z' })
  const answer = await followed(apiWith([event('progress', job()), event('ended', done)]), 'j1', () => 0, never, 1)
  expect(answer).toEqual({ ok: true, value: done })
})

test('the result of a job is the answer; a job that failed answers with its problem', async () => {
  const endedAt = '2026-01-05T06:01:00.000Z'
  const with_ = (ended: Job) => finished<number>(apiWith([event('ended', ended)]), '/generations', {}, never)
  expect(await with_(job({ state: 'done', endedAt, result: 7 }))).toEqual({ ok: true, value: 7 })
  const problem = { title: 'the present state does not allow this' }
  expect(await with_(job({ state: 'failed', endedAt, problem }))).toEqual({
    ...{ ok: false, failure: { kind: 'problem', problem } },
  })
  expect(await with_(job({ state: 'cancelled', endedAt }))).toMatchObject({
    failure: { problem: { title: 'the job was cancelled' } },
  })
})
