import { familyNames } from '../../../domain/family.js'
import { kafkaDefaults } from '../../../egress/kafka/options.js'
import { defaultMarkersTopic, defaultNamesTopic, defaultTopicNames } from '../../../egress/topics.js'

type Raw = Readonly<Record<string, unknown>>

/** A prefix ends with a dot: that of one tenant is then never the beginning of another's, whose names hold no dot. */
export const TOPIC_PREFIX = /^[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,98}\.$/
export const TOPIC_PREFIX_RULE = 'letters, digits, ".", "_" and "-" only, 100 at most, with "." at the end'

/**
 * The raw settings of the egress, each Kafka destination with the topics that its `topicPrefix` names: those that are not
 * given have their usual names behind it. What is given stays as it is.
 */
export const withTopicPrefixes = (egress: Raw): Raw => ({
  ...egress,
  ...(isRaw(egress['kafka']) && { kafka: prefixed(egress['kafka']) }),
  ...(Array.isArray(egress['sinks']) && {
    sinks: egress['sinks'].map((entry: unknown) =>
      isRaw(entry) && entry['use'] === 'kafka' ? prefixed(entry) : entry,
    ),
  }),
})

const prefixed = (given: Raw): Raw => {
  const { topicPrefix, topics = {} } = given
  if (typeof topicPrefix !== 'string') return given
  const names = Object.fromEntries(familyNames.map((family) => [family, `${topicPrefix}${defaultTopicNames[family]}`]))
  return {
    markersTopic: `${topicPrefix}${defaultMarkersTopic}`,
    namesTopic: `${topicPrefix}${defaultNamesTopic}`,
    progressTopic: `${topicPrefix}${kafkaDefaults.progressTopic}`,
    ...given,
    ...(isRaw(topics) && { topics: { ...names, ...topics } }),
  }
}

const isRaw = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value)
