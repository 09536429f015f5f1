import { checkpointIn } from '../../../contract/kpi-stream/marks.js'
import { isKpiEvent } from '../../../contract/kpi-stream/stored.js'
import { kpiStream, rawPrefixes } from '../../../domain/stream-name.js'
import type { EventLog, Position, RecordedEvent } from '../../../log/event-log.js'

/** What is not dealt with: how many events, and since when (epoch ms) the oldest waits. */
export type Waiting = Readonly<{ events: number; isAtLeast: boolean; since: number | undefined }>

/** Events are counted one by one up to this. */
const COUNTED_MAX = 20_000

export const nothingWaits: Waiting = { events: 0, isAtLeast: false, since: undefined }

/** The raw events of a tenant behind a position. An embedded log has dense positions, so there a long way is not counted. */
export const rawWaiting = async (raw: EventLog, tenant: string, after: Position | undefined): Promise<Waiting> => {
  let events = 0
  let since: number | undefined
  for await (const batch of raw.readAll({ after, prefixes: rawPrefixes(tenant), batchMax: 5_000 })) {
    since ??= storedAt(batch[0]!)
    events += batch.length
    if (events < COUNTED_MAX) continue
    const head = raw.folder === undefined ? undefined : await raw.head()
    return head === undefined
      ? { events, isAtLeast: true, since }
      : { events: Number(head - (after ?? 0n)), isAtLeast: false, since }
  }
  return { events, isAtLeast: false, since }
}

/** The events of a KPI stream from a revision on. Their age is that of the raw events that they follow from. */
export const kpiWaiting = async (
  kpi: EventLog,
  raw: EventLog | undefined,
  stream: Readonly<{ tenant: string; generation: string }>,
  from: number,
): Promise<Waiting> => {
  const name = kpiStream(stream.tenant, stream.generation)
  const last = (await kpi.streamRevision(name)) ?? -1
  if (last < from) return nothingWaits
  let [read, rows] = [0, 0]
  let since: number | undefined
  for await (const batch of kpi.readStream(name, { from, max: COUNTED_MAX, batchMax: 1_000 })) {
    for (const event of batch) {
      const mark = checkpointIn(event)
      if (mark === undefined) rows += isKpiEvent(event) ? 1 : 0
      else if (rows > 0 && since === undefined && raw !== undefined)
        since = await storedNear(raw, stream.tenant, mark.position)
    }
    read += batch.length
  }
  // Of a long way the checkpoints, a few in a thousand, are counted too.
  return { events: read < COUNTED_MAX ? rows : last - from + 1, isAtLeast: false, since }
}

/** When the event at a position, or the next one, was stored. */
const storedNear = async (raw: EventLog, tenant: string, position: Position): Promise<number | undefined> => {
  try {
    const after = position > 0n ? position - 1n : undefined
    for await (const [event] of raw.readAll({ after, prefixes: rawPrefixes(tenant), batchMax: 1 }))
      return event === undefined ? undefined : storedAt(event)
  } catch {
    // A server may refuse a position that no event has.
  }
  return undefined
}

/** When an event was received, by its envelope; ticks of the clock have none, and say the time themselves. */
const storedAt = (event: RecordedEvent): number | undefined => {
  const received = receivedAtOf(event)
  if (received !== undefined) return received
  const { at } = jsonIn(event.data) as { at?: number }
  return at
}

/** When an event was received, by its envelope. */
export const receivedAtOf = ({ metadata }: RecordedEvent): number | undefined => {
  const { receivedAt } = jsonIn(metadata) as { receivedAt?: string }
  return receivedAt === undefined ? undefined : Date.parse(receivedAt)
}

const jsonIn = (bytes: Uint8Array): object => {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as object
  } catch {
    return {}
  }
}
