import type { FamilyName } from '../../src/domain/family.js'
import { measureOf, type Measure } from '../../src/domain/measure.js'
import { metricNames, type MetricName } from '../../src/domain/metric.js'
import { rowCodec, type PublishedRow } from '../../src/egress/row-codec.js'
import { keyed } from '../support/keyed.js'
import type { SinkRecord } from '../../src/egress/sink.js'

export const START = Date.parse('2026-01-05T10:00:00.000Z')

const measuresOf = (measures: Partial<Record<MetricName, Measure>>): readonly (Measure | undefined)[] =>
  metricNames.map((name) => measures[name])

/** A small queue row that has closed. */
export const queueRow = ({
  queueId = 'sales',
  start = START,
  revision = 3,
}: {
  queueId?: string
  start?: number
  revision?: number
}): PublishedRow => ({
  row: keyed({
    tenant: 'acme',
    family: 'queue',
    dimensions: [queueId, 'voice'],
    start,
    end: start + 900_000,
    status: 'final',
    revision,
    measures: measuresOf({ nOffered: { count: 2, sum: 2, min: 1, max: 1 }, tAnswered: measureOf(9_000) }),
  }),
  kpis: { serviceLevel: { numerator: 1, denominator: 1 } },
})

export const agentRow = ({ userId = 'anna', revision = 1 }: { userId?: string; revision?: number }): PublishedRow => ({
  row: keyed({
    tenant: 'acme',
    family: 'agent',
    dimensions: [userId, null, 'voice'],
    start: START,
    end: START + 900_000,
    status: 'provisional',
    revision,
    measures: measuresOf({ tHandle: measureOf(61_000) }),
  }),
  kpis: { aht: { numerator: 61_000, denominator: 1 } },
})

export const stateRow = ({ userId = 'anna', revision = 1 }: { userId?: string; revision?: number }): PublishedRow => ({
  row: keyed({
    tenant: 'acme',
    family: 'agent-state',
    dimensions: [userId, 'routingStatus', 'IDLE'],
    start: START,
    end: START + 900_000,
    status: 'provisional',
    revision,
    measures: measuresOf({ tAgentRoutingStatus: measureOf(30_000) }),
  }),
  kpis: {},
})

/** The row as the KPI log would hand it to a sink. */
export const sinkRecord = (published: PublishedRow, { generation = 'g1', replay = false } = {}): SinkRecord => {
  const codec = rowCodec(published.row.family satisfies FamilyName)
  return { published, avro: codec.encode(published), schema: codec.fingerprint, generation, replay }
}
