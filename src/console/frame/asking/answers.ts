/** How a call of the admin API ended. A failure is a value: every page shows it. */
export type Answer<T> = Readonly<{ ok: true; value: T }> | Readonly<{ ok: false; failure: Failure }>

/** Problem details (RFC 9457) as the admin API answers them. */
export type Problem = Readonly<{
  type?: string
  title: string
  status?: number
  detail?: string
  instance?: string
  errors?: readonly Readonly<{ at: string; message: string }>[]
}>

/**
 * - `problem`: the API refused, and says why.
 * - `signed-out`: the session has ended, or there is none.
 * - `unreachable`: no answer came; the process, or the network, is away.
 * - `unreadable`: an answer that is none of the API's: something in between, a proxy, answered.
 */
export type Failure =
  | Readonly<{ kind: 'problem'; problem: Problem }>
  | Readonly<{ kind: 'signed-out'; problem?: Problem }>
  | Readonly<{ kind: 'unreachable' }>
  | Readonly<{ kind: 'unreadable'; status: number }>

/** What a page says of a failure: a heading, what is wrong, and what mends it. */
export type FailureText = Readonly<{ title: string; detail: string; parts: readonly string[] }>

export const failureText = (failure: Failure): FailureText => {
  switch (failure.kind) {
    case 'problem': {
      const { title, detail, errors } = failure.problem
      return {
        title: sentence(title),
        detail: detail === undefined ? '' : sentence(detail),
        parts: (errors ?? []).map(({ at, message }) => `${at}: ${message}`),
      }
    }
    case 'signed-out':
      return { title: 'Signed out', detail: 'The session has ended. Sign in again to go on.', parts: [] }
    case 'unreachable':
      return {
        title: 'No answer from Streamvane',
        detail: 'The process is away, or the network is. What is shown may be old. This page tries again by itself.',
        parts: [],
      }
    case 'unreadable':
      return {
        title: `Unexpected answer (HTTP ${failure.status})`,
        detail: 'A proxy may have answered in place of Streamvane. Check the address, and the proxy.',
        parts: [],
      }
  }
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** The failure that an answer other than 2xx is. `body` is the JSON of the answer, if it has any. */
export const failureOf = (status: number, body: unknown): Failure => {
  const problem = problemIn(body)
  if (status === 401) return problem === undefined ? { kind: 'signed-out' } : { kind: 'signed-out', problem }
  return problem === undefined ? { kind: 'unreadable', status } : { kind: 'problem', problem }
}

/** Problem details in a JSON document, if it holds any. */
export const problemIn = (body: unknown): Problem | undefined =>
  typeof body === 'object' && body !== null && 'title' in body && typeof body.title === 'string'
    ? (body as Problem)
    : undefined
