import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AdminConfig } from '../../app/config/admin-schema.js'
import { ifThere } from '../../log/if-there.js'
import type { Principal } from '../admin/access/roles.js'
import type { Audit, AuditedCall } from '../admin/audit.js'
import { callerOf } from '../admin/calls.js'
import type { AdminProcess } from '../admin/operation.js'
import { consoleCookie } from './cookie.js'
import { addConsoleFiles } from './files.js'
import { FlowLooks } from './live/flow.js'
import { LiveHub } from './live/hub.js'
import { addLiveRoute } from './live/route.js'
import { assertSameOrigin } from './same-origin.js'
import { addSessionRoutes, notSignedIn } from './session-routes.js'
import { Sessions } from './sessions.js'

export type ConsoleOptions = Readonly<{
  settings: Pick<AdminConfig, 'console' | 'oidc'>
  process: AdminProcess
  audit: Audit
  /** Nothing can be changed by way of this server. */
  isReadOnly: boolean
  /** Who a token is for. */
  byToken: (request: FastifyRequest) => Promise<Principal>
  closing: AbortSignal
  /** Default: `dist/console`. */
  folder?: string
}>

/** The console of an admin API: its files, its sessions, and what it is told live. */
export type Console = Readonly<{
  /** Who has signed in with the cookie of a request; `undefined` where there is none. Throws `ProblemError`. */
  principalOf: (request: FastifyRequest) => Principal | undefined
  /** A code for the address that signs somebody in. */
  newCode: (principal: Principal) => string
}>

const OVERDUE_LOOK_MS = 30_000

export const addConsole = async (app: FastifyInstance, options: ConsoleOptions): Promise<Console> => {
  const { settings, process, audit, isReadOnly, byToken, closing, folder } = options
  const { config, logs, logger, now, version } = process
  const { idleMaxS, sessionMaxS, sessionsMax, liveMax, address } = settings.console
  const limits = { idleMaxMs: idleMaxS * 1_000, sessionMaxMs: sessionMaxS * 1_000, sessionsMax }
  const sessions = new Sessions(limits, now)
  const port = () => (app.server.address() as Readonly<{ port: number }>).port
  const cookie = consoleCookie('session', 'Strict', port)
  const overdue = setInterval(() => sessions.endOverdue(), OVERDUE_LOOK_MS).unref()
  closing.addEventListener('abort', () => {
    clearInterval(overdue)
    sessions.endAll()
  })
  const principalOf: Console['principalOf'] = (request) => {
    const id = cookie.read(request)
    if (id === undefined) return undefined
    assertSameOrigin(request)
    const session = sessions.use(id)
    if (session === undefined) throw notSignedIn()
    return session.principal
  }
  const { oidc } = settings
  const signIn = address === undefined ? undefined : oidc?.signIn
  const signInBy = (by: Pick<AuditedCall, 'by' | 'via'>, from: string): AuditedCall => ({
    ...{ ...by, operation: 'console sign-in', why: undefined, details: { from } },
  })
  const begin = addSessionRoutes(app, {
    ...{ sessions, cookie, byToken, isReadOnly, version, idleMaxS, now, tenant: config.tenant },
    issuer: signIn === undefined ? undefined : oidc?.issuer,
    onBegun: async (principal, request) => {
      const { kind, name } = principal
      logger.info({ kind, name, from: request.ip }, 'console: somebody signed in')
      // Whoever looks into a trouble of the log must be able to sign in while it lasts.
      await audit
        .read(signInBy(callerOf(principal, request), request.ip))
        .catch((cause: unknown) => logger.warn({ err: cause, name }, 'console: a sign-in could not be recorded'))
    },
  })
  if (oidc !== undefined && signIn !== undefined) {
    // What speaks to an issuer takes a tenth of a second to load, and few have one.
    const [{ issuerOf }, { addIssuerRoutes, RETURN_PATH }] = await Promise.all([
      import('./issuer/issuer.js'),
      import('./issuer/routes.js'),
    ])
    addIssuerRoutes(app, {
      issuer: issuerOf({ ...oidc, signIn }, `${address ?? ''}${RETURN_PATH}`, now),
      ...{ cookie: consoleCookie('sign-in', 'Lax', port), tenant: config.tenant, now, begin },
      onFailed: async (failure, why, { ip }) => {
        logger.warn({ failure, why, from: ip }, 'console: a sign-in at the issuer failed')
        await audit.refuse(signInBy({ by: 'nobody', via: 'api' }, ip), failure)
      },
    })
  }
  const looks = new FlowLooks(process, isReadOnly)
  const hub = new LiveHub({
    ...{ tenant: config.tenant, logger },
    flow: () => looks.look(),
    kpi: (generation) => ifThere(() => logs.kpi(generation, 'reader')),
  })
  addLiveRoute(app, {
    ...{ hub, tenant: config.tenant, liveMax, closing },
    principalOf: async (request) =>
      (request.headers.authorization === undefined ? principalOf(request) : undefined) ?? (await byToken(request)),
    hold: (request) => {
      const id = request.headers.authorization === undefined ? cookie.read(request) : undefined
      const session = id === undefined ? undefined : sessions.use(id)
      return { release: id === undefined ? () => undefined : sessions.hold(id), ended: session?.ended }
    },
  })
  await addConsoleFiles(app, folder)
  return { principalOf, newCode: (principal) => sessions.newCode(principal) }
}
