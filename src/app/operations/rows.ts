import { latestRows } from '../../contract/kpi-stream/latest.js'
import type { FamilyName } from '../../domain/family.js'
import type { Granularity } from '../../domain/granularity.js'
import type { EpochMs } from '../../domain/interval.js'
import type { Row, RowStatus } from '../../domain/row.js'
import { rowEvents, rowWindows } from '../row-index/row-events.js'
import type { RowsOf } from '../row-index/row-index.js'

/** Rows of one family; intervals that start in `[from, to)`. */
export type WantedRows = Readonly<{
  family: FamilyName
  granularity?: Granularity | undefined
  from?: EpochMs | undefined
  to?: EpochMs | undefined
  status?: RowStatus | undefined
  /** Is asked of every row of the family that is read. */
  matches?: (row: Row) => boolean
  signal?: AbortSignal
  /** Revisions of rows in one window, for tests. */
  windowRevisions?: number
}>

/**
 * The latest rows of a range, ordered by start and key. They come in windows of the range, so that memory is that of a
 * window, however long the range is.
 */
export async function* latestRowsInOrder(of: RowsOf, wanted: WantedRows): AsyncGenerator<readonly Row[]> {
  const { family, granularity, status, matches = () => true, signal } = wanted
  const range = { families: new Set([family]), granularity, from: wanted.from, to: wanted.to }
  for (const window of await rowWindows(of, range, wanted.windowRevisions)) {
    if (signal?.aborted === true) return
    const { from = -Infinity, to = Infinity } = window
    const stored = await latestRows(of.kpi, of.tenant, of.generation, {
      family,
      events: rowEvents(of, window),
      row: (row) =>
        matches(row) &&
        row.start >= from &&
        row.start < to &&
        (granularity === undefined || row.granularity === granularity),
    })
    const rows: Row[] = []
    // Only latest revisions are filtered by status, so that a corrected row is not shown by its final revision.
    for (const { row } of stored.values()) if (status === undefined || row.status === status) rows.push(row)
    if (rows.length > 0) yield rows.sort(byStartAndKey)
  }
}

const byStartAndKey = (a: Row, b: Row): number => a.start - b.start || (a.key < b.key ? -1 : 1)
