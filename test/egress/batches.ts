import type { RowRecord, SinkBatch } from '../../src/egress/sink.js'
import { agentRow, queueRow, sinkRecord, stateRow } from '../contract/some-rows.js'

/** Rows of all families; each batch restates the same rows as revision `n`. */
export const recordsAt = (revision: number, marks: Parameters<typeof sinkRecord>[1] = {}): RowRecord[] =>
  [
    queueRow({ revision }),
    queueRow({ queueId: 'support', revision }),
    agentRow({ revision }),
    stateRow({ revision }),
  ].map((row) => sinkRecord(row, marks))

/** Batch `n`, from 1, ends at revision `10 n` of the KPI stream. */
export const batchAt = (n: number): SinkBatch => ({
  records: recordsAt(n),
  progress: { generation: 'g1', revision: n * 10 },
})

export const MANY_QUEUES = 600

/** As `batchAt`, but long enough to be interrupted: many queues of one family. */
export const manyRowsAt = (n: number): SinkBatch => ({
  records: Array.from({ length: MANY_QUEUES }, (_, queue) =>
    sinkRecord(queueRow({ queueId: `queue-${queue}`, revision: n })),
  ),
  progress: { generation: 'g1', revision: n * 10 },
})
