import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Principal } from '../admin/access/roles.js'
import { notValid, ProblemError } from '../admin/answers/problem.js'
import { sendJson } from '../admin/answers/sending.js'
import type { ConsoleCookie } from './cookie.js'
import { assertSameOrigin } from './same-origin.js'
import type { Session, Sessions } from './sessions.js'
import type { SessionView, SignInWays } from './shapes.js'

export type SessionRoutesOptions = Readonly<{
  sessions: Sessions
  cookie: ConsoleCookie
  byToken: (request: FastifyRequest) => Promise<Principal>
  onBegun: (principal: Principal, request: FastifyRequest) => Promise<void>
  /** The issuer at which people may sign in. */
  issuer: string | undefined
  tenant: string
  isReadOnly: boolean
  version: string
  idleMaxS: number
  now: () => number
}>

const bodySchema = z.strictObject({ code: z.string().min(1).max(200).optional() }).nullish()
const BODY_MAX_BYTES = 1_024

/** Begins a session for somebody; the answer bears its cookie. */
export type BeginSession = (principal: Principal, request: FastifyRequest, reply: FastifyReply) => Promise<Session>

/**
 * `/v1/session`: a token or a one-time code is exchanged for a cookie, so that no script ever holds either. Returns how
 * other ways of signing in begin a session.
 */
export const addSessionRoutes = (app: FastifyInstance, options: SessionRoutesOptions): BeginSession => {
  const { sessions, cookie, byToken, onBegun, now, issuer = null } = options
  const begin: BeginSession = async (principal, request, reply) => {
    // A browser that signs in again does not leave a session behind.
    const former = cookie.read(request)
    if (former !== undefined) sessions.end(former)
    const { id, session } = sessions.begin(principal)
    await onBegun(principal, request)
    void reply.header('set-cookie', cookie.set(request, id, Math.ceil((session.endsAt - now()) / 1_000)))
    return session
  }
  app.get('/v1/session/ways', (request, reply) => {
    const ways: SignInWays = { issuer }
    return sendJson(request, reply, 200, ways)
  })
  app.post('/v1/session', { bodyLimit: BODY_MAX_BYTES }, async (request, reply) => {
    assertSameOrigin(request)
    const body = bodySchema.safeParse(request.body)
    if (!body.success) throw notValid(body.error)
    const code = body.data?.code
    const principal = code === undefined ? await byToken(request) : sessions.takeCode(code)
    if (principal === undefined)
      throw new ProblemError(
        'unauthorized',
        'this address was used, or is more than a minute old: sign in with a token, or start the command again',
      )
    if (!principal.tenants.includes(options.tenant))
      throw new ProblemError('forbidden', `this process serves tenant ${options.tenant}, which this token is not for`)
    return sendJson(request, reply, 200, viewOf(await begin(principal, request, reply), options))
  })
  app.get('/v1/session', async (request, reply) => {
    assertSameOrigin(request)
    const id = cookie.read(request)
    const session = id === undefined ? undefined : sessions.use(id)
    if (session === undefined) throw notSignedIn()
    return sendJson(request, reply, 200, viewOf(session, options))
  })
  app.delete('/v1/session', async (request, reply) => {
    assertSameOrigin(request)
    const id = cookie.read(request)
    if (id !== undefined) sessions.end(id)
    return reply.code(204).header('set-cookie', cookie.clear(request)).send()
  })
  return begin
}

export const notSignedIn = (): ProblemError =>
  new ProblemError('unauthorized', 'nobody is signed in, or the session is over: sign in again')

const viewOf = (
  { principal: { kind, name, roles }, endsAt }: Session,
  { tenant, isReadOnly, version, idleMaxS }: SessionRoutesOptions,
): SessionView => ({
  ...{ kind, name, roles, tenant, isReadOnly, version, idleMaxS },
  endsAt: new Date(endsAt).toISOString(),
})
