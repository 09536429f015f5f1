import type { Dimension } from '../../../domain/dimensions.js'
import { families } from '../../../domain/family.js'
import { intervalAt } from '../../../domain/granularity.js'
import type { EpochMs, Interval } from '../../../domain/interval.js'
import type { CompiledKpis } from '../../../domain/kpi.js'
import type { RowWithKpis } from '../../../domain/kpi-terms.js'
import type { Row } from '../../../domain/row.js'
import { addToDigest, rowNumber } from '../../../domain/row-digest.js'
import type { FeedSettings } from '../../config/feeds/feed-schema.js'
import type { FeedPlan } from './plan.js'
import { isCompleteIn, type Source, type SourceRow } from './source-rows.js'

/**
 * What a feed says of one interval and one value of each of its dimensions: the rows that are added up. `place` is in
 * the order of `by`; a dimension that was grouped has the name of its group.
 */
export type FeedRecord = Readonly<{
  interval: Interval
  place: readonly (string | null)[]
  isComplete: boolean
  rows: readonly RowWithKpis[]
}>

/** An interval of a feed. `rows` and `digest` are those of the rows that it is made of, as of markers. */
export type FeedInterval = Readonly<{
  interval: Interval
  isComplete: boolean
  records: readonly FeedRecord[]
  rows: number
  digest: number
  /** Why rows of it were restated last. */
  corrections: readonly string[]
}>

/** The intervals of a feed that start in `[from, to)`. */
export function* intervalsOf(
  { interval, zone }: Pick<FeedSettings, 'interval' | 'zone'>,
  from: EpochMs,
  to: EpochMs,
): Iterable<Interval> {
  let next = intervalAt(interval, zone, from)
  if (next.start < from) next = intervalAt(interval, zone, next.end)
  for (; next.start < to; next = intervalAt(interval, zone, next.end)) yield next
}

/** Adds the rows of a source up to the records of each interval that starts in `[from, to)`. `kpisOf`: of its rendering. */
export const feedIntervals = (
  plan: FeedPlan,
  source: Source,
  { start: from, end: to }: Interval,
  kpisOf: (row: Row) => CompiledKpis,
): readonly FeedInterval[] => {
  const { settings } = plan
  const isWanted = rowFilter(settings)
  const placeOf = placing(plan)
  const rows = source.rows.filter(({ row }) => isWanted(row) && placeOf(row) !== undefined)
  let at = 0
  return [...intervalsOf(settings, from, to)].map((interval) => {
    const own: SourceRow[] = []
    while (at < rows.length && rows[at]!.row.start < interval.start) at++
    for (; at < rows.length && rows[at]!.row.start < interval.end; at++) own.push(rows[at]!)
    const isComplete = isCompleteIn(source, interval)
    const groups = new Map<string, { place: readonly (string | null)[]; rows: RowWithKpis[] }>()
    for (const place of expectedPlaces(plan)) groups.set(JSON.stringify(place), { place, rows: [] })
    for (const { row } of own) {
      const place = placeOf(row) as readonly (string | null)[]
      const key = JSON.stringify(place)
      const group = groups.get(key)
      const rendered = { row, kpis: kpisOf(row) }
      if (group === undefined) groups.set(key, { place, rows: [rendered] })
      else group.rows.push(rendered)
    }
    return {
      ...{ interval, isComplete, rows: own.length },
      records: [...groups.values()]
        .sort((a, b) => comparePlaces(a.place, b.place))
        .map((group) => ({ interval, isComplete, ...group })),
      digest: own.reduce((digest, { row }) => addToDigest(digest, rowNumber(row.key, row.revision)), 0),
      corrections: [...new Set(own.flatMap(({ row }) => row.correction ?? []))].sort(),
    }
  })
}

const rowFilter = ({ family, filter }: FeedSettings): ((row: Row) => boolean) => {
  const wanted = wantedValues(family, filter)
  return (row) => wanted.every(([place, values]) => values.has(row.dimensions[place] ?? null))
}

type Wanted = Readonly<Partial<Record<Dimension, readonly string[]>>>

/** For each dimension its place in rows of the family and the values that are wanted; `-` is none. */
export const wantedValues = (
  family: FeedSettings['family'],
  filter: Wanted,
): readonly (readonly [place: number, values: ReadonlySet<string | null>])[] =>
  Object.entries(filter).map(([name, values]) => [
    families[family].dimensions.indexOf(name as Dimension),
    new Set((values ?? []).map((value) => (value === '-' ? null : value))),
  ])

/** The record that a row belongs to; `undefined`: to none, because its group is left out. */
const placing = ({ settings, by }: FeedPlan): ((row: Row) => readonly (string | null)[] | undefined) => {
  const { family, groups } = settings
  const places = by.map((name) => families[family].dimensions.indexOf(name))
  if (groups === undefined) return (row) => places.map((place) => row.dimensions[place] ?? null)
  const grouped = by.indexOf(groups.dimension)
  const groupOf = new Map(Object.entries(groups.members).flatMap(([name, ids]) => ids.map((id) => [id, name] as const)))
  return (row) => {
    const values = places.map((place) => row.dimensions[place] ?? null)
    const group = groupOf.get(values[grouped] ?? '-') ?? groups.others
    if (group === undefined) return undefined
    values[grouped] = group
    return values
  }
}

/** The records that there are in every interval, where zeros are asked for. */
const expectedPlaces = ({ settings, by }: FeedPlan): readonly (readonly string[])[] => {
  const { zeros, filter, groups } = settings
  if (!zeros) return []
  return by.reduce<readonly (readonly string[])[]>(
    (places, name) => {
      const values = groups?.dimension === name ? Object.keys(groups.members) : (filter[name] ?? [])
      return places.flatMap((place) => values.map((value) => [...place, value]))
    },
    [[]],
  )
}

/** The order of records within an interval. */
export const comparePlaces = (a: readonly (string | null)[], b: readonly (string | null)[]): number => {
  for (let at = 0; at < a.length; at++) {
    const [left, right] = [a[at] ?? '', b[at] ?? '']
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}
