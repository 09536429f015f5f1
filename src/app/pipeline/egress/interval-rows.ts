import * as E from 'fp-ts/lib/Either.js'
import { readKpiEvent, type StoredHeader } from '../../../contract/kpi-stream/stored.js'
import { readerOfSchema } from '../../../contract/row-codec.js'
import { intervalName, type IntervalComplete } from '../../../domain/interval-complete.js'
import { isEmptyRow, type Row } from '../../../domain/row.js'
import {
  UnreadableRow,
  wantedName,
  type CompleteInterval,
  type IntervalRows,
  type WantedInterval,
} from '../../../egress/objects/interval-rows.js'
import { markerEvents } from '../../row-index/row-events.js'
import type { Logs } from '../logs/logs.js'

/** Events that are read without the index: some ten milliseconds, for each batch that holds markers. */
const UNINDEXED_MAX = 5_000

/** Reads complete intervals from the KPI streams of a log, by the index of rows where there is a data folder for it. */
export const intervalRowsOf =
  ({
    tenant,
    logs,
    data,
  }: Readonly<{ tenant: string; logs: Pick<Logs, 'kpi'>; data: string | undefined }>): IntervalRows =>
  async (generation, wanted, signal) => {
    const collected = new Collected(wanted)
    if (wanted.length === 0) return collected.intervals()
    const starts = wanted.map(({ start }) => start)
    const granularity = wanted.every((each) => each.granularity === wanted[0]?.granularity)
      ? wanted[0]?.granularity
      : undefined
    const range = {
      families: new Set(wanted.map(({ family }) => family)),
      granularity,
      from: Math.min(...starts),
      to: Math.max(...starts) + 1,
    }
    const of = { kpi: await logs.kpi(generation, 'reader'), tenant, generation, data }
    for await (const events of markerEvents(of, range, true, UNINDEXED_MAX)) {
      signal.throwIfAborted()
      for (const event of events) {
        const stored = readKpiEvent(event)
        if (stored?.kind === 'row') collected.row(stored)
        else if (stored?.kind === 'interval-complete') collected.marker(stored.marker)
      }
    }
    return collected.intervals()
  }

type OfInterval = { wanted: WantedInterval[]; rows: Map<string, StoredHeader> }

/** The rows of wanted intervals as they are at each event, and what they were at the markers that are asked for. */
class Collected {
  private readonly byInterval = new Map<string, OfInterval>()
  private readonly found = new Map<string, CompleteInterval>()

  constructor(wanted: readonly WantedInterval[]) {
    for (const each of wanted) {
      const known = this.byInterval.get(intervalName(each))
      if (known === undefined) this.byInterval.set(intervalName(each), { wanted: [each], rows: new Map() })
      else known.wanted.push(each)
    }
  }

  row(stored: StoredHeader): void {
    this.byInterval.get(intervalName(stored.header))?.rows.set(stored.header.key, stored)
  }

  marker(marker: IntervalComplete): void {
    const of = this.byInterval.get(intervalName(marker))
    for (const each of of?.wanted ?? [])
      if (each.number === undefined || each.number === marker.number)
        this.found.set(wantedName(each), { marker, rows: decoded((of as OfInterval).rows.values()) })
  }

  intervals(): ReadonlyMap<string, CompleteInterval> {
    return this.found
  }
}

/** The rows that hold something, by key. */
const decoded = (stored: Iterable<StoredHeader>): readonly Row[] => {
  const rows: Row[] = []
  for (const { schema, avro } of stored) {
    const reader = readerOfSchema(schema)
    if (E.isLeft(reader)) throw new UnreadableRow(reader.left.message)
    const row = reader.right.decode(avro)
    if (!isEmptyRow(row)) rows.push(row)
  }
  return rows.sort((a, b) => (a.key < b.key ? -1 : 1))
}
