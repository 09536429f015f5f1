import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { isAllowed, type Principal } from '../../admin/access/roles.js'
import { notValid, ProblemError } from '../../admin/answers/problem.js'
import { family, granularity, range } from '../../admin/operations/schemas.js'
import type { LiveHub, Subscriber } from './hub.js'

/** A comment keeps proxies, and a page that counts silence as a loss, from giving up while a look takes long. */
const HEARTBEAT_MS = 3_000

export type LiveRouteOptions = Readonly<{
  hub: LiveHub
  tenant: string
  /** Streams that may be open at a time. */
  liveMax: number
  principalOf: (request: FastifyRequest) => Promise<Principal>
  /** Keeps the session of a request in use; `ended` aborts with it. */
  hold: (request: FastifyRequest) => Readonly<{ release: () => void; ended: AbortSignal | undefined }>
  closing: AbortSignal
}>

export const liveQuery = z.strictObject({
  rows: family.optional().describe('tell of the rows of this family as they are published'),
  ...{ granularity: granularity.optional(), ...range },
})

/** `GET /v1/tenants/{tenant}/live`: server-sent events, as src/http/console/shapes.ts has them. */
export const addLiveRoute = (app: FastifyInstance, options: LiveRouteOptions): void => {
  app.get<{ Params: { tenant: string } }>('/v1/tenants/:tenant/live', async (request, reply) => {
    const principal = await options.principalOf(request)
    const { tenant } = request.params
    if (tenant !== options.tenant || !principal.tenants.includes(tenant))
      throw new ProblemError('not-found', `this process serves no tenant ${tenant.slice(0, 100)} to this token`)
    if (!isAllowed(principal, 'figures')) throw new ProblemError('forbidden', 'the live stream takes a role')
    const query = liveQuery.safeParse(request.query)
    if (!query.success) throw notValid(query.error)
    if (options.hub.listening >= options.liveMax)
      throw new ProblemError(
        'not-available',
        `${options.liveMax} live streams are open, as many as may (admin.console.liveMax)`,
        { headers: { 'retry-after': '10' } },
      )
    const { rows, ...others } = query.data
    return stream(request, reply, rows === undefined ? undefined : { family: rows, ...others }, options)
  })
}

const stream = (
  request: FastifyRequest,
  reply: FastifyReply,
  rows: Subscriber['rows'],
  { hub, hold, closing }: LiveRouteOptions,
): FastifyReply => {
  const { raw } = reply
  reply.hijack()
  raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), 'content-type': 'text/event-stream' })
  const { release, ended } = hold(request)
  const heartbeat = setInterval(() => {
    if (!raw.writableNeedDrain) raw.write(': still there\n\n')
  }, HEARTBEAT_MS)
  const unsubscribe = hub.subscribe({
    ...{ rows, last: lastOf(request.headers['last-event-id']) },
    isFree: () => !raw.writableNeedDrain && !raw.destroyed,
    send: (frame) => raw.write(frame),
  })
  const end = (): void => void raw.end()
  for (const signal of [closing, ended]) signal?.addEventListener('abort', end, { once: true })
  raw.once('close', () => {
    clearInterval(heartbeat)
    unsubscribe()
    release()
    for (const signal of [closing, ended]) signal?.removeEventListener('abort', end)
  })
  if (closing.aborted || ended?.aborted === true) end()
  return reply
}

const lastOf = (header: string | string[] | undefined): Subscriber['last'] => {
  const [, generation, revision] = /^([\w.-]{1,100}):(-?\d{1,15})$/.exec(String(header ?? '')) ?? []
  return generation === undefined ? undefined : { generation, revision: Number(revision) }
}
