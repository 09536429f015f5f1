import type { StandInClock } from './clock.js'
import { refusal, type Asked, type Reply, type Route } from './route.js'

/** A record of an answer: a conversation, or the states of a user. */
type Found = Readonly<Record<string, unknown>>

type Job = { readonly id: string; readonly of: JobKind; readonly records: readonly Found[]; polls: number }
type JobKind = 'conversations' | 'users'

/** What the data lake holds: asked anew by each job. `asOf`: through when its data is there. */
export type Lake = Readonly<{
  conversations: (from: number, to: number, asOf: number) => readonly Found[]
  users: (from: number, to: number, asOf: number) => readonly Found[]
}>

/**
 * The jobs of the details queries (developer.genesys.cloud/analyticsdatamanagement/analytics/jobs): a query is posted,
 * its state is asked for until it is FULFILLED, and its results come in pages that a cursor leads to. The lake lags
 * behind: `availableThrough` says through when its data is whole. A job that was made is kept for a while, and its
 * results stay those of the moment when it was made.
 */
export class StandInJobs {
  readonly #jobs = new Map<string, Job>()
  readonly #lake: Lake
  readonly #clock: StandInClock
  /** How far behind the clock the lake is. */
  lagMs = 0
  /** Asks for its state until a job is fulfilled. */
  pollsMin = 2
  pageMax = 1_000
  /** The next job fails. */
  failNext = false
  #count = 0

  constructor(clock: StandInClock, lake: Lake) {
    this.#clock = clock
    this.#lake = lake
  }

  get availableThrough(): number {
    return this.#clock.now() - this.lagMs
  }

  /** Jobs are forgotten, as after their day. */
  forgetJobs(): void {
    this.#jobs.clear()
  }

  get routes(): readonly Route[] {
    return (['conversations', 'users'] as const).flatMap((of): readonly Route[] => {
      const permissions = [of === 'conversations' ? 'analytics:conversationDetail:view' : 'analytics:userDetail:view']
      const path = `/api/v2/analytics/${of}/details/jobs`
      const known =
        (handle: (job: Job, asked: Asked) => Reply): Route['handle'] =>
        (asked) => {
          const job = this.#jobs.get(asked.params['jobId'] ?? '')
          return job?.of === of ? handle(job, asked) : refusal(404, 'not.found', 'There is no such job')
        }
      return [
        {
          ...{ method: 'GET', path: `${path}/availability`, permissions },
          handle: () => ({
            status: 200,
            body: { dataAvailabilityDate: new Date(this.availableThrough).toISOString() },
          }),
        },
        { method: 'POST', path, permissions, handle: (asked) => this.#create(of, asked) },
        { ...{ method: 'GET', path: `${path}/{jobId}`, permissions }, handle: known((job) => this.#state(job)) },
        {
          ...{ method: 'GET', path: `${path}/{jobId}/results`, permissions },
          handle: known((job, asked) => this.#results(job, asked)),
        },
      ]
    })
  }

  #create(of: JobKind, { json }: Asked): Reply {
    const { interval } = json as Readonly<{ interval?: string }>
    const [from = NaN, to = NaN] = (interval ?? '').split('/').map((text) => Date.parse(text))
    if (!(from < to)) return refusal(400, 'bad.request', `interval ${interval} is no interval`)
    const job: Job = {
      ...{ id: `job-${(this.#count += 1)}`, of, polls: 0 },
      records: this.#lake[of](from, to, this.availableThrough),
    }
    this.#jobs.set(job.id, job)
    return { status: 202, body: { jobId: job.id } }
  }

  #state(job: Job): Reply {
    job.polls += 1
    if (this.failNext) {
      this.failNext = false
      return { status: 200, body: { state: 'FAILED', errorMessage: 'the query could not be carried out' } }
    }
    const state = job.polls > this.pollsMin ? 'FULFILLED' : job.polls === 1 ? 'QUEUED' : 'PENDING'
    return { status: 200, body: { state, submissionDate: new Date(this.#clock.now()).toISOString() } }
  }

  #results({ id, of, records, polls }: Job, { query }: Asked): Reply {
    if (polls <= this.pollsMin) return refusal(400, 'not.fulfilled', 'The job is not fulfilled')
    const size = Math.min(Number(query.get('pageSize') ?? 100), this.pageMax)
    const cursor = query.get('cursor')
    const [, job, at] = /^(.*)@(\d+)$/.exec(cursor ?? `${id}@0`) ?? []
    if (job !== id) return refusal(400, 'invalid.cursor', 'The cursor is of another job')
    const from = Number(at)
    const page = records.slice(from, from + size)
    return {
      status: 200,
      body: {
        ...(page.length === 0 ? {} : { [of === 'conversations' ? 'conversations' : 'userDetails']: page }),
        ...(from + size < records.length ? { cursor: `${id}@${from + size}` } : {}),
        dataAvailabilityDate: new Date(this.availableThrough).toISOString(),
      },
    }
  }
}
