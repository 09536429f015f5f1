import type { FastifyRequest } from 'fastify'
import { ProblemError } from '../admin/answers/problem.js'

/** A page of another origin cannot send it without a preflight, which this server answers to nobody. */
export const CONSOLE_HEADER = 'x-streamvane-console'

/**
 * Lets a request pass that its own page makes. SameSite=Strict keeps the cookie from other sites, but all ports of a
 * host are one site: another program on localhost could use the session. So the browser must say that the request comes
 * from our own origin, and what changes something must bear a header that only our own script can set. Throws
 * `ProblemError` (forbidden).
 */
export const assertSameOrigin = ({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>): void => {
  const site = headers['sec-fetch-site']
  const isRead = method === 'GET'
  // `none`: the user typed the address, or followed a bookmark.
  if (site !== undefined ? site !== 'same-origin' && !(isRead && site === 'none') : !isSameHost(headers))
    throw new ProblemError('forbidden', 'a session is for requests of its own page only')
  if (!isRead && headers[CONSOLE_HEADER] === undefined)
    throw new ProblemError('forbidden', `what changes something by a session bears the header ${CONSOLE_HEADER}`)
}

/** Of browsers that do not send Sec-Fetch-Site. A request without an origin is no cross-origin request. */
const isSameHost = ({ origin, host }: FastifyRequest['headers']): boolean =>
  origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)
