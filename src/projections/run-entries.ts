import type { PointDimensions } from '../domain/dimensions.js'
import { joinedMetrics } from '../domain/fact.js'
import { NOT_A_POINT, type FactRun } from '../domain/fact-run.js'
import type { EpochMs } from '../domain/interval.js'
import { metricIndex } from '../domain/metric.js'
import type { Refusal } from './lateness.js'

/** An entry of a run that cannot be counted, or not as a whole, and why. */
export type RefusedEntry = Readonly<{ entry: number; refusal: Refusal }>

/** Is the entry a point of a known metric that is counted by itself? */
export const isSinglePoint = ({ metric, tuple, tuples }: FactRun, entry: number): boolean => {
  const place = metric[entry] as number
  return (
    place !== NOT_A_POINT &&
    !(joinedPlaces.has(place) && (tuples[tuple[entry] as number] as PointDimensions).mediaType === 'callback')
  )
}

const joinedPlaces: ReadonlySet<number> = new Set([...joinedMetrics].map((metric) => metricIndex.get(metric) as number))

/** When the raw event of an entry was received, if that is known. */
export const receivedAtOf = ({ receivedAt }: FactRun, entry: number): EpochMs | undefined => {
  const at = receivedAt[entry] as number
  return Number.isNaN(at) ? undefined : at
}
