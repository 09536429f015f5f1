import { createHash } from 'node:crypto'
import type { EpochMs } from '../../../domain/interval.js'
import { valueText, type Row } from '../../../domain/row.js'

/**
 * Digest of the values of all rows of an interval, comparable across replays, generations, logs and machines. `rows`
 * counts the rows that are not empty.
 */
export type IntervalDigest = Readonly<{ start: EpochMs; rows: number; digest: string }>

/** One digest per interval, in order. Only values enter it, not statuses or revisions. */
export const intervalDigests = (rows: Iterable<Row>): readonly IntervalDigest[] => {
  const intervals = new Map<EpochMs, string[]>()
  for (const row of rows) {
    const text = valueText(row)
    if (text === '') continue
    const texts = intervals.get(row.start)
    if (texts === undefined) intervals.set(row.start, [text])
    else texts.push(text)
  }
  return [...intervals]
    .sort(([a], [b]) => a - b)
    .map(([start, texts]) => ({
      start,
      rows: texts.length,
      digest: createHash('sha256').update(texts.sort().join('\n')).digest('hex').slice(0, 16),
    }))
}

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
