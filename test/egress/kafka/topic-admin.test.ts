import { expect, test } from 'vitest'
import { classifyKafkaError } from '../../../src/egress/kafka/failures.js'
import { planTopics, TopicsFailed, wantedTopics } from '../../../src/egress/kafka/topic-admin.js'
import { defaultTopics, timeSeries } from '../../../src/egress/topics.js'
import { standInBroker } from './stand-in-broker.js'

test('topics are planned with the defaults of the configuration, and the progress topic is compacted in one partition', () => {
  const topics = wantedTopics({ brokers: ['b:1'], families: ['queue'] })
  expect(topics).toMatchObject([
    { topic: 'genesys.queue-metrics', partitions: 6, replicationFactor: -1, config: { 'cleanup.policy': 'delete' } },
    { topic: 'streamvane.progress', partitions: 1, config: { 'cleanup.policy': 'compact' } },
  ])
})

test('a topic of latest state is compacted, beside a time series that is not', () => {
  const queue = [timeSeries('all'), { topic: 'now', key: 'series', records: 'latest' } as const]
  const planned = wantedTopics({ brokers: ['b:1'], families: ['queue'], topics: { ...defaultTopics, queue } })
  expect(planned.map(({ topic, config }) => [topic, config['cleanup.policy']])).toEqual([
    ['all', 'delete'],
    ['now', 'compact'],
    ['streamvane.progress', 'compact'],
  ])
})

test('a broker that is away is named with its address and the reason', async () => {
  const gone = await standInBroker({ apis: [], coordinator: { error: 0, text: '' } })
  await gone.close()
  const planning = planTopics({ brokers: [gone.address], families: ['queue'] })
  await expect(planning).rejects.toThrow(TopicsFailed)
  await expect(planning).rejects.toThrow(new RegExp(`Kafka at ${gone.address}: .*ECONNREFUSED`))
}, 30_000)

test('a topic that may not be created is refused, from within the error that holds one for each topic', () => {
  const ofTopic = Object.assign(new Error('no'), { type: 'INVALID_REPLICATION_FACTOR' })
  expect(classifyKafkaError(Object.assign(new Error('some failed'), { errors: [ofTopic] }))).toMatchObject({
    tag: 'Refused',
    reason: expect.stringContaining('egress.kafka.replicationFactor'),
  })
})
