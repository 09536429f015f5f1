import * as E from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { ClusterError, type Cluster, type PartitionReader } from '../../../src/egress/kafka/cluster.js'
import type { DeliverySetting } from '../../../src/egress/kafka/options.js'
import { connect, write } from '../../contracts/sink.contract.js'
import { ModelBroker } from '../../support/kafka-model/broker.js'
import { modelCluster } from '../../support/kafka-model/client.js'
import { createTopics, modelSink } from '../../support/kafka-model/model-sink.js'
import { batchAt } from '../batches.js'

/** A cluster that refuses transactions in one of the ways in which clusters do. */
const refusing = {
  'says that it has no transactions': (cluster) => ({
    ...cluster,
    reader: async (): Promise<PartitionReader> => ({
      ...(await cluster.reader()),
      noTransactions: async () => 'type code 1 is only supported in Premium or Dedicated sku',
    }),
  }),
  'forbids the user the transactional id': (cluster) => ({
    ...cluster,
    transactionalProducer: () =>
      Promise.reject(new ClusterError('not authorised', 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED')),
  }),
} satisfies Record<string, (cluster: Cluster) => Cluster>

const onModel = (delivery: DeliverySetting, change: (cluster: Cluster) => Cluster = (cluster) => cluster) => {
  const broker = new ModelBroker()
  createTopics(broker)
  return modelSink(broker, { delivery }, change(modelCluster(broker)))
}

test.each(Object.entries(refusing))('a cluster that %s is refused with the key that lets it be', async (_, change) => {
  expect(await connect(onModel('exactly-once', change))).toMatchObject({
    left: { tag: 'Refused', reason: expect.stringContaining('egress.kafka.delivery: at-least-once') },
  })
})

test.each(Object.entries(refusing))(
  'a cluster that %s is published to at least once where that is detected',
  async (_, change) => {
    const sink = onModel('detect', change)
    expect(sink.delivery?.()).toBeUndefined()
    expect(await connect(sink)).toEqual(E.right(undefined))
    expect(sink.delivery?.()).toBe('at-least-once')
    expect(await write(sink, batchAt(1))).toEqual(E.right(undefined))
    expect(await connect(sink)).toEqual(E.right(batchAt(1).progress))
  },
)

test('a cluster with transactions is published to exactly once where that is detected', async () => {
  const sink = onModel('detect')
  await connect(sink)
  expect(sink.delivery?.()).toBe('exactly-once')
})

test('a cluster that is away is not taken for one without transactions', async () => {
  const away = new ClusterError('no answer', undefined)
  const sink = onModel('detect', (cluster) => ({ ...cluster, transactionalProducer: () => Promise.reject(away) }))
  expect(await connect(sink)).toMatchObject({ left: { tag: 'NotConnected' } })
  expect(sink.delivery?.()).toBeUndefined()
})
