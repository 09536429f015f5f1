import type { SinkBatch } from '../../src/egress/sink.js'
import { queueRow, sinkRecord } from '../../src/plugin/sample-records.js'

export { batchAt, recordsAt } from '../../src/plugin/sample-records.js'

export const MANY_QUEUES = 600

/** As `batchAt`, but long enough to be interrupted: many queues of one family. */
export const manyRowsAt = (n: number): SinkBatch => ({
  records: Array.from({ length: MANY_QUEUES }, (_, queue) =>
    sinkRecord(queueRow({ queueId: `queue-${queue}`, revision: n })),
  ),
  progress: { generation: 'g1', revision: n * 10 },
})
