import type { IncomingHttpHeaders } from 'node:http'
import type { StandInClock } from './clock.js'
import type { Organisation } from './organisation.js'

/** A request that passed the door: its token is valid and its permissions suffice. */
export type Asked = Readonly<{
  method: string
  path: string
  /** What stands in the braces of the route's path. */
  params: Readonly<Record<string, string>>
  query: URLSearchParams
  headers: IncomingHttpHeaders
  text: string
  /** The body as JSON; `undefined` if there is none. */
  json: unknown
  /** The client that the token was issued to. */
  clientId: string
}>

export type Reply = Readonly<{
  status: number
  /** JSON, or text that is sent as it is. */
  body?: unknown
  headers?: Readonly<Record<string, string>>
}>

/** What a route may use. */
export type Site = Readonly<{ organisation: Organisation; clock: StandInClock; url: string }>

export type Route = Readonly<{
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/api/v2/routing/queues/{queueId}`. */
  path: string
  /** All of them are needed. */
  permissions?: readonly string[]
  handle: (asked: Asked, site: Site) => Reply | Promise<Reply>
}>

/** A refusal as the platform words it. */
export const refusal = (status: number, code: string, message: string, more: object = {}): Reply => ({
  status,
  body: { message, code, status, contextId: 'c0ffee00-0000-4000-8000-000000000000', details: [], errors: [], ...more },
})

/** The params of a path that the route's template matches; `undefined` otherwise. */
export const paramsIn = (template: string, path: string): Readonly<Record<string, string>> | undefined => {
  const [wanted, given] = [template.split('/'), path.split('/')]
  if (wanted.length !== given.length) return undefined
  const params: Record<string, string> = {}
  for (const [place, word] of wanted.entries()) {
    const actual = given[place] as string
    if (/^\{.*\}$/.test(word)) params[word.slice(1, -1)] = decodeURIComponent(actual)
    else if (word !== actual) return undefined
  }
  return params
}
