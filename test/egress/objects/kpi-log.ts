import * as E from 'fp-ts/lib/Either.js'
import { statementCodec } from '../../../src/contract/completeness-codec.js'
import { readerOfSchema } from '../../../src/contract/row-codec.js'
import { intervalName, type IntervalComplete } from '../../../src/domain/interval-complete.js'
import { addToDigest, rowNumber } from '../../../src/domain/row-digest.js'
import { isEmptyRow } from '../../../src/domain/row.js'
import {
  UnreadableRow,
  wantedName,
  type CompleteInterval,
  type IntervalRows,
  type WantedInterval,
} from '../../../src/egress/objects/interval-rows.js'
import { isRow, type MarkerRecord, type RowRecord, type Sink, type SinkRecord } from '../../../src/egress/sink.js'

type Marked = Readonly<{ generation: string; marker: IntervalComplete; rows: readonly RowRecord[] }>

/**
 * A KPI log of tests: rows that a sink is given are appended, and behind them a marker for each interval that they
 * change, as the projector does it.
 */
export class KpiLog {
  private readonly rows = new Map<string, Map<string, RowRecord>>()
  private readonly marked: Marked[] = []

  readonly intervalRows: IntervalRows = async (generation, wanted) => {
    const found = new Map<string, CompleteInterval>()
    for (const each of wanted) {
      const marked = this.marked.findLast((one) => one.generation === generation && isWanted(one.marker, each))
      if (marked !== undefined)
        found.set(wantedName(each), {
          marker: marked.marker,
          rows: marked.rows.map(rowOf).filter((row) => !isEmptyRow(row)),
        })
    }
    return found
  }

  /** The records with the markers behind them. */
  appended(records: readonly SinkRecord[]): readonly SinkRecord[] {
    const markers: MarkerRecord[] = []
    const changed = new Map<string, RowRecord[]>()
    for (const row of records.filter(isRow)) {
      const name = `${row.generation} ${intervalName(row.header)}`
      changed.set(name, [...(changed.get(name) ?? []), row])
    }
    for (const [name, rows] of changed) {
      const held = this.rows.get(name) ?? new Map<string, RowRecord>()
      this.rows.set(name, held)
      for (const row of rows) held.set(row.header.key, row)
      const sorted = [...held.values()].sort((a, b) => (a.header.key < b.header.key ? -1 : 1))
      markers.push(this.mark(sorted))
    }
    return [...records, ...markers]
  }

  private mark(rows: readonly RowRecord[]): MarkerRecord {
    const [{ header, generation, promotion }] = rows as readonly [RowRecord]
    const number = this.marked.filter((one) => one.generation === generation && isWanted(one.marker, header)).length + 1
    const { tenant, family, granularity, start, end } = header
    const digest = rows.reduce((sum, each) => addToDigest(sum, rowNumber(each.header.key, each.header.revision)), 0)
    const marker = {
      tenant,
      family,
      granularity,
      start,
      end,
      zone: null,
      number,
      rows: rows.length,
      digest,
      closedAt: end,
    }
    this.marked.push({ generation, marker, rows })
    const codec = statementCodec('interval-complete')
    const [avro, schema] = [codec.encode(marker), codec.fingerprint]
    return { kind: 'interval-complete', generation, promotion, marker, avro, schema }
  }
}

/** The sink, each of whose batches was appended to the log before. A replay is none of the log. */
export const fedBy = (log: KpiLog, sink: Sink): Sink => ({
  ...sink,
  write: (batch, signal) =>
    sink.write(batch.progress === undefined ? batch : { ...batch, records: log.appended(batch.records) }, signal),
})

const isWanted = (marker: IntervalComplete, wanted: WantedInterval): boolean =>
  intervalName(marker) === intervalName(wanted) && (wanted.number === undefined || wanted.number === marker.number)

const rowOf = ({ schema, avro }: RowRecord) => {
  const reader = readerOfSchema(schema)
  if (E.isLeft(reader)) throw new UnreadableRow(reader.left.message)
  return reader.right.decode(avro)
}
