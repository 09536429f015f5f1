import { noDimensions, type PointDimensions } from '../../domain/dimensions.js'
import { joinedMetrics, type MetricEmitted } from '../../domain/fact.js'
import type { EpochMs } from '../../domain/interval.js'
import { metricIndex, metricNames } from '../../domain/metric.js'
import { MemberCache } from '../plain/member-cache.js'
import { wholeAt } from '../plain/plain-body.js'
import { BODY, MEMBERS_MAX, type PlainEvent } from '../plain/plain-event.js'
import { plainInstant } from '../plain/plain-instant.js'
import { QUOTE } from '../plain/plain-value.js'
import { textOf } from '../plain/text-cache.js'
import { dimensionFields, fillDimensions } from './dimensions.js'
import { OBSERVATION_MAX } from './fields.js'

/**
 * What points of the same dimensions share. Copied for every fact: copying an object is quicker, and takes less memory,
 * than adding up its members, and records are the bulk of all input. They are not frozen, only read: V8 copies a frozen
 * object ten times as slowly.
 */
const blank = { type: 'MetricEmitted' as const, metric: '', value: 0, at: 0 }
const blankPoint = { ...blank, ...noDimensions }
const shared = new MemberCache(dimensionFields, (body) => {
  const point = { ...blankPoint }
  fillDimensions(point, body)
  return point
})

/** A metric point of which nothing is made but numbers. */
export type PlainPoint = Readonly<{
  /** Place in `metricNames`. */
  metric: number
  value: number
  at: EpochMs
  /** The same object for many points that have the same dimensions. */
  dimensions: Readonly<PointDimensions & typeof blank>
}>

const names = ['metric', 'value', 'metricDate']

/**
 * The point in a plain metric record, as `metric-records.ts` reads it from a parsed one. `undefined` if the record is
 * not of the usual form (a known metric that joins nothing, a small whole value, an instant to the millisecond). Throws
 * `BadField`.
 */
export const plainMetricPoint = (event: PlainEvent): PlainPoint | undefined => {
  const { bytes, from, to } = event
  const places = event.shape(BODY).placesOf(names)
  const [name, number, date] = [places[0] as number, places[1] as number, places[2] as number]
  if (name < 0 || number < 0 || date < 0) return undefined
  const first = BODY * MEMBERS_MAX
  const nameFrom = from[first + name] as number
  if (bytes[nameFrom] !== QUOTE) return undefined
  const metricName = textOf(bytes, nameFrom + 1, (to[first + name] as number) - 1)
  const metric = metricIndex.get(metricName)
  if (metric === undefined || joinedMetrics.has(metricName)) return undefined
  const value = wholeAt(bytes, from[first + number] as number, to[first + number] as number)
  const at = plainInstant(bytes, from[first + date] as number, to[first + date] as number)
  // Every limit of a value lies above that of an observation.
  if (value === undefined || Math.abs(value) > OBSERVATION_MAX || at === undefined) return undefined
  return { metric, value, at, dimensions: shared.of(event) }
}

/** The same as a fact. */
export const plainMetricRecord = (event: PlainEvent): MetricEmitted | undefined => {
  const point = plainMetricPoint(event)
  if (point === undefined) return undefined
  const fact = { ...point.dimensions }
  fact.metric = metricNames[point.metric] as string
  fact.value = point.value
  fact.at = point.at
  return fact
}
