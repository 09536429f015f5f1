import * as E from 'fp-ts/lib/Either.js'
import { request } from 'undici'
import { problemSchema } from '../answers/problem.js'
import type { FoundAddress } from '../client/address.js'
import type { AppendFailure, EventLog, StreamAppend } from '../../../log/event-log.js'
import { appendResultsWire, erasureResultWire, resultFromWire, toWire } from './wire.js'

type Target = Pick<FoundAddress, 'url' | 'token'> & Partial<Pick<FoundAddress, 'dispatcher'>>

/** Bytes of events in one request, if there are several. */
const REQUEST_BYTES = 4 * 1024 * 1024

/**
 * The raw log for writing while another process of this machine holds it: it is read here, and what is appended or
 * erased goes in through that process. Where it cannot be reached the outcome is unknown, as with any log that is away:
 * `NotAvailable`, and the same append may be tried again.
 */
export const writerBeside = (reader: EventLog, address: Target): EventLog => ({
  ...reader,
  append: async (appends) => {
    const results: Awaited<ReturnType<EventLog['append']>>[number][] = []
    for (const part of inParts(appends)) {
      const answer = await send(address, '/v1/raw/appends', { appends: part.map(toWire) })
      results.push(
        ...(E.isLeft(answer)
          ? part.map(() => answer)
          : appendResultsWire.parse(answer.right).results.map((result) => resultFromWire(result))),
      )
    }
    return results
  },
  erase: async (stream) => {
    const answer = await send(address, '/v1/raw/erasures', { stream })
    return E.isLeft(answer) ? answer : resultFromWire(erasureResultWire.parse(answer.right))
  },
})

const inParts = (appends: readonly StreamAppend[]): readonly (readonly StreamAppend[])[] => {
  const parts: StreamAppend[][] = [[]]
  let bytes = 0
  for (const append of appends) {
    const size = append.events.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0)
    if (bytes > 0 && bytes + size > REQUEST_BYTES) {
      parts.push([])
      bytes = 0
    }
    parts.at(-1)?.push(append)
    bytes += size
  }
  return parts
}

const send = async (
  { url, token, dispatcher }: Target,
  path: string,
  body: unknown,
): Promise<E.Either<AppendFailure, unknown>> => {
  try {
    const answer = await request(new URL(path, url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(dispatcher === undefined ? {} : { dispatcher }),
    })
    const json: unknown = await answer.body.json()
    if (answer.statusCode === 200) return E.right(json)
    const reason = problemSchema.safeParse(json).data?.detail ?? `it answers ${answer.statusCode}`
    return E.left(
      answer.statusCode >= 500 ? { tag: 'NotAvailable', cause: new Error(reason) } : { tag: 'Refused', reason },
    )
  } catch (cause) {
    return E.left({ tag: 'NotAvailable', cause })
  }
}
