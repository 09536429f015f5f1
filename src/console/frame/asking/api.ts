import { failureOf, type Answer, type Failure } from './answers.js'

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>

/** The server takes changes by cookie only with this header, which no other site can send. */
const OURS = { 'x-streamvane-console': '1' } as const

/** A page of a list of the admin API. */
export type Page<T> = Readonly<{ items: readonly T[]; next: string | null }>

export type Api = Readonly<{
  /** A call below `/v1/tenants/{tenant}`. */
  get: <T>(path: string, query?: Query, signal?: AbortSignal) => Promise<Answer<T>>
  /** `key`: a call that is sent again with it gets the same answer, and is done once. */
  post: <T>(path: string, body?: unknown, signal?: AbortSignal, key?: string) => Promise<Answer<T>>
  /** All items of a list, page by page, up to `max`; `next` says whether there are more. */
  list: <T>(path: string, query?: Query, options?: ListOptions) => Promise<Answer<Page<T>>>
  /** A call below `/v1`: the session, jobs. */
  call: <T>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answer<T>>
  /** The answer of a stream of events below `/v1`, before anything of it is read. */
  events: (path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<Answer<Response>>
  /** The full address of a call below `/v1/tenants/{tenant}`: for downloads. */
  addressOf: (path: string, query?: Query) => string
}>

export type ListOptions = Readonly<{ max?: number; signal?: AbortSignal }>

const LIST_MAX = 5_000
const PAGE_LIMIT = 500

const searchOf = (query: Query): string => {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value == null || value === '' ? [] : [[name, String(value)] as [string, string]],
  )
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`
}

/** @param onSignedOut is told when a call finds that the session has ended. */
export const apiOf = (tenantOf: () => string | undefined, onSignedOut: () => void): Api => {
  const fetched = async (path: string, init: RequestInit): Promise<Answer<Response>> => {
    let response: Response
    try {
      response = await fetch(path, init)
    } catch {
      return failed({ kind: 'unreachable' })
    }
    if (response.ok) return { ok: true, value: response }
    const failure = failureOf(response.status, await response.json().catch(() => undefined))
    if (failure.kind === 'signed-out') onSignedOut()
    return failed(failure)
  }
  const sent = async <T>(
    method: string,
    path: string,
    {
      body,
      signal,
      headers: more = {},
    }: Readonly<{ body?: unknown; signal?: AbortSignal | undefined; headers?: Readonly<Record<string, string>> }>,
  ): Promise<Answer<T>> => {
    const headers: Record<string, string> = { accept: 'application/json', ...more }
    if (method !== 'GET') Object.assign(headers, OURS)
    if (body !== undefined) headers['content-type'] = 'application/json'
    const answer = await fetched(path, {
      ...{ method, headers, signal: signal ?? null },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!answer.ok) return answer
    try {
      const text = await answer.value.text()
      return { ok: true, value: (text === '' ? undefined : JSON.parse(text)) as T }
    } catch {
      return failed({ kind: 'unreadable', status: answer.value.status })
    }
  }
  const addressOf = (path: string, query: Query = {}): string =>
    `/v1/tenants/${encodeURIComponent(tenantOf() ?? '')}${path}${searchOf(query)}`
  const get = <T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Answer<T>> =>
    sent('GET', addressOf(path, query), { signal })
  return {
    get,
    post: (path, body = {}, signal, key) =>
      sent('POST', addressOf(path), { body, signal, headers: key === undefined ? {} : { 'idempotency-key': key } }),
    list: async <T>(path: string, query: Query = {}, { max = LIST_MAX, signal }: ListOptions = {}) => {
      const items: T[] = []
      let cursor: string | null = null
      do {
        const limit = Math.min(PAGE_LIMIT, max - items.length)
        const page: Answer<Page<T>> = await get(path, { ...query, limit, cursor }, signal)
        if (!page.ok) return page
        items.push(...page.value.items)
        cursor = page.value.next
      } while (cursor !== null && items.length < max)
      return { ok: true, value: { items, next: cursor } }
    },
    call: (method, path, body, headers = {}) => sent(method, `/v1${path}`, { body, headers }),
    events: (path, headers, signal) =>
      fetched(`/v1${path}`, { headers: { accept: 'text/event-stream', ...headers }, signal }),
    addressOf,
  }
}

const failed = (failure: Failure): Readonly<{ ok: false; failure: Failure }> => ({ ok: false, failure })
