import {
  hasValue,
  left,
  recordIdentity,
  recordJson,
  right,
  type Destination,
  type Secret,
  type SinkFailure,
  type SinkRecord,
} from 'streamvane/sink'

export type CollectorSettings = Readonly<{ url: string; token?: Secret | undefined; timeoutMs: number }>

/** Records as JSON lines, one request a batch: `id` is the same when a record comes again, and so are its bytes. */
export const collector = ({ url, token, timeoutMs }: CollectorSettings): Destination => {
  const send = async (body: string, signal: AbortSignal): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/x-ndjson',
        ...(token !== undefined && { authorization: `Bearer ${token.read()}` }),
      },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
  const delivered = async (body: string, signal: AbortSignal) => {
    const response = await send(body, signal)
    await response.arrayBuffer()
    return response.ok ? right(undefined) : left(failureOf(url, response.status))
  }
  return {
    place: url,
    // An empty batch tells whether the collector is there and lets us in.
    open: (signal) => () => delivered('', signal),
    deliver: (records, signal) => () => delivered(records.filter(hasValue).map(lineOf).join(''), signal),
    close: async () => {},
  }
}

const lineOf = (record: Parameters<typeof recordJson>[0]): string =>
  `${JSON.stringify({ id: recordIdentity(record), replay: isReplay(record), record: recordJson(record) })}\n`

const isReplay = (record: SinkRecord): boolean => record.kind === 'row' && record.replay

/** What passes by itself is tried again; what does not is refused, with what to do. */
const failureOf = (url: string, status: number): SinkFailure =>
  status === 429 || status >= 500
    ? { tag: 'NotConnected', cause: new Error(`${url} answered ${status}`) }
    : {
        tag: 'Refused',
        reason:
          status === 401 || status === 403
            ? `${url} does not take the token (${status}): change token`
            : `${url} refuses the rows (${status}): look at its log`,
      }
