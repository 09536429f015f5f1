import type { MetricPoint } from '../../domain/fact.js'
import { pointDimension, splits, type PointField, type PointDimensionInfo } from '../../domain/dimensions.js'
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
type OwnDimension = Readonly<{ field: PointField; many: boolean; isOptional: boolean }>

type PointFamily = Readonly<{ own: readonly OwnDimension[]; metrics: ReadonlySet<string> }>

/** `undefined` for a family of states: points have a media type. */
const pointFamilyOf = (name: FamilyName): PointFamily | undefined => {
  const { dimensions, optional, metrics } = families[name]
  if (!dimensions.includes('mediaType')) return undefined
  const infos = dimensions.map((dimension) => pointDimension(dimension) as PointDimensionInfo)
  const own = infos.filter(({ kind, split }) => kind !== 'media' && split !== true)
  return {
    own: own.map(({ name: dimension, field, many }) => ({
      field,
      many: many === true,
      isOptional: optional.includes(dimension),
    })),
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
  const common: (string | null)[] = [point.mediaType]
  for (const split of splits) common.push(splitBy.includes(split) ? (point[split] ?? 'unknown') : null)
  for (const family of asked) {
    const { own, metrics } = pointFamilies.get(family) as PointFamily
    if (metrics.has(point.metric)) expand(point, family, own, [], common, onCell)
  }
}

/** Goes through the family's own dimensions; `chosen` are the values of those before. */
const expand = (
  point: MetricPoint,
  family: FamilyName,
  own: readonly OwnDimension[],
  chosen: readonly (string | null)[],
  common: readonly (string | null)[],
  onCell: OnCell,
): void => {
  const dimension = own[chosen.length]
  if (dimension === undefined) return onCell(family, [...chosen, ...common])
  const value = point[dimension.field] ?? null
  if (value === null) {
    if (dimension.isOptional) expand(point, family, own, [...chosen, null], common, onCell)
  } else if (typeof value === 'string') expand(point, family, own, [...chosen, value], common, onCell)
  else for (const one of distinct(value)) expand(point, family, own, [...chosen, one], common, onCell)
}

const distinct = (values: readonly string[]): readonly string[] => (values.length < 2 ? values : [...new Set(values)])
