import { latestHeaders } from '../../../contract/kpi-stream/latest.js'
import type { EpochMs } from '../../../domain/interval.js'
import { rowEvents, rowWindows } from '../../row-index/row-events.js'
import type { RowRange, RowsOf } from '../../row-index/row-index.js'
import { comparedRow, compareDigests, intervalDigests, type ComparedRow, type DigestDifference } from './digest.js'

/**
 * What a row publishes besides its values. Two generations may differ in it rightly: a row that was corrected in the
 * live generation is final in one that was computed at once.
 */
const publishedFields = ['serviceTarget', 'status', 'correction', 'erased'] as const
export type PublishedField = (typeof publishedFields)[number]

/** An interval in two generations. `published` counts the rows of both whose published fields differ, by field. */
export type IntervalComparison = DigestDifference &
  Readonly<{ published: Readonly<Partial<Record<PublishedField, number>>> }>

/**
 * Compares two stored generations as `compareGenerations` does, window by window: memory is that of a window, however
 * long history is. `before` is `undefined` where there is none. Throws `RowOfUnknownSchema`.
 */
export const compareStored = async (
  before: RowsOf | undefined,
  after: RowsOf,
  windowRevisions?: number,
): Promise<readonly IntervalComparison[]> => {
  const compared: IntervalComparison[] = []
  for (const window of await rowWindows(after, {}, windowRevisions)) {
    const old = before === undefined ? new Map<string, ComparedRow>() : await rowsIn(before, window)
    compared.push(...compareGenerations(old, await rowsIn(after, window)))
  }
  return compared
}

const rowsIn = async (of: RowsOf, window: RowRange): Promise<ReadonlyMap<string, ComparedRow>> => {
  const { from = -Infinity, to = Infinity } = window
  const rows = await latestHeaders(of.kpi, of.tenant, of.generation, {
    events: rowEvents(of, window),
    header: ({ start }) => start >= from && start < to,
  })
  return new Map([...rows].map(([key, row]) => [key, comparedRow(row)]))
}

/**
 * Compares the latest rows of two generations per interval, in order. `same` says that all values are equal; the
 * digests cover values alone, so that they are comparable between any two logs.
 */
export const compareGenerations = (
  before: ReadonlyMap<string, ComparedRow>,
  after: ReadonlyMap<string, ComparedRow>,
): readonly IntervalComparison[] => {
  const published = new Map<EpochMs, Partial<Record<PublishedField, number>>>()
  for (const [key, row] of after) {
    const old = before.get(key)
    if (old === undefined) continue
    for (const field of publishedFields) {
      if (old[field] === row[field]) continue
      const counts = published.get(row.start) ?? {}
      counts[field] = (counts[field] ?? 0) + 1
      published.set(row.start, counts)
    }
  }
  const compared = compareDigests(intervalDigests(before.values()), intervalDigests(after.values()))
  const starts = new Set(compared.map(({ start }) => start))
  const empty = [...published.keys()]
    .filter((start) => !starts.has(start))
    .map((start): DigestDifference => ({ start, before: undefined, after: undefined, same: true }))
  return [...compared, ...empty]
    .sort((a, b) => a.start - b.start)
    .map((each) => ({ ...each, published: published.get(each.start) ?? {} }))
}
