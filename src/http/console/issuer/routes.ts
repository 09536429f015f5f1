import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ConsoleCookie } from '../cookie.js'
import type { BeginSession } from '../session-routes.js'
import type { SignInFailure } from '../shapes.js'
import { IssuerSignInFailed, type Issuer } from './issuer.js'
import { LEAVING_MAX_S, seals } from './sealed.js'

export const RETURN_PATH = '/v1/session/issuer/return'

export type IssuerRoutesOptions = Readonly<{
  issuer: Issuer
  /** Bound to `Lax`: the browser comes back from another site. */
  cookie: ConsoleCookie
  tenant: string
  now: () => number
  begin: BeginSession
  onFailed: (failure: SignInFailure, why: string, request: FastifyRequest) => Promise<void>
}>

/**
 * `GET /v1/session/issuer?to=…` sends a browser to the issuer, `…/return` takes it back. Whatever fails leads to the
 * sign-in page, with the reason in its address: a person is looking, and no program.
 */
export const addIssuerRoutes = (app: FastifyInstance, options: IssuerRoutesOptions): void => {
  const { issuer, cookie, tenant, now, begin, onFailed } = options
  const { seal, open } = seals(now)
  const failed = async (request: FastifyRequest, reply: FastifyReply, failure: SignInFailure, why: string) => {
    await onFailed(failure, why, request)
    return reply.redirect(`/console/?sign-in=${failure}`, 303)
  }
  app.get<{ Querystring: { to?: unknown } }>('/v1/session/issuer', async (request, reply) => {
    try {
      const { to, leaving } = await issuer.leave()
      const kept = await seal({ ...leaving, to: ownPage(request.query.to) })
      return await reply.header('set-cookie', cookie.set(request, kept, LEAVING_MAX_S)).redirect(to.href, 303)
    } catch (cause) {
      if (!(cause instanceof IssuerSignInFailed)) throw cause
      return failed(request, reply, cause.failure, cause.message)
    }
  })
  app.get(RETURN_PATH, async (request, reply) => {
    const sealed = cookie.read(request)
    void reply.header('set-cookie', cookie.clear(request))
    const kept = sealed === undefined ? undefined : await open(sealed)
    if (kept === undefined)
      return failed(request, reply, 'overdue', 'this browser brings no sign-in that it began here')
    try {
      const principal = await issuer.arrive(request.url.split('?')[1] ?? '', kept)
      const { roles, tenants, name } = principal
      if (roles.length === 0 || !tenants.includes(tenant))
        return await failed(
          request,
          reply,
          'no-role',
          `${name} has ${roles.length === 0 ? 'no role' : `no access to tenant ${tenant}`}`,
        )
      await begin(principal, request, reply)
      return await reply.redirect(kept.to, 303)
    } catch (cause) {
      if (!(cause instanceof IssuerSignInFailed)) throw cause
      return failed(request, reply, cause.failure, cause.message)
    }
  })
}

/** A page of the console; anything else is its start: nobody is sent elsewhere by a link to us. */
const ownPage = (to: unknown): string => {
  const start = '/console/'
  if (typeof to !== 'string' || to.length > 1_000 || !URL.canParse(to, 'http://console.invalid')) return start
  const { host, pathname, search } = new URL(to, 'http://console.invalid')
  return host === 'console.invalid' && pathname.startsWith(start) ? `${pathname}${search}` : start
}
