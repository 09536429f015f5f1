import { decodeRow, familyOf } from '../../../contract/kpi-stream/stored.js'
import { rowJson } from '../../../contract/row-json.js'
import type { FamilyName } from '../../../domain/family.js'
import type { Row } from '../../../domain/row.js'
import { kpiStream } from '../../../domain/stream-name.js'
import type { EventLog } from '../../../log/event-log.js'

/** Which rows a subscriber is told of: intervals that start in `[from, to)`, epoch ms. */
export type RowsFilter = Readonly<{
  family: FamilyName
  granularity?: Row['granularity'] | undefined
  from?: number | undefined
  to?: number | undefined
}>

export type StreamRow = Readonly<{ revision: number; row: Row; json: () => unknown }>

/** The rows of a stretch of a KPI stream, each rendered once, when somebody wants it. */
export const rowsBehind = async (
  kpi: EventLog,
  of: Readonly<{ tenant: string; generation: string }>,
  after: number,
  max: number,
): Promise<readonly StreamRow[]> => {
  const rows: StreamRow[] = []
  for await (const batch of kpi.readStream(kpiStream(of.tenant, of.generation), { from: after + 1, max }))
    for (const event of batch) {
      if (familyOf(event) === undefined) continue
      const { row, revision } = decodeRow(event)
      let json: unknown
      rows.push({ revision, row, json: () => (json ??= rowJson(row)) })
    }
  return rows
}

/** The last of each key that passes the filter, behind `after`. */
export const wantedRows = (rows: readonly StreamRow[], filter: RowsFilter, after: number): readonly unknown[] => {
  const { family, granularity, from = -Infinity, to = Infinity } = filter
  const latest = new Map<string, StreamRow>()
  for (const each of rows) {
    const { row, revision } = each
    if (revision <= after || row.family !== family || row.start < from || row.start >= to) continue
    if (granularity !== undefined && row.granularity !== granularity) continue
    latest.set(row.key, each)
  }
  return [...latest.values()].map(({ json }) => json())
}
