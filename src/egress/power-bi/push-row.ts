import { flatValues } from '../../contract/flat-columns.js'
import type { RowJson } from '../../contract/row-json.js'
import { recordIdentity } from '../record-identity.js'
import { recordJson } from '../record-values.js'
import type { RowRecord } from '../sink.js'
import type { PushTable } from './tables.js'

/** A row as an object of the columns of its table that have a value. */
export const pushRow = (record: RowRecord, { columns }: PushTable): Readonly<Record<string, unknown>> => {
  const { generation, promotion, replay, header } = record
  const values: Record<string, unknown> = {
    ...flatValues(recordJson(record) as RowJson, generation),
    ...{ record_id: recordIdentity(record), row_version: rowVersion(promotion, header.revision), promotion, replay },
  }
  return Object.fromEntries(
    columns.flatMap(({ name }) => (values[name] === undefined || values[name] === null ? [] : [[name, values[name]]])),
  )
}

/** Orders the rows of one key as consumers do: by promotion, then by revision. Exact up to a billion revisions. */
export const rowVersion = (promotion: number, revision: number): number => promotion * 1_000_000_000 + revision
