import {
  pointDimension,
  splits,
  type PointDimensionInfo,
  type PointDimensions,
  type PointField,
  type Split,
} from '../../domain/dimensions.js'
import { families, familyNames, type FamilyName } from '../../domain/family.js'
import { metricIndex, metricNames, pointMetrics } from '../../domain/metric.js'
import type { Profile } from '../../domain/profile.js'

/** Called with a cell within its interval. */
export type OnCell = (family: FamilyName, dimensions: readonly (string | null)[]) => void

/** A dimension by which the points of a family are told apart, besides media type and splits. */
type OwnDimension = Readonly<{ field: PointField; isOptional: boolean }>

/** `undefined` for a family of states: points have a media type. */
const ownDimensionsOf = (name: FamilyName): readonly OwnDimension[] | undefined => {
  const { dimensions, optional } = families[name]
  if (!dimensions.includes('mediaType')) return undefined
  const infos = dimensions.map((dimension) => pointDimension(dimension) as PointDimensionInfo)
  const own = infos.filter(({ kind, split }) => kind !== 'media' && split !== true)
  return own.map(({ name: dimension, field }) => ({ field, isOptional: optional.includes(dimension) }))
}

const pointFamilies: ReadonlyMap<FamilyName, readonly OwnDimension[]> = new Map(
  familyNames.flatMap((name) => {
    const own = ownDimensionsOf(name)
    return own === undefined ? [] : [[name, own] as const]
  }),
)

/** The families of points that a profile asks for. */
export const pointFamiliesOf = (profile: Profile): readonly FamilyName[] =>
  profile.families.filter((family) => pointFamilies.has(family))

/** Metrics that the same families carry fall into the same cells. The families of each such class of metrics. */
export const classFamilies: readonly (readonly FamilyName[])[] = []

/** Class of a metric, by its place in the catalogue; -1: no family of points carries it, it stays in the raw log. */
export const metricClass: Int8Array = new Int8Array(metricNames.length).fill(-1)

for (const metric of pointMetrics) {
  const carrying = [...pointFamilies.keys()].filter((family) => families[family].metrics.includes(metric))
  const known = classFamilies.findIndex((others) => others.join() === carrying.join())
  const found = known >= 0 ? known : (classFamilies as (readonly FamilyName[])[]).push(carrying) - 1
  metricClass[metricIndex.get(metric) as number] = found
}

/** Place in the catalogue of a metric that points carry; `undefined` for others: they stay in the raw log. */
export const metricPlace = (metric: string): number | undefined => {
  const place = metricIndex.get(metric)
  return place === undefined || (metricClass[place] as number) < 0 ? undefined : place
}

/**
 * Calls `onCell` with each cell that a point with these dimensions falls into: one of each of these families whose
 * dimensions it carries, and one of each value where it carries several. What it carries twice counts once.
 */
export const forEachCell = (
  point: PointDimensions,
  asked: readonly FamilyName[],
  splitBy: Profile['splitBy'],
  onCell: OnCell,
): void => {
  for (const family of asked) {
    const own = pointFamilies.get(family) as readonly OwnDimension[]
    choose(point, family, own, new Array<string | null>(own.length + COMMON), 0, splitBy, onCell)
  }
}

/** Media type and splits: the last dimensions of every family of points. */
const COMMON = 1 + splits.length

/** Fills `chosen` with the family's own dimensions from `from` on, and then with those of all families. */
const choose = (
  point: PointDimensions,
  family: FamilyName,
  own: readonly OwnDimension[],
  chosen: (string | null)[],
  from: number,
  splitBy: Profile['splitBy'],
  onCell: OnCell,
): void => {
  for (let index = from; index < own.length; index++) {
    const { field, isOptional } = own[index] as OwnDimension
    const value = point[field] ?? null
    if (typeof value === 'string' || (value === null && isOptional)) chosen[index] = value
    else if (value === null) return
    else {
      for (const one of distinct(value)) {
        const copy = chosen.slice()
        copy[index] = one
        choose(point, family, own, copy, index + 1, splitBy, onCell)
      }
      return
    }
  }
  chosen[own.length] = point.mediaType
  for (let index = 0; index < splits.length; index++) {
    const split = splits[index] as Split
    chosen[own.length + 1 + index] = splitBy.includes(split) ? (point[split] ?? 'unknown') : null
  }
  onCell(family, chosen)
}

const distinct = (values: readonly string[]): readonly string[] => (values.length < 2 ? values : [...new Set(values)])
