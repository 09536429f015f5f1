import * as E from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { connect, write } from '../../contracts/sink.contract.js'
import { ModelBroker } from '../../support/kafka-model/broker.js'
import { modelCluster, type Network } from '../../support/kafka-model/client.js'
import { createTopics, modelSink, modelTopics } from '../../support/kafka-model/model-sink.js'
import { batchAt } from '../batches.js'

test('a start that sees the rows of the first batch before its progress waits for the progress, and is not refused', async () => {
  const broker = new ModelBroker()
  createTopics(broker)
  // Markers are written only while a client waits.
  const network: Network = {
    connect: () => ({ call: async (_, request) => request() }),
    pause: async (ms) => {
      broker.writeAllMarkers()
      broker.advance(ms)
    },
  }
  const [first, second] = [0, 1].map(() => modelSink(broker, {}, modelCluster(broker, network)))
  if (first === undefined || second === undefined) return expect.fail()
  expect(await connect(first)).toEqual(E.right(undefined))
  expect(await write(first, batchAt(1))).toEqual(E.right(undefined))
  for (const marker of broker.pendingMarkers())
    if (!marker.partition.endsWith(modelTopics.progressTopic)) broker.writeMarker(marker)
  expect(await connect(second)).toEqual(E.right(batchAt(1).progress))
})
