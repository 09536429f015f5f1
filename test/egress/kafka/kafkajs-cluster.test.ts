import { onTestFinished, expect, test } from 'vitest'
import { kafkajsCluster } from '../../../src/egress/kafka/kafkajs-cluster.js'
import { standInBroker } from './stand-in-broker.js'

const EVERY_API = Array.from({ length: 38 }, (_, key) => key)
const FIND_COORDINATOR = 10

test('a request that the broker never answers is an error within the limit, though kafkajs waits for it while it disconnects', async () => {
  const broker = await standInBroker({
    apis: EVERY_API,
    coordinator: { error: 0, text: '' },
    silent: [FIND_COORDINATOR],
  })
  onTestFinished(() => broker.close())
  const cluster = kafkajsCluster({ brokers: [broker.address] }, { answerMs: 300, closeMs: 30 })
  const producer = cluster.transactionalProducer({
    transactionalId: 'of-a-test',
    timeoutMs: 1_000,
    compression: 'none',
  })
  await expect(producer).rejects.toThrow('the client of Kafka gave no answer within 0.3 s')
  expect(broker.asked()).toContain(FIND_COORDINATOR)
})
