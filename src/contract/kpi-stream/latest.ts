import type { FamilyName } from '../../domain/family.js'
import type { Row } from '../../domain/row.js'
import { kpiStream } from '../../domain/stream-name.js'
import type { EventLog, RecordedEvent } from '../../log/event-log.js'
import type { RowHeader, RowPlace } from '../row-header.js'
import {
  decodeRow,
  familyOf,
  readHeader,
  readPlace,
  type StoredHeader,
  type StoredPlace,
  type StoredRow,
} from './stored.js'

/** Which events of a stream are looked at: those of one family, of all of the stream if `events` are not given. */
type LookedAt = Readonly<{
  family?: FamilyName | undefined
  /** The events of the stream that may be wanted, all revisions of a row, in its order. */
  events?: AsyncIterable<readonly RecordedEvent[]> | undefined
}>

/**
 * The latest row of every key of a generation that `wanted` lets through, in the order in which the keys first
 * appeared.
 */
export const latestRows = (
  kpi: EventLog,
  tenant: string,
  generation: string,
  { row: isWanted = () => true, ...looked }: LookedAt & Readonly<{ row?: (row: Row) => boolean }> = {},
): Promise<ReadonlyMap<string, StoredRow>> =>
  latest(looked.events ?? kpi.readStream(kpiStream(tenant, generation)), looked.family, (event) => {
    const stored = decodeRow(event)
    return isWanted(stored.row) ? [stored.row.key, stored] : undefined
  })

/** As `latestRows`, for those who pass rows on: their measures are not decoded. */
export const latestHeaders = (
  kpi: EventLog,
  tenant: string,
  generation: string,
  { header: isWanted = () => true, ...looked }: LookedAt & Readonly<{ header?: (header: RowHeader) => boolean }> = {},
): Promise<ReadonlyMap<string, StoredHeader>> =>
  latest(looked.events ?? kpi.readStream(kpiStream(tenant, generation)), looked.family, (event) => {
    const stored = readHeader(event)
    return isWanted(stored.header) ? [stored.header.key, stored] : undefined
  })

/** The latest row events of every key that `isWanted` lets through, of which only what tells them from others is read. */
export const latestPlaces = (
  events: AsyncIterable<readonly RecordedEvent[]>,
  isWanted: (place: RowPlace) => boolean,
): Promise<ReadonlyMap<string, StoredPlace>> =>
  latest(events, undefined, (event) => {
    const stored = readPlace(event)
    return isWanted(stored.place) ? [stored.place.key, stored] : undefined
  })

/** The last of what `read` gives for the row events of each key; `undefined` is passed over. */
const latest = async <A>(
  events: AsyncIterable<readonly RecordedEvent[]>,
  family: FamilyName | undefined,
  read: (event: RecordedEvent) => readonly [key: string, A] | undefined,
): Promise<ReadonlyMap<string, A>> => {
  const found = new Map<string, A>()
  for await (const batch of events)
    for (const event of batch) {
      const itsFamily = familyOf(event)
      if (itsFamily === undefined || (family !== undefined && itsFamily !== family)) continue
      const row = read(event)
      if (row !== undefined) found.set(row[0], row[1])
    }
  return found
}
