import type { FamilyName } from '../../domain/family.js'
import type { Row } from '../../domain/row.js'
import { kpiStream } from '../../domain/stream-name.js'
import type { EventLog, RecordedEvent } from '../../log/event-log.js'
import type { RowHeader } from '../row-header.js'
import { decodeRow, familyOf, readHeader, type StoredHeader, type StoredRow } from './stored.js'

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
export const latestRows = async (
  kpi: EventLog,
  tenant: string,
  generation: string,
  wanted: LookedAt & Readonly<{ row?: (row: Row) => boolean }> = {},
): Promise<ReadonlyMap<string, StoredRow>> => {
  const rows = new Map<string, StoredRow>()
  for await (const event of rowEventsOf(
    wanted.events ?? kpi.readStream(kpiStream(tenant, generation)),
    wanted.family,
  )) {
    const stored = decodeRow(event)
    if (wanted.row?.(stored.row) !== false) rows.set(stored.row.key, stored)
  }
  return rows
}

/** As `latestRows`, for those who pass rows on: their measures are not decoded. */
export const latestHeaders = async (
  kpi: EventLog,
  tenant: string,
  generation: string,
  wanted: LookedAt & Readonly<{ header?: (header: RowHeader) => boolean }> = {},
): Promise<ReadonlyMap<string, StoredHeader>> => {
  const rows = new Map<string, StoredHeader>()
  for await (const event of rowEventsOf(
    wanted.events ?? kpi.readStream(kpiStream(tenant, generation)),
    wanted.family,
  )) {
    const stored = readHeader(event)
    if (wanted.header?.(stored.header) !== false) rows.set(stored.header.key, stored)
  }
  return rows
}

async function* rowEventsOf(
  events: AsyncIterable<readonly RecordedEvent[]>,
  family: FamilyName | undefined,
): AsyncIterable<RecordedEvent> {
  for await (const batch of events)
    for (const event of batch) {
      const itsFamily = familyOf(event)
      if (itsFamily !== undefined && (family === undefined || itsFamily === family)) yield event
    }
}
