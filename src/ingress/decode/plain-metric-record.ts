import { noDimensions } from '../../domain/dimensions.js'
import { joinedMetrics, type MetricEmitted } from '../../domain/fact.js'
import { metricIndex } from '../../domain/metric.js'
import { MemberCache } from '../plain/member-cache.js'
import { wholeAt } from '../plain/plain-body.js'
import { BODY, MEMBERS_MAX, type PlainEvent } from '../plain/plain-event.js'
import { plainInstant } from '../plain/plain-instant.js'
import { QUOTE } from '../plain/plain-value.js'
import { textOf } from '../plain/text-cache.js'
import { dimensionFields, fillDimensions } from './dimensions.js'
import { OBSERVATION_MAX } from './fields.js'

/**
 * A point without what is of its own: the dimensions that its record says. Copied for every record: copying an object
 * is quicker, and takes less memory, than adding up its members, and records are the bulk of all input.
 */
const points = new MemberCache(dimensionFields, (body) => {
  const point = { type: 'MetricEmitted' as const, metric: '', value: 0, at: 0, ...noDimensions }
  fillDimensions(point, body)
  return Object.freeze(point)
})

const names = ['metric', 'value', 'metricDate']

/**
 * The point in a plain metric record, as `metric-records.ts` reads it from a parsed one. `undefined` if the record is
 * not of the usual form (a known metric that joins nothing, a small whole value, an instant to the millisecond). Throws
 * `BadField`.
 */
export const plainMetricRecord = (event: PlainEvent): MetricEmitted | undefined => {
  const { bytes, from, to } = event
  const places = event.shape(BODY).placesOf(names)
  const [name, number, date] = [places[0] as number, places[1] as number, places[2] as number]
  if (name < 0 || number < 0 || date < 0) return undefined
  const first = BODY * MEMBERS_MAX
  const nameFrom = from[first + name] as number
  if (bytes[nameFrom] !== QUOTE) return undefined
  const metric = textOf(bytes, nameFrom + 1, (to[first + name] as number) - 1)
  if (!metricIndex.has(metric) || joinedMetrics.has(metric)) return undefined
  const value = wholeAt(bytes, from[first + number] as number, to[first + number] as number)
  const at = plainInstant(bytes, from[first + date] as number, to[first + date] as number)
  // Every limit of a value lies above that of an observation.
  if (value === undefined || Math.abs(value) > OBSERVATION_MAX || at === undefined) return undefined
  const point = { ...points.of(event) }
  point.metric = metric
  point.value = value
  point.at = at
  return point
}
