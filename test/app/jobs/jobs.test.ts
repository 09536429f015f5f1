import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import type { JobView } from '../../../src/app/jobs/job.js'
import { Jobs, type JobControl, type JobsOptions } from '../../../src/app/jobs/jobs.js'

const jobsWith = (options: Partial<JobsOptions> = {}): Jobs =>
  new Jobs({
    ...{ runningMax: 2, keptMax: 2, resultMaxBytes: 1_000, now: () => 0, problemOf: (cause) => String(cause) },
    ...options,
  })

/** A job whose end the test decides. */
const held = (jobs: Jobs) => {
  let control: JobControl | undefined
  let finish: (result: unknown) => void = () => undefined
  const ended = new Promise<unknown>((resolve) => (finish = resolve))
  const work = (given: JobControl): Promise<unknown> => {
    control = given
    return Promise.race([
      ended,
      new Promise((_, reject) => given.signal.addEventListener('abort', () => reject(new Error('told to stop')))),
    ])
  }
  const started = jobs.start({ operation: 'verify', tenant: 'acme', by: 'jane', work })
  return { started, finish, control: () => control as JobControl }
}

const idOf = (started: ReturnType<Jobs['start']>): string => (E.isRight(started) ? started.right.id : expect.fail())

const last = async (jobs: Jobs, id: string): Promise<JobView> => {
  let view: JobView | undefined
  for await (const each of jobs.watch(id, new AbortController().signal)) view = each
  return view ?? expect.fail()
}

describe('a job', () => {
  test('tells its progress with rate and time left, then its result', async () => {
    let now = 0
    const jobs = jobsWith({ now: () => now })
    const { started, finish, control } = held(jobs)
    const id = idOf(started)
    expect(jobs.get(id)).toMatchObject({ state: 'running', progress: null, endedAt: null })
    now = 2_000
    control().onProgress({ done: 100, of: 500, unit: 'positions' })
    expect(jobs.get(id)?.progress).toEqual({ done: 100, of: 500, unit: 'positions', ratePerS: 50, leftS: 8 })
    finish({ rows: 3 })
    expect(await last(jobs, id)).toMatchObject({
      state: 'done',
      result: { rows: 3 },
      endedAt: '1970-01-01T00:00:02.000Z',
    })
  })

  test('that is cancelled is told to stop, and is cancelled once its work has stopped', async () => {
    const jobs = jobsWith()
    const id = idOf(held(jobs).started)
    expect(jobs.cancel(id)).toMatchObject({ state: 'cancelling', endedAt: null })
    expect(await last(jobs, id)).toMatchObject({ state: 'cancelled' })
    expect(jobs.cancel(id)).toMatchObject({ state: 'cancelled' })
  })

  test('that throws has failed, and says why', async () => {
    const jobs = jobsWith()
    const work = () => Promise.reject(new Error('no disk'))
    const id = idOf(jobs.start({ operation: 'verify', tenant: 'acme', by: 'jane', work }))
    expect(await last(jobs, id)).toMatchObject({ state: 'failed', problem: 'Error: no disk' })
  })

  test('with a result that is too large is done, and says why there is none', async () => {
    const jobs = jobsWith()
    const { started, finish } = held(jobs)
    finish('x'.repeat(2_000))
    const job = await last(jobs, idOf(started))
    expect(job).toMatchObject({ state: 'done', problem: { type: 'urn:streamvane:problem:result-too-large' } })
    expect(job.result).toBeUndefined()
  })
})

describe('jobs', () => {
  test('run as many at a time as may, and the next is refused until one has ended', async () => {
    const jobs = jobsWith()
    const [first] = [held(jobs), held(jobs)]
    expect(held(jobs).started).toEqual(E.left({ tag: 'TooManyJobs', running: 2 }))
    first.finish(1)
    await last(jobs, idOf(first.started))
    expect(E.isRight(held(jobs).started)).toBe(true)
  })

  test('are forgotten when they have ended, the oldest first, beyond the number that is kept', async () => {
    const jobs = jobsWith()
    const ids: string[] = []
    for (let i = 0; i < 3; i++) {
      const { started, finish } = held(jobs)
      finish(i)
      ids.unshift((await last(jobs, idOf(started))).id)
    }
    expect(jobs.list().map(({ id }) => id)).toEqual(ids.slice(0, 2))
  })

  test('are stopped by close, which waits for them; then none begins', async () => {
    const jobs = jobsWith()
    const id = idOf(held(jobs).started)
    await jobs.close()
    expect(jobs.get(id)).toMatchObject({ state: 'cancelled' })
    expect(E.isLeft(held(jobs).started)).toBe(true)
  })
})
