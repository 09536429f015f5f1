import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MachineClock, type StandInClock } from './clock.js'
import { breakOff, Misbehaviours, type Misbehaviour } from './misbehaviour.js'
import { emptyOrganisation, type Organisation } from './organisation.js'
import { paramsIn, refusal, type Asked, type Reply, type Route } from './route.js'
import { listRoutes } from './routes/lists.js'
import { Tokens } from './routes/oauth.js'

/** A request that was answered; `status` is 0 for one whose connection broke. */
export type Seen = Readonly<{ what: string; query: string; status: number; at: number }>

export type StandIn = Readonly<{
  /** Base address of API and login host. */
  url: string
  organisation: Organisation
  clock: StandInClock
  tokens: Tokens
  misbehaviours: Misbehaviours
  /** All requests in the order of their answers. */
  seen: readonly Seen[]
  /** How many requests were answered whose method and path match. */
  count: (what: RegExp) => number
  /** For routes that upgrade the connection. */
  server: Server
  close: () => Promise<void>
}>

export type StandInOptions = Readonly<{
  organisation?: Organisation
  clock?: StandInClock
  /** Routes beside those of lists and token, asked first. */
  routes?: readonly Route[]
  /** Requests a minute and token; the platform allows 300. */
  perMinute?: number
}>

const MINUTE_MS = 60_000

/**
 * Stands in for the platform API and the login host of a region, written from developer.genesys.cloud. It issues tokens,
 * counts requests by token and minute, checks permissions, answers what the organisation holds, and misbehaves on
 * command.
 */
export const standInGenesys = async (options: StandInOptions = {}): Promise<StandIn> => {
  const { organisation = emptyOrganisation(), clock = new MachineClock(), perMinute = 300 } = options
  const routes = [...(options.routes ?? []), ...listRoutes]
  const tokens = new Tokens(clock)
  const misbehaviours = new Misbehaviours()
  const seen: Seen[] = []
  const windows = new Map<string, { from: number; count: number }>()
  let url = ''

  /** The platform's headers tell the limit, the count in this minute, and the seconds until it begins anew. */
  const counted = (
    token: string,
  ): Readonly<{ headers: Readonly<Record<string, string>>; leftS: number; isOver: boolean }> => {
    const now = clock.now()
    let window = windows.get(token)
    if (window === undefined || now >= window.from + MINUTE_MS) windows.set(token, (window = { from: now, count: 0 }))
    window.count += 1
    const leftS = Math.ceil((window.from + MINUTE_MS - now) / 1_000)
    const headers = {
      'inin-ratelimit-allowed': String(perMinute),
      'inin-ratelimit-count': String(Math.min(window.count, perMinute)),
      'inin-ratelimit-reset': String(leftS),
    }
    return { headers, leftS, isOver: window.count > perMinute }
  }

  const replyTo = async (request: IncomingMessage, text: string): Promise<Reply> => {
    const { pathname, searchParams } = new URL(request.url ?? '', url)
    const { method = 'GET', headers } = request
    if (method === 'POST' && pathname === '/oauth/token')
      return tokens.issue(headers.authorization, new URLSearchParams(text), organisation)
    const bearer = tokens.valid(headers.authorization)
    if (bearer === undefined) return refusal(401, 'bad.credentials', 'Invalid login credentials.')
    const limit = counted(bearer.token)
    if (limit.isOver)
      return {
        ...refusal(
          429,
          'too.many.requests.retry.after',
          `Rate limit exceeded the maximum. Retry the request in [${limit.leftS}] seconds`,
        ),
        headers: { ...limit.headers, 'retry-after': String(limit.leftS) },
      }
    for (const route of routes) {
      const params = route.method === method ? paramsIn(route.path, pathname) : undefined
      if (params === undefined) continue
      const missing = (route.permissions ?? []).filter((each) => !organisation.permissions.has(each))
      if (missing.length > 0)
        return refusal(
          403,
          'missing.permissions',
          `Unable to perform the requested action. You are missing the following permission(s): ${missing.join(', ')}`,
          { messageParams: { permissions: `[${missing.join(', ')}]` } },
        )
      const asked: Asked = {
        ...{ method, path: pathname, params, query: searchParams, headers, text },
        json: text === '' ? undefined : JSON.parse(text),
        clientId: bearer.clientId,
      }
      const reply = await route.handle(asked, { organisation, clock, url })
      return { ...reply, headers: { ...limit.headers, ...reply.headers } }
    }
    return refusal(404, 'not.found', `There is no ${method} ${pathname}`)
  }

  const handle = async (request: IncomingMessage, response: ServerResponse, text: string): Promise<void> => {
    const { pathname, search } = new URL(request.url ?? '', url)
    const what = `${request.method ?? ''} ${pathname}`
    const saw = (status: number): void => void seen.push({ what, query: search, status, at: clock.now() })
    const wrong = misbehaviours.next(what)
    if (wrong?.kind === 'drop' && wrong.when === 'before') {
      saw(0)
      return void request.socket.destroy()
    }
    const reply = wrong?.kind === 'answer' ? wrong : altered(await replyTo(request, text), wrong)
    if (wrong?.kind === 'hold') await wrong.release
    const body =
      typeof reply.body === 'string' ? reply.body : reply.body === undefined ? '' : JSON.stringify(reply.body)
    saw(wrong?.kind === 'drop' || wrong?.kind === 'break-off' ? 0 : reply.status)
    if (wrong?.kind === 'drop') return void request.socket.destroy()
    if (wrong?.kind === 'break-off') return breakOff(response, body)
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
    response.end(body)
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => void handle(request, response, Buffer.concat(chunks).toString()))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ...{ url, organisation, clock, tokens, misbehaviours, seen, server },
    count: (what) => seen.filter((each) => what.test(each.what)).length,
    close: async () => {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

const altered = (reply: Reply, wrong: Misbehaviour | undefined): Reply =>
  wrong?.kind === 'alter' ? { ...reply, body: wrong.by(reply.body) } : reply
