import * as E from 'fp-ts/lib/Either.js'
import { expect } from 'vitest'
import { runEgress } from '../../src/app/pipeline/egress/egress.js'
import type { EgressEnd } from '../../src/app/pipeline/egress/publishing.js'
import type { FactMeans } from '../../src/app/pipeline/facts/open-feed.js'
import type { Generation } from '../../src/app/pipeline/generations.js'
import { familyOf, decodeRow } from '../../src/contract/kpi-stream/stored.js'
import { rowCodec } from '../../src/contract/row-codec.js'
import { singleLog } from '../../src/app/pipeline/logs/logs.js'
import { runProjector, type ProjectorEnd } from '../../src/app/pipeline/projector/projector.js'
import type { SnapshotStore } from '../../src/app/pipeline/projector/snapshots.js'
import type { Profile } from '../../src/domain/profile.js'
import { publishedText, rowKey } from '../../src/domain/row.js'
import { kpiStream, rawPrefixes } from '../../src/domain/stream-name.js'
import { isRow, type Sink, type SinkRecord } from '../../src/egress/sink.js'
import type { EventLog } from '../../src/log/event-log.js'
import { decodeRaw, feeds } from '../../src/ingress/decode/decoders.js'
import { receivedAtOf } from '../../src/ingress/metadata.js'
import { KpiProjection } from '../../src/projections/kpi-projection.js'
import { rowsIn } from './kpi-events.js'
import { silent } from './pipeline.js'

const never = new AbortController().signal

export const projectOnce = (
  raw: EventLog,
  kpi: EventLog,
  {
    tenant,
    generation,
    batchMax,
    snapshots,
    facts = {},
  }: Readonly<{
    tenant: string
    generation: Generation
    batchMax: number
    snapshots: SnapshotStore
    facts?: FactMeans
  }>,
): Promise<ProjectorEnd> =>
  runProjector({
    tenant,
    generation,
    raw,
    kpi,
    snapshots,
    facts,
    batchMax,
    untilCaughtUp: true,
    signal: never,
    logger: silent,
    now: () => 0,
  })

export const publishOnce = (log: EventLog, tenant: string, sink: Sink, batchMax: number): Promise<EgressEnd> =>
  runEgress({
    tenant,
    logs: singleLog(log),
    sink,
    batchMax,
    untilCaughtUp: true,
    signal: never,
    logger: silent,
    now: () => 0,
  })

/** Row key → revision → the row's bytes in hex. */
export type Book = ReadonlyMap<string, ReadonlyMap<number, string>>

/** All that could be published of a log: every revision of every row, and the keys of rows that hold nothing at the end. */
export type WholeBook = Readonly<{ book: Book; empty: ReadonlySet<string> }>

/** Every revision of every row: what is published if nothing is ever coalesced, event by event. */
export const everyRevision = async (raw: EventLog, tenant: string, profile: Profile): Promise<WholeBook> => {
  const projection = new KpiProjection(tenant, profile)
  const entries: Entry[] = []
  const empty = new Set<string>()
  for await (const batch of raw.readAll({ prefixes: rawPrefixes(tenant) }))
    for (const { type, data, metadata } of batch) {
      if (!feeds(type, profile.points)) continue
      const facts = decodeRaw(type, data)
      if (E.isLeft(facts)) continue
      for (const fact of facts.right) projection.apply(fact, receivedAtOf(metadata))
      for (const row of rowsIn(projection.drainEvents())) {
        entries.push({ row, avro: rowCodec(row.family).encode(row) })
        if (publishedText(row) === '') empty.add(row.key)
        else empty.delete(row.key)
      }
    }
  return { book: bookOf(entries), empty }
}

/** All rows of a generation's KPI stream. Fails if a row's revisions do not go up. */
export const bookOfLog = async (kpi: EventLog, tenant: string, generation: string): Promise<Book> => {
  const rows: Entry[] = []
  for await (const batch of kpi.readStream(kpiStream(tenant, generation)))
    for (const event of batch)
      if (familyOf(event) !== undefined) rows.push({ row: decodeRow(event).row, avro: event.data })
  return bookOf(rows)
}

/** All rows at a destination, without withdrawals. Fails if a row's revisions do not go up. */
export const bookOfRecords = (records: readonly SinkRecord[]): Book =>
  bookOf(
    records
      .filter(isRow)
      .filter(({ withdrawn }) => withdrawn !== true)
      .map(({ header, avro }) => ({ row: header, avro })),
  )

type Entry = Readonly<{ row: Parameters<typeof rowKey>[0] & Readonly<{ revision: number }>; avro: Uint8Array }>

const bookOf = (rows: readonly Entry[]): Book => {
  const book = new Map<string, Map<number, string>>()
  const last = new Map<string, number>()
  for (const { row, avro } of rows) {
    const key = rowKey(row)
    const before = last.get(key) ?? 0
    if (row.revision <= before) throw new Error(`${key}: revision ${row.revision} comes after revision ${before}`)
    last.set(key, row.revision)
    const revisions = book.get(key) ?? new Map<number, string>()
    book.set(key, revisions.set(row.revision, Buffer.from(avro).toString('hex')))
  }
  return book
}

/**
 * Fails unless every revision in `some` could be published and has the right bytes, and the last of each row is its
 * last. Rows that hold nothing at the end may be missing.
 */
export const expectSameRows = (some: Book, { book: all, empty }: WholeBook): void => {
  const missing = [...all.keys()].filter((key) => !some.has(key) && !empty.has(key))
  expect(missing).toEqual([])
  for (const [key, revisions] of some) {
    const whole = all.get(key)
    if (whole === undefined) return expect.fail(`${key}: no such row`)
    for (const [revision, bytes] of revisions)
      if (whole.get(revision) !== bytes) expect.fail(`${key}: revision ${revision} has other bytes`)
    const [last, wanted] = [[...revisions.keys()].at(-1), [...whole.keys()].at(-1)]
    if (last !== wanted) expect.fail(`${key}: the last revision is ${last} and not ${wanted}`)
  }
}

/** Every row and revision of a book with its bytes in one text: quick to compare, however large. */
export const textOf = (book: Book): string =>
  [...book]
    .flatMap(([key, revisions]) => [...revisions].map(([revision, bytes]) => `${key} ${revision} ${bytes}`))
    .sort()
    .join('\n')
