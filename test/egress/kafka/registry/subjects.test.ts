import { expect, test } from 'vitest'
import { rowCodec } from '../../../../src/contract/row-codec.js'
import type { SubjectStrategy } from '../../../../src/egress/kafka/registry/subject-strategies.js'
import { subjectSchemas } from '../../../../src/egress/kafka/registry/subjects.js'
import { defaultTopics, sharedTopics, timeSeries, type Topics } from '../../../../src/egress/topics.js'

const subjects = (topics: Topics, strategy?: SubjectStrategy): string[] =>
  subjectSchemas(topics, strategy, [rowCodec('queue'), rowCodec('agent')]).map(({ subject }) => subject)

const shared = sharedTopics([timeSeries('all')])

test.each<[SubjectStrategy | undefined, Topics, string[]]>([
  [undefined, defaultTopics, ['genesys.queue-metrics-value', 'genesys.agent-metrics-value']],
  [undefined, shared, ['all-streamvane.kpi.QueueMetrics', 'all-streamvane.kpi.AgentMetrics']],
  ['TopicNameStrategy', defaultTopics, ['genesys.queue-metrics-value', 'genesys.agent-metrics-value']],
  ['RecordNameStrategy', defaultTopics, ['streamvane.kpi.QueueMetrics', 'streamvane.kpi.AgentMetrics']],
  [
    'TopicRecordNameStrategy',
    defaultTopics,
    ['genesys.queue-metrics-streamvane.kpi.QueueMetrics', 'genesys.agent-metrics-streamvane.kpi.AgentMetrics'],
  ],
])('subjects by %s', (strategy, topics, expected) => {
  expect(subjects(topics, strategy)).toEqual(expected)
})

test('a family with several topics has a subject for each, and one where the topic is no part of its name', () => {
  const topics = { ...defaultTopics, queue: [timeSeries('a'), timeSeries('b')] }
  expect(subjects(topics)).toEqual(['a-value', 'b-value', 'genesys.agent-metrics-value'])
  expect(subjects(topics, 'RecordNameStrategy')).toEqual(['streamvane.kpi.QueueMetrics', 'streamvane.kpi.AgentMetrics'])
})
