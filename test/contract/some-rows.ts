import { measureOf, type Measure } from '../../src/domain/measure.js'
import { metricNames, type MetricName } from '../../src/domain/metric.js'
import type { Row } from '../../src/domain/row.js'
import { noSketch } from '../../src/domain/sketch.js'
import { rowCodec } from '../../src/contract/row-codec.js'
import { keyed } from '../support/keyed.js'
import type { RowRecord } from '../../src/egress/sink.js'

export const START = Date.parse('2026-01-05T10:00:00.000Z')

const measuresOf = (measures: Partial<Record<MetricName, Measure>>): Row['measures'] =>
  metricNames.map((name) => measures[name])

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

export const skillRow = ({ skillId = 'french', revision = 1 }: { skillId?: string; revision?: number }): Row =>
  keyed({
    ...open,
    family: 'skill',
    dimensions: [skillId, 'voice', null, null],
    revision,
    measures: measuresOf({ tAnswered: measureOf(9_000) }),
    kpis: { asa: { numerator: 9_000, denominator: 1 } },
  })

/** The row as the KPI log would hand it to a sink. */
export const sinkRecord = (row: Row, { generation = 'g1', promotion = 1, replay = false } = {}): RowRecord => {
  const codec = rowCodec(row.family)
  const avro = codec.encode(row)
  return { kind: 'row', header: codec.header(avro), avro, schema: codec.fingerprint, generation, promotion, replay }
}

/** The row that a record carries. */
export const rowOf = ({ header, avro }: RowRecord): Row => rowCodec(header.family).decode(avro)
