import { joinedMetrics, type MetricEmitted } from '../../domain/fact.js'
import type { Decoder, Decoders } from './decoder.js'
import { noDimensions } from '../../domain/dimensions.js'
import { dimensionFields, fillDimensions } from './dimensions.js'
import { plainMetricPoint, plainMetricRecord } from './plain-metric-record.js'
import { isoInstant, observation, optionalText, text, wholeNumber, type Body } from './fields.js'

/** Observations (`o…`) may be averages; counts and durations are whole. */
export const metricValue = (body: Body, metric: string): number =>
  metric.startsWith('o') ? observation(body, 'value') : wholeNumber(body, 'value')

const metricEmitted = (body: Body, conversationId: string): MetricEmitted => {
  const point = { type: 'MetricEmitted' as const, metric: '', value: 0, at: 0, ...noDimensions }
  point.metric = text(body, 'metric')
  point.value = metricValue(body, point.metric)
  point.at = isoInstant(body, 'metricDate')
  fillDimensions(point, body)
  if (!joinedMetrics.has(point.metric)) return point
  return { ...point, session: `${conversationId}/${optionalText(body, 'sessionId') ?? '-'}` }
}

/** Records of conversations and of flows have the same format and differ in the dimensions they name. */
const metricRecord: Decoder = {
  fields: ['metric', 'value', 'metricDate', 'sessionId', ...dimensionFields],
  facts: (body, entityId) => [metricEmitted(body, entityId)],
  plainFact: plainMetricRecord,
  plainPoint: plainMetricPoint,
}

/** A record is one emission of one metric, which counts as a whole at its instant. */
export const metricRecordDecoders: Decoders = {
  'v2.analytics.conversation.{id}.metrics': metricRecord,
  'v2.analytics.flow.{id}.metrics': metricRecord,
}
