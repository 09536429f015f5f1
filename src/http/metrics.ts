import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isLoopback } from '../app/config/runnable.js'
import type { Secret } from '../credentials/secret.js'
import { contentTypes, exposition, formatFor } from '../telemetry/metrics/exposition.js'
import type { Meters } from '../telemetry/metrics/meters.js'
import { refusal } from './answer.js'
import { bearerCheck } from './bearer.js'

/** The metrics of this process, and who may read them. */
export type MetricsPage = Readonly<{
  path: string
  meters: Meters
  /** Whoever reads has to send it, from this machine too. */
  token?: Secret | undefined
  /** Without a token, anyone who can connect may read. */
  isForAnyone: boolean
}>

/**
 * `GET /metrics`, in OpenMetrics form or the text format of Prometheus, as the reader accepts. A token that is configured
 * has to be sent. Without one, a server that listens to this machine alone answers everybody, and one that listens to
 * more refuses (401), unless the configuration lets anyone read. `orElse` may let a reader in all the same.
 */
export const addMetricsRoute = (
  app: FastifyInstance,
  page: MetricsPage | undefined,
  host: string,
  orElse?: (request: FastifyRequest) => Promise<unknown>,
): void => {
  if (page === undefined) return
  const { path, meters, token, isForAnyone } = page
  const isOpen = token === undefined && (isForAnyone || isLoopback(host))
  app.get(path, async (request, reply): Promise<FastifyReply> => {
    const { authorization } = request.headers
    const isLetIn = isOpen || (token !== undefined && bearerCheck(token.read())(authorization))
    // The API of an operator asks for its own tokens then, and throws its own refusal.
    if (!isLetIn && orElse !== undefined && authorization !== undefined) await orElse(request)
    else if (!isLetIn) return reply.code(refused.status).headers(refused.headers).send(refused.body)
    const format = formatFor(request.headers.accept)
    const text = exposition(await meters.read(), format)
    return reply.header('content-type', contentTypes[format]).header('cache-control', 'no-store').send(text)
  })
}

const refused = refusal(
  401,
  'unauthorized',
  'metrics are read with the token of telemetry.metrics.token, as Authorization: Bearer <token>; or set telemetry.metrics.access to anyone',
  { headers: { 'www-authenticate': 'Bearer realm="streamvane"' } },
)
