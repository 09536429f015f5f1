import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isoOf, type JobView } from '../../app/jobs/job.js'
import type { Jobs } from '../../app/jobs/jobs.js'
import { readOperations, type RecordedOperation } from '../../app/operations/journal/read-operations.js'
import { ifThere } from '../../log/if-there.js'
import { isAllowed, type Principal } from './access/roles.js'
import { ProblemError } from './answers/problem.js'
import { sendJson } from './answers/sending.js'
import type { AdminProcess, Operation } from './operation.js'

export type JobRoutesOptions = Readonly<{
  process: AdminProcess
  jobs: Jobs
  operations: readonly Operation[]
  principalOf: (request: FastifyRequest) => Promise<Principal>
  /** Ended jobs of earlier processes that are told of. */
  keptMax: number
  /** Aborts when the server closes. */
  closing: AbortSignal
}>

/** A comment keeps proxies from closing a stream of events on which nothing happens. */
const HEARTBEAT_MS = 15_000

/** `/v1/jobs`: a job is shown to, and cancelled by, those who may start it. */
export const addJobRoutes = (app: FastifyInstance, options: JobRoutesOptions): void => {
  const { jobs, principalOf } = options
  app.get('/v1/jobs', async (request, reply) => {
    const principal = await principalOf(request)
    const all = [...jobs.list(), ...(await formerJobs(options))]
    return sendJson(request, reply, 200, { items: all.filter((job) => mayUse(principal, job, options)) })
  })
  app.get<ById>('/v1/jobs/:id', async (request, reply) => sendJson(request, reply, 200, await jobOf(request, options)))
  app.delete<ById>('/v1/jobs/:id', async (request, reply) => {
    const job = await jobOf(request, options)
    return sendJson(request, reply, 200, jobs.cancel(job.id) ?? job)
  })
  app.get<ById>('/v1/jobs/:id/events', async (request, reply) =>
    sendEvents(reply, await jobOf(request, options), options),
  )
}

type ById = { Params: { id: string } }

const jobOf = async (request: FastifyRequest<ById>, options: JobRoutesOptions): Promise<JobView> => {
  const principal = await options.principalOf(request)
  const { id } = request.params
  const job = options.jobs.get(id) ?? (await formerJobs(options)).find((former) => former.id === id)
  if (job === undefined || !mayUse(principal, job, options))
    throw new ProblemError('not-found', `there is no job ${id} for this token; GET /v1/jobs lists those there are`)
  return job
}

const mayUse = (principal: Principal, job: JobView, { operations }: JobRoutesOptions): boolean => {
  const operation = operations.find(({ id }) => id === job.operation)
  return operation !== undefined && principal.tenants.includes(job.tenant) && isAllowed(principal, operation.access)
}

/** Jobs that processes before this one have run, as the audit log knows them. Their results are gone. */
const formerJobs = async ({ process, jobs, keptMax }: JobRoutesOptions): Promise<readonly JobView[]> => {
  const { tenant } = process.config
  const control = await ifThere(() => process.logs.control('reader'))
  if (control === undefined) return []
  return (await readOperations(control, tenant))
    .filter(({ id, details }) => details?.['job'] === true && jobs.get(id) === undefined)
    .reverse()
    .slice(0, keptMax)
    .map((recorded) => formerJob(recorded, tenant))
}

const formerJob = ({ id, details, by, began, ended, result }: RecordedOperation, tenant: string): JobView => ({
  ...{
    id,
    operation: typeof details?.['call'] === 'string' ? details['call'] : '',
    tenant,
    by,
    startedAt: began,
    endedAt: ended ?? null,
  },
  state: stateOf(result),
  progress: null,
})

const stateOf = (result: RecordedOperation['result']): JobView['state'] => {
  switch (result) {
    case 'done':
      return 'done'
    case 'stopped':
      return 'cancelled'
    case 'failed':
    case 'refused':
      return 'failed'
    case 'running': // another living process runs it
      return 'running'
    case 'unknown':
      return 'interrupted'
  }
}

/** Server-sent events: `progress` with the job whenever it changes, then `ended` with its result. */
const sendEvents = async (
  reply: FastifyReply,
  job: JobView,
  { jobs, closing }: JobRoutesOptions,
): Promise<FastifyReply> => {
  const gone = new AbortController()
  const { raw } = reply
  raw.once('close', () => gone.abort())
  reply.hijack()
  raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), 'content-type': 'text/event-stream' })
  const heartbeat = setInterval(() => raw.write(': still there\n\n'), HEARTBEAT_MS)
  const say = (view: JobView): void => {
    raw.write(`event: ${view.endedAt === null ? 'progress' : 'ended'}\ndata: ${JSON.stringify(view)}\n\n`)
  }
  try {
    if (jobs.get(job.id) === undefined) say({ ...job, endedAt: job.endedAt ?? isoOf(Date.parse(job.startedAt)) })
    for await (const view of jobs.watch(job.id, AbortSignal.any([gone.signal, closing]))) {
      say(view)
      await drained(reply, gone.signal)
    }
  } finally {
    clearInterval(heartbeat)
    raw.end()
  }
  return reply
}

/** Resolves when the caller has taken what was written: a slow one gets fewer events, not a growing queue. */
const drained = ({ raw }: FastifyReply, gone: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (!raw.writableNeedDrain || gone.aborted) return resolve()
    raw.once('drain', resolve)
    gone.addEventListener('abort', () => resolve(), { once: true })
  })
