import type { MetricPoint } from '../../domain/fact.js'
import { families, type FamilyName } from '../../domain/family.js'
import { flowMetrics, metricIndex, pointMetrics } from '../../domain/metric.js'
import type { Profile } from '../../domain/profile.js'

/** A cell within its interval. */
export type Place = (family: FamilyName, dimensions: readonly (string | null)[]) => void

const flow: ReadonlySet<string> = new Set(flowMetrics)
const places = new Map<string, number>(pointMetrics.map((metric) => [metric, metricIndex.get(metric) as number]))

/**
 * Place of a point metric in the catalogue; `undefined` for a metric that no family carries: it stays in the raw log.
 */
export const placeOf = (metric: string): number | undefined => places.get(metric)

const pointFamilies: ReadonlySet<FamilyName> = new Set(
  Object.values(families)
    .filter(({ dimensions }) => dimensions.includes('mediaType'))
    .map(({ name }) => name),
)

/** The families of points that a profile asks for. */
export const pointFamiliesOf = (profile: Profile): readonly FamilyName[] =>
  profile.families.filter((family) => pointFamilies.has(family))

/**
 * Calls `place` with each cell that a point falls into: one of each family whose dimension it carries, and one of each
 * value where it carries several. What it carries twice counts once.
 */
export const placesOf = (
  point: MetricPoint,
  asked: readonly FamilyName[],
  splitBy: Profile['splitBy'],
  place: Place,
): void => {
  const { mediaType } = point
  const direction = splitBy.includes('direction') ? (point.direction ?? 'unknown') : null
  const messageType = splitBy.includes('messageType') ? (point.messageType ?? 'unknown') : null
  const isFlow = flow.has(point.metric)
  for (const family of asked) {
    if (isFlow && family !== 'flow' && family !== 'organisation') continue
    switch (family) {
      case 'queue':
        if (point.queueId !== null) place(family, [point.queueId, mediaType, direction, messageType])
        break
      case 'agent':
        if (point.userId !== null) place(family, [point.userId, point.queueId, mediaType, direction, messageType])
        break
      case 'skill':
        for (const skillId of distinct(point.skillIds)) place(family, [skillId, mediaType, direction, messageType])
        break
      case 'language':
        if (point.languageId !== null) place(family, [point.languageId, mediaType, direction, messageType])
        break
      case 'wrap-up':
        if (point.wrapUpCode !== null) place(family, [point.wrapUpCode, mediaType, direction, messageType])
        break
      case 'flow':
        if (isFlow && point.flowId !== null) place(family, [point.flowId, mediaType, direction, messageType])
        break
      case 'campaign':
        if (point.campaignId !== null) place(family, [point.campaignId, mediaType, direction, messageType])
        break
      case 'division':
        for (const divisionId of distinct(point.divisionIds))
          place(family, [divisionId, mediaType, direction, messageType])
        break
      case 'organisation':
        place(family, [mediaType, direction, messageType])
        break
      case 'agent-state':
      case 'agent-occupancy':
        break // families of spans
    }
  }
}

const distinct = (values: readonly string[]): readonly string[] => (values.length < 2 ? values : [...new Set(values)])
