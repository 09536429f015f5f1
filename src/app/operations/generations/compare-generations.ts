import { latestPlaces } from '../../../contract/kpi-stream/latest.js'
import type { StoredPlace } from '../../../contract/kpi-stream/stored.js'
import type { EpochMs } from '../../../domain/interval.js'
import { rowEvents, rowWindows } from '../../row-index/row-events.js'
import type { RowRange, RowsOf } from '../../row-index/row-index.js'
import {
  comparedLike,
  comparedRow,
  compareDigests,
  intervalDigests,
  type ComparedRow,
  type DigestDifference,
} from './digest.js'

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
    const now = await placesIn(after, window)
    const old = before === undefined ? new Map<string, StoredPlace>() : await placesIn(before, window)
    const rows = new Map([...now].map(([key, stored]) => [key, comparedRow(stored)]))
    const like = ([key, stored]: readonly [string, StoredPlace]): readonly [string, ComparedRow] => [
      key,
      comparedLike(stored, now.get(key), rows.get(key)),
    ]
    compared.push(...compareGenerations(new Map([...old].map(like)), rows))
  }
  return compared
}

const placesIn = (of: RowsOf, window: RowRange): Promise<ReadonlyMap<string, StoredPlace>> => {
  const { from = -Infinity, to = Infinity } = window
  return latestPlaces(rowEvents(of, window), ({ start }) => start >= from && start < to)
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
  /** Intervals of which not all figures are the same objects. */
  const others = new Set<EpochMs>()
  for (const [key, row] of after) {
    const old = before.get(key)
    if (old?.figures !== row.figures) others.add(row.start)
    if (old === undefined) continue
    for (const field of publishedFields) {
      if (old[field] === row[field]) continue
      const counts = published.get(row.start) ?? {}
      counts[field] = (counts[field] ?? 0) + 1
      published.set(row.start, counts)
    }
  }
  for (const [key, { start }] of before) if (!after.has(key)) others.add(start)
  const now = intervalDigests(after.values())
  const old = [...before.values()].filter(({ start }) => others.has(start))
  const compared = compareDigests([...now.filter(({ start }) => !others.has(start)), ...intervalDigests(old)], now)
  const starts = new Set(compared.map(({ start }) => start))
  const empty = [...published.keys()]
    .filter((start) => !starts.has(start))
    .map((start): DigestDifference => ({ start, before: undefined, after: undefined, same: true }))
  return [...compared, ...empty]
    .sort((a, b) => a.start - b.start)
    .map((each) => ({ ...each, published: published.get(each.start) ?? {} }))
}
