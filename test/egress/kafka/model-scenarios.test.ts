import { expect, test } from 'vitest'
import { ModelBroker } from '../../support/kafka-model/broker.js'
import { calmNetwork, ConnectionLost, modelCluster, type Network } from '../../support/kafka-model/client.js'
import { createTopics, modelSink, queueTopic } from '../../support/kafka-model/model-sink.js'
import { scenarios, type Stage } from '../../support/kafka-scenarios/scenarios.js'

/** The same scenarios are played on a real broker by test/integration/kafka-scenarios.test.ts. */
const stageOfModel = (): Stage => {
  const broker = new ModelBroker()
  createTopics(broker, 1)
  broker.createTopic('plain', 1)
  const calm = calmNetwork(broker)
  return {
    cluster: modelCluster(broker),
    topic: 'plain',
    transactionalId: 'scenario',
    sink: (options = {}) => {
      let lost: 'request' | 'answer' | undefined
      const network: Network = {
        ...calm,
        connect: () => {
          const { call } = calm.connect()
          return {
            call: async (name, request) => {
              if (name !== 'EndTxn' || lost === undefined) return call(name, request)
              const what = lost
              lost = undefined
              if (what === 'answer') await call(name, request)
              throw new ConnectionLost(`the ${what} was lost`)
            },
          }
        },
      }
      return {
        sink: modelSink(broker, options, modelCluster(broker, network)),
        loseNextCommit: (what) => {
          lost = what
        },
      }
    },
    createAgain: async () => {
      broker.deleteTopic(queueTopic)
      broker.createTopic(queueTopic, 1)
    },
  }
}

test.each(scenarios)('on the model broker: $name', async ({ play, outcome }) => {
  expect(await play(stageOfModel())).toEqual(outcome)
})
