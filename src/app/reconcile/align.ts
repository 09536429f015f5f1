import * as E from 'fp-ts/lib/Either.js'
import { families, type FamilyName } from '../../domain/family.js'
import type { Interval } from '../../domain/interval.js'
import { MINUTE_MS, type EpochMs } from '../../domain/interval.js'
import { dimensionOfWire, isMultiValued, splits } from '../../domain/dimensions.js'
import { familyFor } from './family.js'
import { groupKey, intervalKey, spelledValue, type Query } from './query.js'
import { OurCell, type OurRow } from './rows.js'

/** Something that could not be compared, and why; `figures` of the API, as far as that can be said. */
export type NotCompared = Readonly<{ what: string; why: string }>

/** A query with our rows beside it: the cells of our groups by `groupKey` and `intervalKey`. */
export type Aligned = Readonly<{
  query: Query
  /** Whose rows; null if none can be compared. */
  family: FamilyName | null
  /** The comparable intervals in which a base interval lies, by its start. */
  starts: ReadonlyMap<EpochMs, readonly Interval[]>
  /** Comparable intervals, by key. */
  intervals: ReadonlyMap<string, Interval>
  ours: ReadonlyMap<string, ReadonlyMap<string, OurCell>>
  notCompared: readonly NotCompared[]
  note: string | null
  /** Adds a row to all cells in which it counts. */
  take: (row: OurRow) => void
  /** The group that has these values, or why no row can be in it. */
  unreachable: (key: string) => string | undefined
}>

/**
 * Lays our base intervals under those of a query and our dimensions under its groups. An interval that is no union of
 * base intervals cannot be compared; nor can a query by dimensions that no family has.
 */
export const align = (
  query: Query,
  baseMs: number,
  where: Readonly<Record<string, string>>,
  forced: FamilyName | undefined,
): Aligned => {
  const notCompared: NotCompared[] = []
  const intervals = new Map<string, Interval>()
  const starts = new Map<EpochMs, Interval[]>()
  const ours = new Map<string, Map<string, OurCell>>()
  const filters = Object.entries(where).map(([name, value]) => [name, spelledValue(name, value)] as const)
  const choice = familyFor(query.sort, [...new Set([...query.dimensions, ...filters.map(([name]) => name)])], forced)
  if (E.isLeft(choice)) {
    const what =
      query.sort === 'unknown'
        ? `metrics ${[...query.metrics].join(', ')}`
        : `groups by ${query.dimensions.join(', ') || 'nothing'}`
    const why =
      query.sort === 'unknown' ? 'rows have no such metric, or nobody has said how it is worked out' : choice.left
    return {
      query,
      family: null,
      starts,
      intervals,
      ours,
      notCompared: [{ what, why }],
      note: null,
      take: () => undefined,
      unreachable: () => undefined,
    }
  }
  const { family, note } = choice.right
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
  const placeOf = (name: string): number => families[family].dimensions.indexOf(dimensionOfWire(name) as never)
  const places = query.dimensions.map((name) => [name, placeOf(name)] as const)
  const filterPlaces = filters.map(([name, value]) => [name, placeOf(name), value] as const)

  const take = (row: OurRow): void => {
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

  const unreachable = (key: string): string | undefined => {
    const values = JSON.parse(key) as readonly (string | null)[]
    for (const [index, [name]] of places.entries()) {
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
  return { query, family, starts, intervals, ours, notCompared, note, take, unreachable }
}

const isSplit = (name: string): boolean => splits.some((split) => split === dimensionOfWire(name))

const spelled = ({ start, end }: Interval): string => `${new Date(start).toISOString()}/${new Date(end).toISOString()}`
