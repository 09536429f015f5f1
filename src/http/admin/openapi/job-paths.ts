import { z } from 'zod'

const at = z.iso.datetime()

/** A job as the API shows it: `JobView` of src/app/jobs/job.ts. */
export const jobSchema = z.object({
  ...{ id: z.uuid(), operation: z.string(), tenant: z.string(), by: z.string() },
  state: z.enum(['running', 'cancelling', 'done', 'failed', 'cancelled', 'interrupted']),
  ...{ startedAt: at, endedAt: at.nullable() },
  progress: z
    .object({
      ...{ done: z.number(), of: z.number().nullable(), unit: z.string() },
      ratePerS: z.number(),
      leftS: z.number().nullable(),
    })
    .nullable(),
  result: z.unknown().optional().describe('as the operation says; only of a job that is done'),
  problem: z.unknown().optional(),
})

const job = { schema: { $ref: '#/components/schemas/Job' } }
const problem = { default: { $ref: '#/components/responses/Problem' } }
const id = [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }]

const one = (operationId: string, summary: string, type = 'application/json', schema: object = job) => ({
  ...{ operationId, summary, parameters: id, tags: ['jobs'] },
  responses: { 200: { description: summary, content: { [type]: schema } }, ...problem },
})

const items = {
  schema: {
    type: 'object',
    required: ['items'],
    properties: { items: { type: 'array', items: { $ref: '#/components/schemas/Job' } } },
  },
}

/** The paths of jobs in the OpenAPI document. Jobs are seen by those who may start them. */
export const jobPaths = {
  '/v1/jobs': {
    get: {
      ...{ operationId: 'listJobs', summary: 'the jobs, newest first, without results', tags: ['jobs'] },
      responses: { 200: { description: 'the jobs', content: { 'application/json': items } }, ...problem },
    },
  },
  '/v1/jobs/{id}': {
    get: one('showJob', 'a job with its progress, and its result once it is done'),
    delete: one('cancelJob', 'tell a job to stop; an ended one stays as it is'),
  },
  '/v1/jobs/{id}/events': {
    get: one('watchJob', 'server-sent events: progress, then ended, each with the job', 'text/event-stream', {
      schema: { type: 'string' },
    }),
  },
}
