import type { MetricEmitted } from '../../domain/fact.js'
import type { Decoder, Decoders } from './decoder.js'
import { isoInstant, observation, optionalWord, optionalText, text, texts, wholeNumber, type Body } from './fields.js'
import { lowerCase, mediaType } from './spelling.js'

/** Observations (`o…`) may be averages; counts and durations are whole. */
export const metricValue = (body: Body, metric: string): number =>
  metric.startsWith('o') ? observation(body, 'value') : wholeNumber(body, 'value')

const metricEmitted = (body: Body): MetricEmitted => {
  const metric = text(body, 'metric')
  return {
    type: 'MetricEmitted',
    metric,
    value: metricValue(body, metric),
    at: isoInstant(body, 'metricDate'),
    queueId: optionalText(body, 'queueId'),
    userId: optionalText(body, 'userId'),
    mediaType: mediaType(optionalWord(body, 'mediaType')),
    direction: lowerCase(optionalWord(body, 'direction')),
    messageType: lowerCase(optionalWord(body, 'messageType')),
    skillIds: texts(body, 'requestedRoutingSkillIds'),
    languageId: optionalText(body, 'requestedLanguageId'),
    wrapUpCode: optionalText(body, 'wrapUpCode'),
    flowId: optionalText(body, 'flowId'),
    campaignId: optionalText(body, 'outboundCampaignId'),
    divisionIds: texts(body, 'divisionIds'),
  }
}

/**
 * Records of conversations and of flows have the same shape; the one names flows, the other queues, skills and so on.
 */
const metricRecord: Decoder = {
  fields: [
    ...[
      'metric',
      'value',
      'metricDate',
      'queueId',
      'userId',
      'mediaType',
      'direction',
      'messageType',
      'requestedRoutingSkillIds',
    ],
    ...['requestedLanguageId', 'wrapUpCode', 'flowId', 'outboundCampaignId', 'divisionIds'],
  ],
  facts: (body) => [metricEmitted(body)],
}

/** One record = one emission of one metric, in whole, at its instant. */
export const metricRecordDecoders: Decoders = {
  'v2.analytics.conversation.{id}.metrics': metricRecord,
  'v2.analytics.flow.{id}.metrics': metricRecord,
}
