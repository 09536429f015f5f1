import type { MetricPoint } from '../../domain/fact.js'
import {
  pointDimension,
  splits,
  type PointField,
  type PointDimensionInfo,
  type Split,
} from '../../domain/dimensions.js'
import { families, familyNames, type FamilyName } from '../../domain/family.js'
import { metricIndex, pointMetrics } from '../../domain/metric.js'
import type { Profile } from '../../domain/profile.js'

/** Called with a cell within its interval. */
export type OnCell = (family: FamilyName, dimensions: readonly (string | null)[]) => void

const places = new Map<string, number>(pointMetrics.map((metric) => [metric, metricIndex.get(metric) as number]))

/**
 * Place of a point metric in the catalogue; `undefined` for a metric that no family carries: it stays in the raw log.
 */
export const metricPlace = (metric: string): number | undefined => places.get(metric)

/** A dimension by which the points of a family are told apart, besides media type and splits. */
type OwnDimension = Readonly<{ field: PointField; isOptional: boolean }>

type PointFamily = Readonly<{ own: readonly OwnDimension[]; metrics: ReadonlySet<string> }>

/** `undefined` for a family of states: points have a media type. */
const pointFamilyOf = (name: FamilyName): PointFamily | undefined => {
  const { dimensions, optional, metrics } = families[name]
  if (!dimensions.includes('mediaType')) return undefined
  const infos = dimensions.map((dimension) => pointDimension(dimension) as PointDimensionInfo)
  const own = infos.filter(({ kind, split }) => kind !== 'media' && split !== true)
  return {
    own: own.map(({ name: dimension, field }) => ({ field, isOptional: optional.includes(dimension) })),
    metrics: new Set<string>(metrics),
  }
}

const pointFamilies: ReadonlyMap<FamilyName, PointFamily> = new Map(
  familyNames.flatMap((name) => {
    const family = pointFamilyOf(name)
    return family === undefined ? [] : [[name, family] as const]
  }),
)

/** The families of points that a profile asks for. */
export const pointFamiliesOf = (profile: Profile): readonly FamilyName[] =>
  profile.families.filter((family) => pointFamilies.has(family))

/**
 * Calls `onCell` with each cell that a point falls into: one of each family whose dimensions it carries, and one of
 * each value where it carries several. What it carries twice counts once.
 */
export const forEachCell = (
  point: MetricPoint,
  asked: readonly FamilyName[],
  splitBy: Profile['splitBy'],
  onCell: OnCell,
): void => {
  for (const family of asked) {
    const { own, metrics } = pointFamilies.get(family) as PointFamily
    if (metrics.has(point.metric))
      choose(point, family, own, new Array<string | null>(own.length + COMMON), 0, splitBy, onCell)
  }
}

/** Media type and splits: the last dimensions of every family of points. */
const COMMON = 1 + splits.length

/**
 * Fills `chosen` with the family's own dimensions from `from` on, and then with those of all families. The array has
 * its final length from the start: it becomes the dimensions of a new cell, and this is the hottest place of the
 * projection.
 */
const choose = (
  point: MetricPoint,
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
