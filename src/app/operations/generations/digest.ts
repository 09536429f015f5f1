import { createHash } from 'node:crypto'
import type { EpochMs } from '../../../domain/interval.js'
import type { RowFigures } from '../../../contract/avro/row-figures.js'
import { AvroWriter } from '../../../contract/avro/writer.js'
import type { StoredPlace } from '../../../contract/kpi-stream/stored.js'
import type { RowPlace } from '../../../contract/row-header.js'

/** What is compared of a row: its figures, and how they are published. */
export type ComparedRow = Pick<RowPlace, 'key' | 'start' | 'status' | 'correction'> & RowFigures

/** Throws a RangeError if the row is not of the schema that it names. */
export const comparedRow = ({ place, avro, reader }: StoredPlace): ComparedRow => published(place, reader.figures(avro))

/**
 * The same of a row that another generation has, too. Where all bytes behind both headers are equal, the figures of the
 * other are taken: the same object, so that nobody has to compare them.
 */
export const comparedLike = (
  stored: StoredPlace,
  other: StoredPlace | undefined,
  its: ComparedRow | undefined,
): ComparedRow =>
  its !== undefined && other !== undefined && isSameBehind(stored, other)
    ? published(stored.place, its)
    : comparedRow(stored)

const published = (
  { key, start, status, correction }: RowPlace,
  { figures, erased, serviceTarget }: RowFigures,
): ComparedRow => ({ key, start, status, correction, figures, erased, serviceTarget })

const isSameBehind = (a: StoredPlace, b: StoredPlace): boolean =>
  a.reader === b.reader &&
  a.behind !== undefined &&
  b.behind !== undefined &&
  Buffer.compare(a.avro.subarray(a.behind), b.avro.subarray(b.behind)) === 0

/**
 * Digest of the figures of all rows of an interval, comparable across replays, generations, logs and machines. `rows`
 * counts the rows that are not empty.
 */
export type IntervalDigest = Readonly<{ start: EpochMs; rows: number; digest: string }>

/** One digest per interval, in order. Only figures enter it, not statuses or revisions. */
export const intervalDigests = (rows: Iterable<ComparedRow>): readonly IntervalDigest[] => {
  const intervals = new Map<EpochMs, ComparedRow[]>()
  for (const row of rows) {
    if (row.figures === undefined) continue
    const interval = intervals.get(row.start)
    if (interval === undefined) intervals.set(row.start, [row])
    else interval.push(row)
  }
  return [...intervals]
    .sort(([a], [b]) => a - b)
    .map(([start, held]) => ({ start, rows: held.length, digest: digestOf(held) }))
}

/** The first 16 hex digits of the SHA-256 of key and figures of each row, in the order of the keys. */
const digestOf = (rows: ComparedRow[]): string => {
  const out = new AvroWriter()
  out.begin()
  for (const { key, figures } of rows.sort((a, b) => (a.key < b.key ? -1 : 1))) {
    out.string(key)
    out.long(figures?.length ?? 0)
    out.bytes(figures ?? nothing)
  }
  return createHash('sha256').update(out.finish()).digest('hex').slice(0, 16)
}

const nothing = new Uint8Array()

export type DigestDifference = Readonly<{
  start: EpochMs
  before: IntervalDigest | undefined
  after: IntervalDigest | undefined
  same: boolean
}>

/** Compares the digests of two sets of rows per interval. */
export const compareDigests = (
  before: readonly IntervalDigest[],
  after: readonly IntervalDigest[],
): readonly DigestDifference[] => {
  const byStart = (digests: readonly IntervalDigest[]): ReadonlyMap<EpochMs, IntervalDigest> =>
    new Map(digests.map((digest) => [digest.start, digest]))
  const [left, right] = [byStart(before), byStart(after)]
  return [...new Set([...left.keys(), ...right.keys()])]
    .sort((a, b) => a - b)
    .map((start) => ({
      start,
      before: left.get(start),
      after: right.get(start),
      same: left.get(start)?.digest === right.get(start)?.digest,
    }))
}
