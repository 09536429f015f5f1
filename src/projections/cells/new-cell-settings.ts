import type { FamilyName } from '../../domain/family.js'
import type { EpochMs } from '../../domain/interval.js'
import { metricIndex } from '../../domain/metric.js'
import { countsDetails, type Profile } from '../../domain/profile.js'
import type { Settings } from '../settings.js'
import type { CellState } from './saved-cell.js'

/** What the settings say about a new cell. */
export type NewCellSettings = Readonly<
  Pick<CellState, 'settingsVersion' | 'serviceTarget' | 'sketched' | 'keepsValues'>
>

export type NewCellSettingsOf = (
  family: FamilyName,
  dimensions: readonly (string | null)[],
  start: EpochMs,
) => NewCellSettings

/** What cells begin with by the settings in force. */
export const newCellSettings = (settings: Settings, { points }: Pick<Profile, 'points'>): NewCellSettingsOf => {
  const placesOf = metricPlaces()
  return (family, dimensions, start) => {
    const { quantiles } = settings.cellProfileAt(start)
    return {
      settingsVersion: settings.version,
      serviceTarget: serviceTargetOf(settings, family, dimensions, start),
      sketched: placesOf(quantiles),
      keepsValues: countsDetails(points), // a newer record takes back what an older one said
    }
  }
}

/** The service level that a queue aims at for a media type; null for cells of no single queue and media type. */
export const serviceTargetOf = (
  settings: Settings,
  family: FamilyName,
  [queueId, mediaType]: readonly (string | null)[],
  start: EpochMs,
): number | null => {
  if (family !== 'queue' || typeof queueId !== 'string' || typeof mediaType !== 'string') return null
  return settings.serviceTarget(queueId, mediaType, start)
}

/** Places of metrics in the catalogue: the same array for the same metrics of a profile. */
const metricPlaces = () => {
  const known = new Map<Profile['quantiles'], readonly number[]>()
  return (metrics: Profile['quantiles']): readonly number[] => {
    let places = known.get(metrics)
    if (places === undefined) known.set(metrics, (places = metrics.map((metric) => metricIndex.get(metric) as number)))
    return places
  }
}
