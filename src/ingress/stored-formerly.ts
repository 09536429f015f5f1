import * as E from 'fp-ts/lib/Either.js'
import { LogUnavailable, type EventLog, type NewEvent } from '../log/event-log.js'
import { NotIngested } from './not-ingested.js'

/** An event that an earlier version stored in the stream `formerly`, if it met it. */
export type FormerEvent = Readonly<{ formerly: string; event: NewEvent }>

/**
 * Streams of earlier versions that a log does not have. No version writes them any more, so they will never be there.
 */
const absent = new WeakMap<EventLog, Set<string>>()

/**
 * Those of the events that the log holds in the stream of an earlier version: they are repeats, and would count twice
 * if they were stored in the stream of this version. Nothing is stored. A log without such streams is asked once for
 * each of them. Throws `NotIngested` if the log cannot be asked now.
 */
export const storedFormerly = async (log: EventLog, events: readonly FormerEvent[]): Promise<ReadonlySet<NewEvent>> => {
  const present: FormerEvent[] = []
  for (const each of events) if (await hasStream(log, each.formerly)) present.push(each)
  // The streams exist, so the expectation is wrong: only an append whose event is there already succeeds.
  const probes = present.map(({ formerly, event }) => ({
    stream: formerly,
    expected: 'no-stream' as const,
    events: [event],
  }))
  const answers = probes.length === 0 ? [] : await log.append(probes)
  return new Set(
    present.filter((_, index) => E.isRight(answers[index] as (typeof answers)[number])).map(({ event }) => event),
  )
}

const hasStream = async (log: EventLog, stream: string): Promise<boolean> => {
  let missing = absent.get(log)
  if (missing === undefined) absent.set(log, (missing = new Set()))
  if (missing.has(stream)) return false
  if ((await log.streamRevision(stream).catch(notAvailable)) !== undefined) return true
  missing.add(stream)
  return false
}

const notAvailable = (cause: unknown): never => {
  throw cause instanceof LogUnavailable ? new NotIngested({ tag: 'NotAvailable', cause }) : cause
}
