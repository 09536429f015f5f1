import { joinedMetrics, type MetricEmitted } from '../../domain/fact.js'
import type { Decoder, Decoders } from './decoder.js'
import { dimensionFields, readDimensions } from './dimensions.js'
import { isoInstant, observation, optionalText, text, wholeNumber, type Body } from './fields.js'

/** Observations (`o…`) may be averages; counts and durations are whole. */
export const metricValue = (body: Body, metric: string): number =>
  metric.startsWith('o') ? observation(body, 'value') : wholeNumber(body, 'value')

const metricEmitted = (body: Body, conversationId: string): MetricEmitted => {
  const metric = text(body, 'metric')
  return {
    type: 'MetricEmitted',
    metric,
    value: metricValue(body, metric),
    at: isoInstant(body, 'metricDate'),
    ...readDimensions(body),
    ...(joinedMetrics.has(metric) ? { session: `${conversationId}/${optionalText(body, 'sessionId') ?? '-'}` } : {}),
  }
}

/** Records of conversations and of flows have the same format and differ in the dimensions they name. */
const metricRecord: Decoder = {
  fields: ['metric', 'value', 'metricDate', 'sessionId', ...dimensionFields],
  facts: (body, entityId) => [metricEmitted(body, entityId)],
}

/** A record is one emission of one metric, which counts as a whole at its instant. */
export const metricRecordDecoders: Decoders = {
  'v2.analytics.conversation.{id}.metrics': metricRecord,
  'v2.analytics.flow.{id}.metrics': metricRecord,
}
