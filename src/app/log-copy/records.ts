import type { RecordedEvent } from '../../log/event-log.js'
import { Tally, type Amount } from './append.js'
import {
  fingerprint,
  SetDigest,
  streamPages,
  type Bounds,
  type Difference,
  type Digest,
  type Endpoint,
} from './endpoint.js'

/**
 * Records are copied as a set, by id: the target may have records of its own, because a copy is recorded in the journal
 * of the log that it writes to.
 */
export async function* missingRecords(
  source: Endpoint,
  target: Endpoint,
  stream: string,
  bounds: Bounds,
): AsyncGenerator<RecordedEvent> {
  const there = new Set<string>()
  for await (const page of streamPages(target.control, stream)) for (const { id } of page) there.add(id)
  for await (const page of streamPages(source.control, stream, 0, bounds.records.get(stream)))
    for (const event of page) if (!there.has(event.id)) yield event
}

export type RecordsCompared = Readonly<{
  differences: readonly Difference[]
  there: Amount
  /** Absent where the source has no such records. */
  digest?: Digest
}>

/** Compares the records of the source with the same ones of the target. Those that only the target has do not count. */
export const compareRecords = async (
  source: Endpoint,
  target: Endpoint,
  stream: string,
  bounds: Bounds,
  mustHoldAll: boolean,
): Promise<RecordsCompared> => {
  const wanted = new Map<string, Readonly<{ revision: number; print: string }>>()
  const [ours, theirs, there] = [new SetDigest(), new SetDigest(), new Tally()]
  for await (const page of streamPages(source.control, stream, 0, bounds.records.get(stream)))
    for (const event of page) {
      ours.add(event)
      wanted.set(event.id, { revision: event.revision, print: printOf(event) })
    }
  const differences: Difference[] = []
  for await (const page of streamPages(target.control, stream))
    for (const event of page) {
      const same = wanted.get(event.id)
      if (same === undefined) continue
      wanted.delete(event.id)
      theirs.add(event)
      there.add(event.revision, event)
      if (same.print !== printOf(event))
        differences.push({ stream, revision: event.revision, what: 'has other content in the target' })
    }
  if (mustHoldAll)
    for (const { revision } of wanted.values()) differences.push({ stream, revision, what: 'is missing in the target' })
  const digest = { what: stream, events: theirs.events, source: ours.hex(), target: theirs.hex() }
  return { differences, there: there.amount(), ...(ours.events > 0 && { digest }) }
}

const printOf = (event: RecordedEvent): string => fingerprint('', event).toString('base64')
