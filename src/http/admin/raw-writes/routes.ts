import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Principal } from '../access/roles.js'
import { notValid, ProblemError } from '../answers/problem.js'
import { sendJson } from '../answers/sending.js'
import type { AdminProcess } from '../operation.js'
import { appendsWire, erasureWire, fromWire, resultToWire } from './wire.js'

/** An event of 16 MiB in base64, and what is around it. */
const BODY_MAX_BYTES = 32 * 1024 * 1024

/**
 * `/v1/raw/…`: what a command on this machine would write to the raw log itself, if this process did not hold it. It is
 * no part of the API: only the token in the data folder opens it, and whoever has that could write the log without us.
 * The command records its operation in the audit log, as always.
 */
export const addRawWriteRoutes = (
  app: FastifyInstance,
  { config: { tenant }, rawWriter }: AdminProcess,
  principalOf: (request: FastifyRequest) => Promise<Principal>,
): void => {
  const options = {
    bodyLimit: BODY_MAX_BYTES,
    onRequest: async (request: FastifyRequest): Promise<void> => {
      if ((await principalOf(request)).kind !== 'local')
        throw new ProblemError('not-found', 'nothing is at this path for this token')
    },
  }
  const ofTenant = (stream: string): string => {
    if (stream.startsWith(`${tenant}.`)) return stream
    throw new ProblemError('not-valid', `${stream} is no stream of tenant ${tenant}, which this process serves`)
  }
  app.post('/v1/raw/appends', options, async (request, reply) => {
    const appends = fromWire(parsed(appendsWire, request.body))
    for (const { stream } of appends) ofTenant(stream)
    const raw = await rawWriter()
    return sendJson(request, reply, 200, { results: (await raw.append(appends)).map(resultToWire) })
  })
  app.post('/v1/raw/erasures', options, async (request, reply) => {
    const { stream } = parsed(erasureWire, request.body)
    const raw = await rawWriter()
    return sendJson(request, reply, 200, resultToWire(await raw.erase(ofTenant(stream))))
  })
}

const parsed = <T extends z.ZodType>(schema: T, body: unknown): z.output<T> => {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw notValid(result.error)
}
