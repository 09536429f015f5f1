import type { ServerResponse } from 'node:http'

/** What the stand-in does in place of its answer, or to it. */
export type Misbehaviour =
  | Readonly<{ kind: 'answer'; status: number; body?: unknown; headers?: Readonly<Record<string, string>> }>
  /** The connection breaks before anything is answered; `after`: the request was carried out. */
  | Readonly<{ kind: 'drop'; when: 'before' | 'after' }>
  /** The connection breaks in the middle of the body. */
  | Readonly<{ kind: 'break-off' }>
  /** The answer is held until `release` resolves. */
  | Readonly<{ kind: 'hold'; release: Promise<unknown> }>
  /** The answer is altered. */
  | Readonly<{ kind: 'alter'; by: (body: unknown) => unknown }>

type Planned = { readonly at: (what: string) => boolean; left: number; readonly does: Misbehaviour }

/** What the stand-in is told to do wrong. `what` of a request is its method and path: `GET /api/v2/users`. */
export class Misbehaviours {
  #planned: Planned[] = []

  /** At the next `times` requests that match. */
  plan(at: RegExp | ((what: string) => boolean), does: Misbehaviour, times = 1): void {
    this.#planned.push({ at: typeof at === 'function' ? at : (what) => at.test(what), left: times, does })
  }

  /** Takes back what is planned and has not happened. */
  clear(): void {
    this.#planned = []
  }

  next(what: string): Misbehaviour | undefined {
    const planned = this.#planned.find(({ at, left }) => left > 0 && at(what))
    if (planned === undefined) return undefined
    planned.left -= 1
    return planned.does
  }
}

/** 429 as the platform answers it. */
export const tooManyRequests = (retryAfterS: number): Misbehaviour => ({
  kind: 'answer',
  status: 429,
  headers: { 'retry-after': String(retryAfterS) },
  body: {
    message: `Rate limit exceeded the maximum. Retry the request in [${retryAfterS}] seconds`,
    code: 'too.many.requests.retry.after',
    status: 429,
    contextId: 'c0ffee00-0000-4000-8000-000000000000',
    details: [],
    errors: [],
  },
})

/** Sends a part of the body that was announced, then breaks the connection. */
export const breakOff = (response: ServerResponse, text: string): void => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) + 1 })
  response.write(text.slice(0, Math.max(1, text.length >> 1)), () => response.destroy())
}
