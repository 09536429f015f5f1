import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isLoopback } from '../app/config/runnable.js'
import { SecretUnreadable, type Secret } from '../credentials/secret.js'
import { contentTypes, exposition, formatFor } from '../telemetry/metrics/exposition.js'
import type { Meters } from '../telemetry/metrics/meters.js'
import { refusal, type Answer } from './answer.js'
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
 * more refuses (401), unless the configuration lets anyone read. While the token cannot be read nobody is let in (503).
 * `orElse` may let a reader in all the same.
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
    const problem = isOpen ? undefined : problemWith(authorization, token)
    // The API of an operator asks for its own tokens then, and throws its own refusal.
    if (problem !== undefined && orElse !== undefined && authorization !== undefined) await orElse(request)
    else if (problem !== undefined) return reply.code(problem.status).headers(problem.headers).send(problem.body)
    const format = formatFor(request.headers.accept)
    const text = exposition(await meters.read(), format)
    return reply.header('content-type', contentTypes[format]).header('cache-control', 'no-store').send(text)
  })
}

/** Why a reader that sends this is not let in. The token is read anew, because its file may have been replaced. */
const problemWith = (authorization: string | undefined, token: Secret | undefined): Answer | undefined => {
  try {
    return token !== undefined && bearerCheck(token.read())(authorization) ? undefined : refused
  } catch (cause) {
    if (cause instanceof SecretUnreadable) return unreadable
    throw cause
  }
}

const unreadable = refusal(
  503,
  'not-available',
  'the file of telemetry.metrics.token cannot be read now, so nobody is let in: put it back where the configuration says',
)

const refused = refusal(
  401,
  'unauthorized',
  'metrics are read with the token of telemetry.metrics.token, as Authorization: Bearer <token>; or set telemetry.metrics.access to anyone',
  { headers: { 'www-authenticate': 'Bearer realm="streamvane"' } },
)
