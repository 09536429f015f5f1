import { rowCodec } from '../../src/contract/row-codec.js'
import { measureOf } from '../../src/domain/measure.js'
import { metricNames } from '../../src/domain/metric.js'
import type { Row } from '../../src/domain/row.js'
import type { RowRecord } from '../../src/egress/sink.js'
import { agentRow } from '../../src/plugin/sample-records.js'
import { keyed } from '../support/keyed.js'

export { agentRow, queueRow, sinkRecord, START, stateRow } from '../../src/plugin/sample-records.js'

export const skillRow = ({ skillId = 'french', revision = 1 }: { skillId?: string; revision?: number }): Row =>
  keyed({
    ...agentRow({ revision }),
    family: 'skill',
    dimensions: [skillId, 'voice', null, null],
    measures: metricNames.map((name) => (name === 'tAnswered' ? measureOf(9_000) : undefined)),
    kpis: { asa: { numerator: 9_000, denominator: 1 } },
  })

/** The row that a record carries. */
export const rowOf = ({ header, avro }: RowRecord): Row => rowCodec(header.family).decode(avro)
