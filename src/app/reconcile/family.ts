import * as E from 'fp-ts/lib/Either.js'
import { dimensionOfWire, isMultiValued, splits, type Dimension } from '../../domain/dimensions.js'
import { families, familyNames, type FamilyName } from '../../domain/family.js'
import { isMetricName, metricGroup } from '../../domain/metric.js'

/** Dimensions that every family of points has, so that they do not choose a family. */
const common: readonly Dimension[] = ['mediaType', ...splits]
const ownOf = (family: FamilyName): readonly Dimension[] =>
  families[family].dimensions.filter((dimension) => !common.includes(dimension))

/** What a metric measures. Each kind stands in rows of its own families. */
export type MetricSort = 'interaction' | 'flow' | 'state' | 'unknown'

export const sortOf = (metric: string): MetricSort => {
  if (metric === 'oServiceLevel') return 'interaction'
  if (!isMetricName(metric)) return 'unknown'
  const group = metricGroup(metric)
  return group === 'query-time' ? 'interaction' : group === 'occupancy' ? 'unknown' : group
}

/** The family to compare with, and a note for the report. */
export type Choice = Readonly<{ family: FamilyName; note: string | null }>

/**
 * The family whose rows, added over the dimensions that the group lacks, give the figures of a query grouped by
 * `names`. The left says why there is none. `forced` allows that family alone.
 */
export const familyFor = (
  sort: MetricSort,
  names: readonly string[],
  forced?: FamilyName,
): E.Either<string, Choice> => {
  const foreign = names.find((name) => dimensionOfWire(name) === undefined)
  if (foreign !== undefined) return E.left(`groups by ${foreign}: rows have no such dimension`)
  const dimensions = names.map((name) => dimensionOfWire(name) as Dimension)
  const choice = forced ?? fitting(sort, dimensions)
  if (choice === undefined)
    return E.left(
      `groups by ${names.join(', ') || 'nothing'}: no family has ${sort === 'interaction' ? 'these together' : `${sort} metrics by these`}`,
    )
  if (!carries(choice, sort)) return E.left(`rows of family ${choice} carry no ${sort} metrics`)
  const absent = names.find((name) => !families[choice].dimensions.includes(dimensionOfWire(name) as Dimension))
  if (absent !== undefined) return E.left(`groups by ${absent}: rows of family ${choice} have no such dimension`)
  const summed = choice === 'agent-state' ? [] : ownOf(choice).filter((dimension) => !dimensions.includes(dimension))
  const lying = summed.find(isMultiValued)
  if (lying !== undefined)
    return E.left(
      `not grouped by ${lying}: what has several of them is in several rows of family ${choice}, so their sum would be more than the total`,
    )
  const partial = summed.filter((dimension) => !families[choice].optional.includes(dimension))
  const isPart =
    choice !== 'agent-state' && partial.length > 0 && !(choice === 'agent' && dimensions.includes('userId'))
  return E.right({
    family: choice,
    note: isPart
      ? `rows of family ${choice} hold only what has a ${partial.join(' and a ')}: right if the query was restricted to these`
      : null,
  })
}

const carries = (family: FamilyName, sort: MetricSort): boolean =>
  families[family].metrics.some((metric) => sortOf(metric) === sort)

const fitting = (sort: MetricSort, dimensions: readonly Dimension[]): FamilyName | undefined => {
  if (sort === 'unknown') return undefined
  if (sort === 'state') return dimensions.every((dimension) => dimension === 'userId') ? 'agent-state' : undefined
  const own = dimensions.filter((dimension) => !common.includes(dimension))
  // Every point of an agent is in exactly one row of this family, with or without a queue.
  if (sort === 'interaction' && own.length === 1 && own[0] === 'userId') return 'agent'
  return familyNames.find((family) => {
    const needed = ownOf(family)
    return (
      family !== 'agent-state' &&
      carries(family, sort) &&
      needed.length === own.length &&
      own.every((dimension) => needed.includes(dimension))
    )
  })
}
