import type { SinkBatch, SinkRecord } from '../../src/egress/sink.js'
import { agentRow, queueRow, sinkRecord, stateRow } from './some-rows.js'

/** Rows of all families; each batch restates the same rows as revision `n`. */
export const recordsAt = (revision: number, marks: Parameters<typeof sinkRecord>[1] = {}): SinkRecord[] =>
  [queueRow({ revision }), queueRow({ queueId: 'support', revision }), agentRow({ revision }), stateRow({ revision })].map((row) =>
    sinkRecord(row, marks),
  )

/** Batch `n`, from 1, ends at revision `10 n` of the KPI stream. */
export const batchAt = (n: number): SinkBatch => ({ records: recordsAt(n), progress: { generation: 'g1', revision: n * 10 } })
