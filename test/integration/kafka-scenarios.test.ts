import { Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import { kafkajsCluster } from '../../src/egress/kafka/kafkajs-cluster.js'
import { kafkaSink } from '../../src/egress/kafka/sink.js'
import { applyTopics } from '../../src/egress/kafka/topic-admin.js'
import { tamperedSockets } from '../egress/kafka/tampered-sockets.js'
import { namedTopics } from '../egress/named-topics.js'
import { describeKafka, freshName } from '../support/kafka.js'
import { scenarios, type Stage } from '../support/kafka-scenarios/scenarios.js'

describeKafka('the scenarios of the model broker', ({ brokers }) => {
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()

  const stageOfBroker = async (): Promise<Stage> => {
    const prefix = freshName('scenario')
    const named = namedTopics(prefix)
    const topic = `${prefix}-plain`
    await applyTopics({ brokers, ...named, partitions: 1, replicationFactor: 1 })
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }], waitForLeaders: true })
    return {
      cluster: kafkajsCluster({ brokers }),
      topic,
      transactionalId: prefix,
      sink: (options = {}) => {
        const { socketFactory, arm } = tamperedSockets()
        return {
          sink: kafkaSink({ brokers, tenant: 'acme', ...named, values: { format: 'json' }, socketFactory, ...options }),
          loseNextCommit: (what) => arm(what === 'request' ? 'cut before' : 'cut after'),
        }
      },
      createAgain: async () => {
        const again = { topic: `${prefix}-queue`, numPartitions: 1, replicationFactor: 1 }
        await admin.deleteTopics({ topics: [again.topic] })
        // A name is free again a moment after the deletion was acknowledged.
        for (let attempt = 1; ; attempt++)
          try {
            await admin.createTopics({ topics: [again], waitForLeaders: true })
            return
          } catch (cause) {
            if (attempt === 50) throw cause
          }
      },
    }
  }

  test.each(scenarios)('end on a real broker as on the model: $name', async ({ play, outcome }) => {
    await admin.connect()
    try {
      expect(await play(await stageOfBroker())).toEqual(outcome)
    } finally {
      await admin.disconnect()
    }
  })
})
