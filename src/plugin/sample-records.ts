import { measureOf, type Measure } from '../domain/measure.js'
import { metricNames, type MetricName } from '../domain/metric.js'
import { rowKey, type Row } from '../domain/row.js'
import { noSketch } from '../domain/sketch.js'
import { rowCodec } from '../contract/row-codec.js'
import type { RowRecord, SinkBatch } from '../egress/sink.js'

export const START = Date.parse('2026-01-05T10:00:00.000Z')

const measuresOf = (measures: Partial<Record<MetricName, Measure>>): Row['measures'] =>
  metricNames.map((name) => measures[name])

/** A row with the key that its dimensions give. */
const keyed = (row: Omit<Row, 'key'>): Row => ({ ...row, key: rowKey(row) })

const open = {
  tenant: 'acme',
  granularity: 'PT15M',
  start: START,
  end: START + 900_000,
  status: 'provisional',
  correction: null,
  erased: null,
  serviceTarget: null,
} as const

/** A small queue row that has closed. */
export const queueRow = ({
  queueId = 'sales',
  start = START,
  revision = 3,
}: {
  queueId?: string
  start?: number
  revision?: number
}): Row =>
  keyed({
    ...open,
    family: 'queue',
    dimensions: [queueId, 'voice', null, null],
    start,
    end: start + 900_000,
    status: 'final',
    revision,
    serviceTarget: 0.8,
    measures: measuresOf({
      nOffered: { count: 2, sum: 2, min: 1, max: 1, sketch: noSketch },
      tAnswered: measureOf(9_000),
    }),
    kpis: { serviceLevel: { numerator: 1, denominator: 1 } },
  })

export const agentRow = ({ userId = 'anna', revision = 1 }: { userId?: string; revision?: number }): Row =>
  keyed({
    ...open,
    family: 'agent',
    dimensions: [userId, null, 'voice', null, null],
    revision,
    measures: measuresOf({ tHandle: measureOf(61_000) }),
    kpis: { aht: { numerator: 61_000, denominator: 1 } },
  })

export const stateRow = ({ userId = 'anna', revision = 1 }: { userId?: string; revision?: number }): Row =>
  keyed({
    ...open,
    family: 'agent-state',
    dimensions: [userId, 'routingStatus', 'IDLE'],
    revision,
    measures: measuresOf({ tAgentRoutingStatus: measureOf(30_000) }),
    kpis: {},
  })

/** The row as the KPI log would hand it to a sink. */
export const sinkRecord = (row: Row, { generation = 'g1', promotion = 1, replay = false } = {}): RowRecord => {
  const codec = rowCodec(row.family)
  const avro = codec.encode(row)
  return { kind: 'row', header: codec.header(avro), avro, schema: codec.fingerprint, generation, promotion, replay }
}

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
