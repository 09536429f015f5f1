import * as E from 'fp-ts/lib/Either.js'
import { families, type FamilyName } from '../../domain/family.js'
import type { Interval } from '../../domain/interval.js'
import { MINUTE_MS, type EpochMs } from '../../domain/interval.js'
import { dimensionOfWire, isMultiValued, splits } from '../../domain/dimensions.js'
import { familyFor } from './family.js'
import { groupKey, intervalKey, spelledValue, type Query } from './query.js'
import { OurCell, type OurRow } from './our-rows.js'

/** Something that could not be compared, and the reason. */
export type NotCompared = Readonly<{ what: string; why: string }>

/** A query and our rows for it: the cells of our groups by `groupKey` and `intervalKey`. */
export type Aligned = Readonly<{
  query: Query
  /** The family of the rows; null if no family can be compared. */
  family: FamilyName | null
  /** By start of a base interval, the comparable intervals that contain it. */
  starts: ReadonlyMap<EpochMs, readonly Interval[]>
  /** Comparable intervals, by key. */
  intervals: ReadonlyMap<string, Interval>
  ours: ReadonlyMap<string, ReadonlyMap<string, OurCell>>
  notCompared: readonly NotCompared[]
  note: string | null
  /** Adds a row to every cell that it belongs to. */
  add: (row: OurRow) => void
  /** Why no row can belong to the group of this key; `undefined` if rows can. */
  unreachable: (key: string) => string | undefined
}>

/**
 * Maps our base intervals to the intervals of a query, and our dimensions to its groups. An interval that is not a
 * union of base intervals cannot be compared, nor can a query by dimensions that no family has.
 */
export const align = (
  query: Query,
  baseMs: number,
  where: Readonly<Record<string, string>>,
  forced: FamilyName | undefined,
): Aligned => {
  const filters = Object.entries(where).map(([name, value]) => [name, spelledValue(name, value)] as const)
  const choice = familyFor(query.sort, [...new Set([...query.dimensions, ...filters.map(([name]) => name)])], forced)
  if (E.isLeft(choice)) return incomparable(query, choice.left)
  const { family, note } = choice.right
  const { intervals, starts, notCompared } = comparableIntervals(query, baseMs)
  const ours = new Map<string, Map<string, OurCell>>()
  const placeOf = (name: string): number => families[family].dimensions.indexOf(dimensionOfWire(name) as never)
  const places = query.dimensions.map((name) => [name, placeOf(name)] as const)
  const filterPlaces = filters.map(([name, value]) => [name, placeOf(name), value] as const)

  const add = (row: OurRow): void => {
    const { dimensions, start, family: ofFamily } = row.now
    if (ofFamily !== family) return
    const within = starts.get(start)
    if (within === undefined) return
    const missing = [...places, ...filterPlaces].find(
      ([name, place]) => isSplit(name) && (dimensions[place] ?? null) === null,
    )
    if (missing !== undefined) {
      for (const interval of within)
        if (intervals.delete(intervalKey(interval)))
          notCompared.push({
            what: `interval ${spelled(interval)}`,
            why: `rows of it are not split by ${missing[0]}: splitBy of the profile must name it`,
          })
      return
    }
    if (!filterPlaces.every(([, place, value]) => dimensions[place] === value)) return
    const key = groupKey(places.map(([, place]) => dimensions[place] ?? null))
    let cells = ours.get(key)
    if (cells === undefined) ours.set(key, (cells = new Map<string, OurCell>()))
    for (const interval of within) {
      let cell = cells.get(intervalKey(interval))
      if (cell === undefined) cells.set(intervalKey(interval), (cell = new OurCell()))
      cell.add(row)
    }
  }

  const unreachable = (key: string): string | undefined => unreachableIn(family, query.dimensions, key)
  return { query, family, starts, intervals, ours, notCompared, note, add, unreachable }
}

/** A query with which no row can be compared. */
const incomparable = (query: Query, why: string): Aligned => ({
  query,
  family: null,
  starts: new Map(),
  intervals: new Map(),
  ours: new Map(),
  notCompared: [
    query.sort === 'unknown'
      ? {
          what: `metrics ${[...query.metrics].join(', ')}`,
          why: 'rows have no such metric, or nobody has said how it is worked out',
        }
      : { what: `groups by ${query.dimensions.join(', ') || 'nothing'}`, why },
  ],
  note: null,
  add: () => undefined,
  unreachable: () => undefined,
})

/** The intervals of a query that are unions of base intervals. */
const comparableIntervals = (query: Query, baseMs: number) => {
  const notCompared: NotCompared[] = []
  const intervals = new Map<string, Interval>()
  const starts = new Map<EpochMs, Interval[]>()
  for (const [key, interval] of query.intervals) {
    if (interval.start % baseMs !== 0 || interval.end % baseMs !== 0) {
      notCompared.push({
        what: `interval ${spelled(interval)}`,
        why: `it is not made of our intervals of ${baseMs / MINUTE_MS} minutes`,
      })
      continue
    }
    intervals.set(key, interval)
    for (let start = interval.start; start < interval.end; start += baseMs) {
      const known = starts.get(start)
      if (known === undefined) starts.set(start, [interval])
      else known.push(interval)
    }
  }
  return { intervals, starts, notCompared }
}

/** Why no row of the family can belong to the group of this key. */
const unreachableIn = (family: FamilyName, names: readonly string[], key: string): string | undefined => {
  const values = JSON.parse(key) as readonly (string | null)[]
  for (const [index, name] of names.entries()) {
    const dimension = dimensionOfWire(name)
    const value = values[index] ?? null
    if (dimension === undefined) continue
    if (value === null && !families[family].optional.includes(dimension))
      return `rows of family ${family} hold nothing without a ${name}`
    if (value?.includes(',') === true && isMultiValued(dimension))
      return `several values of ${name} in one group (flattened): rows are of one each`
  }
  return undefined
}

const isSplit = (name: string): boolean => splits.some((split) => split === dimensionOfWire(name))

const spelled = ({ start, end }: Interval): string => `${new Date(start).toISOString()}/${new Date(end).toISOString()}`
