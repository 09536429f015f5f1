import { randomUUID } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import type { EpochMs } from '../../domain/interval.js'
import { isoOf, progressOf, type JobState, type JobView, type Step } from './job.js'

export type JobsOptions = Readonly<{
  runningMax: number
  /** Ended jobs that are remembered; the oldest are forgotten first. */
  keptMax: number
  /** JSON of a result, at most; a larger one is left out. */
  resultMaxBytes: number
  now: () => EpochMs
  /** What to show of an error that ended a job. */
  problemOf: (cause: unknown) => unknown
}>

export type JobControl = Readonly<{ id: string; signal: AbortSignal; onProgress: (step: Step) => void }>

export type NewJob = Readonly<{
  operation: string
  tenant: string
  by: string
  /** Its result is JSON. It ends soon after `signal` aborts. */
  work: (control: JobControl) => Promise<unknown>
}>

type Job = {
  readonly id: string
  readonly operation: string
  readonly tenant: string
  readonly by: string
  readonly startedAt: EpochMs
  readonly stop: AbortController
  readonly ended: Promise<void>
  state: JobState
  endedAt: EpochMs | undefined
  step: Step | undefined
  result: unknown
  problem: unknown
  watchers: Set<() => void>
}

/** As many jobs run as may run at a time. */
export type TooManyJobs = Readonly<{ tag: 'TooManyJobs'; running: number }>

/**
 * The long operations of this process. The number of running jobs, of ended jobs that are remembered, and the size of a
 * result are bounded. `close` stops what runs and waits for it.
 */
export class Jobs {
  private readonly options: JobsOptions
  private readonly jobs = new Map<string, Job>()
  private isClosed = false

  constructor(options: JobsOptions) {
    this.options = options
  }

  /** Starts a job, unless as many run as may; after `close` none may. */
  start({ operation, tenant, by, work }: NewJob): E.Either<TooManyJobs, JobView> {
    const running = [...this.jobs.values()].filter(isAtWork).length
    if (this.isClosed || running >= this.options.runningMax) return E.left({ tag: 'TooManyJobs', running })
    const stop = new AbortController()
    let end = (): void => undefined
    const job: Job = {
      ...{ id: randomUUID(), operation, tenant, by, startedAt: this.options.now(), stop },
      ended: new Promise((resolve) => (end = resolve)),
      ...{ state: 'running', endedAt: undefined, step: undefined, result: undefined, problem: undefined },
      watchers: new Set(),
    }
    this.jobs.set(job.id, job)
    void this.run(job, work).finally(end)
    return E.right(this.viewOf(job))
  }

  /** Newest first, without results. */
  list(): readonly JobView[] {
    return [...this.jobs.values()].reverse().map((job) => {
      const { result: _, ...view } = this.viewOf(job)
      return view
    })
  }

  get(id: string): JobView | undefined {
    const job = this.jobs.get(id)
    return job === undefined ? undefined : this.viewOf(job)
  }

  /** Tells a running job to stop; resolves with what it is then. An ended job stays as it is. */
  cancel(id: string): JobView | undefined {
    const job = this.jobs.get(id)
    if (job?.state === 'running') {
      this.change(job, { state: 'cancelling' })
      job.stop.abort()
    }
    return this.get(id)
  }

  /** The job now and whenever it changes, until it has ended or the signal aborts. Changes in between are left out. */
  async *watch(id: string, signal: AbortSignal): AsyncIterable<JobView> {
    const job = this.jobs.get(id)
    if (job === undefined) return
    let wake = (): void => undefined
    let changed = true
    const onChange = (): void => {
      changed = true
      wake()
    }
    job.watchers.add(onChange)
    signal.addEventListener('abort', onChange)
    try {
      while (!signal.aborted) {
        if (!changed) await new Promise<void>((resolve) => (wake = resolve))
        if (signal.aborted) return
        changed = false
        const view = this.viewOf(job)
        yield view
        // The job may have ended while the reader was busy with this view: it is told of that end as well.
        if (view.endedAt !== null) return
      }
    } finally {
      job.watchers.delete(onChange)
      signal.removeEventListener('abort', onChange)
    }
  }

  /** Stops all jobs. Resolves once none is at work. */
  async close(): Promise<void> {
    this.isClosed = true
    const running = [...this.jobs.values()].filter(isAtWork)
    for (const { id } of running) this.cancel(id)
    await Promise.all(running.map(({ ended }) => ended))
  }

  private async run(job: Job, work: NewJob['work']): Promise<void> {
    const { now, problemOf } = this.options
    try {
      const result = await work({
        ...{ id: job.id, signal: job.stop.signal },
        onProgress: (step) => this.change(job, { step }),
      })
      this.change(job, { ...this.endOf(job, result), endedAt: now() })
    } catch (cause) {
      const state = job.stop.signal.aborted ? 'cancelled' : 'failed'
      this.change(job, { state, ...(state === 'failed' ? { problem: problemOf(cause) } : {}), endedAt: now() })
    }
    this.forgetOldest()
  }

  private endOf(job: Job, result: unknown): Partial<Job> {
    // Work that was told to stop and returns all the same has been left half done, unless it was just ready.
    const state = job.stop.signal.aborted ? 'cancelled' : 'done'
    const bytes = Buffer.byteLength(JSON.stringify(result ?? null))
    if (bytes <= this.options.resultMaxBytes) return { state, result }
    const detail = `the result has ${bytes} bytes and is not kept (admin.jobs.resultMaxBytes is ${this.options.resultMaxBytes}): ask for a smaller range`
    return { state, problem: { type: 'urn:streamvane:problem:result-too-large', title: 'result too large', detail } }
  }

  private change(job: Job, changed: Partial<Job>): void {
    Object.assign(job, changed)
    for (const watcher of job.watchers) watcher()
  }

  private forgetOldest(): void {
    const ended = [...this.jobs.values()].filter((job) => !isAtWork(job))
    for (const { id } of ended.slice(0, Math.max(0, ended.length - this.options.keptMax))) this.jobs.delete(id)
  }

  private viewOf(job: Job): JobView {
    const { id, operation, tenant, by, state, startedAt, endedAt, step, result, problem } = job
    return {
      ...{ id, operation, tenant, by, state, startedAt: isoOf(startedAt) },
      endedAt: endedAt === undefined ? null : isoOf(endedAt),
      progress: step === undefined ? null : progressOf(step, (endedAt ?? this.options.now()) - startedAt),
      ...(result === undefined ? {} : { result }),
      ...(problem === undefined ? {} : { problem }),
    }
  }
}

const isAtWork = ({ state }: Job): boolean => state === 'running' || state === 'cancelling'
